from tortoise import migrations
from tortoise.migrations import operations as ops

WHOM = "'redemption', 'id', 'member_id', 'partner_id', 'program_id'"
EVENT = """
CREATE FUNCTION note_redemption_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience, state)
    SELECT 'redemption', id, concat_ws(' ', member_id, partner_id, program_id), NEW.change FROM redemption
    WHERE id = NEW.redemption_id;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """Each step of a redemption is noted for whoever waits: where it stands, and each event beside that."""

    dependencies = [("kit", "0005_changes_are_noted"), ("redemptions", "0008_batches_tickets_and_rights")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "CREATE TRIGGER noted_new AFTER INSERT ON redemption FOR EACH ROW "
                f"EXECUTE FUNCTION note_change({WHOM})",
                "CREATE TRIGGER noted_moved AFTER UPDATE OF state ON redemption FOR EACH ROW "
                f"WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION note_change({WHOM})",
                EVENT,
                "CREATE TRIGGER noted_new AFTER INSERT ON redemption_event FOR EACH ROW "
                "EXECUTE FUNCTION note_redemption_event()",
            ],
            [
                "DROP TRIGGER noted_new ON redemption_event",
                "DROP FUNCTION note_redemption_event()",
                "DROP TRIGGER noted_moved ON redemption",
                "DROP TRIGGER noted_new ON redemption",
            ],
        )
    ]
