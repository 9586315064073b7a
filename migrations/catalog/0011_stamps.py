from tortoise import migrations
from tortoise.migrations import operations as ops

# What a page of the catalogue shows, and what everybody's prices are made of. A unit that is taken is noted when it
# is the last one, and when there is one again: redemptions note nothing else.
WHOLE = {
    "catalogue": (
        *("offer", "item", "listing", "category", "market", "returned_code", "brand", "partner", "contract"),
    ),
    "prices": ("program", "tier_level", "point_value", "tier_scheme", "redemption_policy", "fx_rate"),
}


def _noted(what: str, table: str) -> ops.RunSQL:
    return ops.RunSQL(
        f"CREATE TRIGGER note_stamp AFTER INSERT OR UPDATE OR DELETE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION note_stamp('{what}')",
        f"DROP TRIGGER note_stamp ON {table}",
    )


class Migration(migrations.Migration):
    """Changes of the catalogue and of rates are noted (see `kit.stamps`)."""

    dependencies = [
        ("catalog", "0010_drops"),
        ("kit", "0006_stamps"),
        ("ledger", "0001_initial"),
        ("members", "0003_levels_are_earned"),
        ("partners", "0001_initial"),
    ]

    operations = [
        *(_noted(what, table) for what, tables in WHOLE.items() for table in tables),
        ops.RunSQL(
            "CREATE TRIGGER note_stamp AFTER UPDATE OF loaded, taken ON stock FOR EACH ROW "
            "WHEN ((OLD.taken < OLD.loaded) IS DISTINCT FROM (NEW.taken < NEW.loaded)) "
            "EXECUTE FUNCTION note_stamp('catalogue')",
            "DROP TRIGGER note_stamp ON stock",
        ),
    ]
