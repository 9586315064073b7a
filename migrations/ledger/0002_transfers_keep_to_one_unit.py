from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """Both accounts of a transfer have the transfer's unit, so every journal balances in each unit."""

    dependencies = [("ledger", "0001_initial")]

    operations = [
        ops.RunSQL(
            f'ALTER TABLE "transfer" ADD CONSTRAINT "transfer_{side}_unit" '
            f"FOREIGN KEY ({side}_account_id, unit) REFERENCES account (id, unit)",
            f'ALTER TABLE "transfer" DROP CONSTRAINT "transfer_{side}_unit"',
        )
        for side in ("debit", "credit")
    ]
