from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """A member who left or was stopped: open connections are told, and look again."""

    dependencies = [("kit", "0005_changes_are_noted"), ("members", "0004_limits_and_early_access")]

    initial = False

    operations = [
        ops.RunSQL(
            [
                "CREATE TRIGGER noted_moved AFTER UPDATE OF status ON member FOR EACH ROW "
                "WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION note_change('access', 'id')"
            ],
            ["DROP TRIGGER noted_moved ON member"],
        )
    ]
