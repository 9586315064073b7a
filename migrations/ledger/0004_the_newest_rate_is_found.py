from tortoise import migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    """When the newest rate of all was stated is found without reading all of them."""

    dependencies = [("ledger", "0003_periods_are_closed")]

    operations = [
        ops.AddIndex(model_name="FxRate", index=Index(fields=["as_of"], name="fx_rate_as_of")),
    ]
