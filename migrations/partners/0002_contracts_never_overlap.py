from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Two contracts of one partner are never in force on the same day."""

    dependencies = [("partners", "0001_initial")]

    operations = [
        ops.RunSQL("CREATE EXTENSION IF NOT EXISTS btree_gist", ops.RunSQL.noop),
        ops.RunSQL(
            'ALTER TABLE "contract" ADD CONSTRAINT "contract_never_overlaps" EXCLUDE USING gist '
            "(partner_id WITH =, daterange(valid_from, valid_until) WITH &&)",
            'ALTER TABLE "contract" DROP CONSTRAINT "contract_never_overlaps"',
        ),
    ]
