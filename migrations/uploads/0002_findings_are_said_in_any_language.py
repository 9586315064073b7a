from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("uploads", "0001_initial"),
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="UploadProblem",
            name="advice",
            field=fields.CharField(default="", max_length=400),
        ),
        AddFilledField(
            model_name="UploadProblem",
            name="facts",
            field=fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
