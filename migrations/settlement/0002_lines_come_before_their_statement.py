from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Lines are inserted first, because they say what the statement adds up to; the commit checks that it came."""

    dependencies = [("settlement", "0001_initial")]

    operations = [
        ops.RunSQL(
            'ALTER TABLE "statement_line" ALTER CONSTRAINT "statement_line_statement_id_fkey" '
            "DEFERRABLE INITIALLY DEFERRED",
            'ALTER TABLE "statement_line" ALTER CONSTRAINT "statement_line_statement_id_fkey" NOT DEFERRABLE',
        ),
    ]
