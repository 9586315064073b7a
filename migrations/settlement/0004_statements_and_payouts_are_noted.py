from tortoise import migrations
from tortoise.migrations import operations as ops

PAYOUT = """
CREATE FUNCTION note_payout() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience, state)
    SELECT 'payout', NEW.id, concat_ws(' ', partner_id, id), NEW.state FROM statement WHERE id = NEW.statement_id;
    RETURN NULL;
END $$"""
MOVED = (
    "CREATE TRIGGER noted_moved AFTER UPDATE OF state ON {} FOR EACH ROW "
    "WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION {}"
)


class Migration(migrations.Migration):
    """A new statement, and each step of a payout, a gift and an upload, are noted for whoever waits."""

    dependencies = [
        ("gifts", "0001_initial"),
        ("kit", "0005_changes_are_noted"),
        ("settlement", "0003_top_ups_can_be_returned"),
        ("uploads", "0001_initial"),
    ]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "CREATE TRIGGER noted_new AFTER INSERT ON statement FOR EACH ROW "
                "EXECUTE FUNCTION note_change('statement', 'id', 'partner_id')",
                PAYOUT,
                MOVED.format("payout", "note_payout()"),
                MOVED.format("gift", "note_change('gift', 'id', 'program_id')"),
                MOVED.format("upload", "note_change('upload', 'id', 'partner_id')"),
            ],
            [
                "DROP TRIGGER noted_moved ON upload",
                "DROP TRIGGER noted_moved ON gift",
                "DROP TRIGGER noted_moved ON payout",
                "DROP FUNCTION note_payout()",
                "DROP TRIGGER noted_new ON statement",
            ],
        )
    ]
