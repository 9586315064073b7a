from tortoise import migrations
from tortoise.migrations import operations as ops

# One for each member and statement, however many lots it touches.
NOTE = """
CREATE FUNCTION note_wallets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience) SELECT DISTINCT 'wallet', member_id, '' FROM changed;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """Whatever moves points in or out of a wallet, or sets them aside, is noted for whoever waits."""

    dependencies = [("kit", "0005_changes_are_noted"), ("points", "0003_notices_of_expiry")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                NOTE,
                "CREATE TRIGGER noted_new AFTER INSERT ON lot REFERENCING NEW TABLE AS changed "
                "FOR EACH STATEMENT EXECUTE FUNCTION note_wallets()",
                "CREATE TRIGGER noted_moved AFTER UPDATE ON lot REFERENCING NEW TABLE AS changed "
                "FOR EACH STATEMENT EXECUTE FUNCTION note_wallets()",
                "CREATE TRIGGER noted_moved AFTER UPDATE ON points_hold REFERENCING NEW TABLE AS changed "
                "FOR EACH STATEMENT EXECUTE FUNCTION note_wallets()",
            ],
            [
                "DROP TRIGGER noted_moved ON points_hold",
                "DROP TRIGGER noted_moved ON lot",
                "DROP TRIGGER noted_new ON lot",
                "DROP FUNCTION note_wallets()",
            ],
        )
    ]
