from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """A code that comes in again is found by its fingerprint alone, whichever item it was for."""

    dependencies = [("catalog", "0005_a_typo_is_looked_up_in_known_words")]

    operations = [
        ops.AddIndex(
            model_name="VoucherCode",
            index=Index(fields=["fingerprint"], name="voucher_code_fingerprint"),
        ),
    ]
