from tortoise import fields, migrations
from tortoise.migrations import operations as ops

NOTE = """
CREATE FUNCTION note_drop_reminder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience)
    SELECT 'dropReminder', NEW.id, concat_ws(' ', program_id, id, NEW.drop_id) FROM member
    WHERE id = NEW.member_id;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """Whoever asked is told once that a drop opens soon: noted for the member and the program's server."""

    dependencies = [
        ("kit", "0005_changes_are_noted"),
        ("catalog", "0001_initial"),
        ("catalog", "0002_search_by_trigram"),
        ("catalog", "0003_takes_are_counted_by_member"),
        ("catalog", "0004_words_with_typos_find_offers"),
        ("catalog", "0005_a_typo_is_looked_up_in_known_words"),
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("catalog", "0007_codes_are_withheld"),
        ("catalog", "0008_limits_and_early_access"),
        ("catalog", "0009_batches_tickets_and_rights"),
        ("catalog", "0010_drops"),
        ("catalog", "0011_stamps"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
    ]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="DropReminder",
            options={
                "table": "drop_reminder",
                "app": "catalog",
                "unique_together": (("drop_id", "member_id"),),
                "pk_attr": "id",
                "table_description": "A member who wants to be told before a drop opens, and when that was done.",
            },
        ),
        ops.AddField(
            model_name="DropReminder",
            name="told_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(
            [
                NOTE,
                "CREATE TRIGGER noted_new AFTER INSERT ON drop_reminder FOR EACH ROW "
                "WHEN (NEW.told_at IS NOT NULL) EXECUTE FUNCTION note_drop_reminder()",
                "CREATE TRIGGER noted_told AFTER UPDATE OF told_at ON drop_reminder FOR EACH ROW "
                "WHEN (OLD.told_at IS NULL AND NEW.told_at IS NOT NULL) EXECUTE FUNCTION note_drop_reminder()",
            ],
            [
                "DROP TRIGGER noted_told ON drop_reminder",
                "DROP TRIGGER noted_new ON drop_reminder",
                "DROP FUNCTION note_drop_reminder()",
            ],
        ),
    ]
