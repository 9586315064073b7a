from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Text search that bears typos: trigrams over the folded text of an offer."""

    dependencies = [("catalog", "0001_initial")]

    operations = [
        ops.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", ops.RunSQL.noop),
        ops.RunSQL(
            'CREATE INDEX "offer_search" ON "offer" USING gin (search_text gin_trgm_ops)',
            'DROP INDEX "offer_search"',
        ),
    ]
