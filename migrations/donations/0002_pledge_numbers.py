from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Acknowledgements are numbered; a number is never given twice, though some may be left out."""

    dependencies = [("donations", "0001_initial")]

    operations = [ops.RunSQL("CREATE SEQUENCE pledge_number", "DROP SEQUENCE pledge_number")]
