from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [("members", "0006_reviews_and_baskets")]

    initial = False

    operations = [
        AddFilledField(
            model_name="Program",
            name="point_forms",
            field=fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
