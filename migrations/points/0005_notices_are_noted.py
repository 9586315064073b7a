from tortoise import migrations
from tortoise.migrations import operations as ops

NOTE = """
CREATE FUNCTION note_expiry_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO change (topic, subject_id, audience)
    SELECT 'notice', NEW.id, concat_ws(' ', program_id, id) FROM member WHERE id = NEW.member_id;
    RETURN NULL;
END $$"""


class Migration(migrations.Migration):
    """A notice of points that expire is noted for the program's server, which tells its member."""

    dependencies = [("kit", "0005_changes_are_noted"), ("points", "0004_wallets_are_noted")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                NOTE,
                "CREATE TRIGGER noted_new AFTER INSERT ON expiry_notice FOR EACH ROW "
                "EXECUTE FUNCTION note_expiry_notice()",
            ],
            ["DROP TRIGGER noted_new ON expiry_notice", "DROP FUNCTION note_expiry_notice()"],
        )
    ]
