from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """What an API key or an operator may do has changed: open connections are told, and look again."""

    dependencies = [("access", "0003_people_and_second_words"), ("kit", "0005_changes_are_noted")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "CREATE TRIGGER noted_moved AFTER UPDATE OF revoked_at, expires_at, scopes ON api_key FOR EACH ROW "
                "EXECUTE FUNCTION note_change('access', 'owner_id')",
                "CREATE TRIGGER noted_moved AFTER UPDATE ON operator FOR EACH ROW "
                "EXECUTE FUNCTION note_change('access', 'id')",
            ],
            ["DROP TRIGGER noted_moved ON operator", "DROP TRIGGER noted_moved ON api_key"],
        )
    ]
