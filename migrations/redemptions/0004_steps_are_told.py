from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("members", "0001_initial"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("redemptions", "0003_links_are_revealed_too"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="RedemptionEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "redemption",
                    fields.ForeignKeyField(
                        "redemptions.Redemption",
                        source_field="redemption_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("change", fields.CharField(max_length=30)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("details", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "redemption_event",
                "app": "redemptions",
                "pk_attr": "id",
                "table_description": "One step of a redemption that its own row does not tell (see `facts.Change`). Append-only.",
            },
            bases=["Model"],
        ),
    ]
