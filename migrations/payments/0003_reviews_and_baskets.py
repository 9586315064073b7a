from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("payments", "0002_points_and_a_card")]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name="ConnectedAccount",
            options={
                "table": "connected_account",
                "app": "payments",
                "unique_together": (("owner_kind", "owner_id"),),
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('MEMBER', 'PARTNER')", name="connected_account_owner_kind_known"
                    )
                ],
                "pk_attr": "id",
                "table_description": "A payee's account at Stripe, and whether it can be paid. `bank_print` is Stripe's print of its bank.",
            },
        ),
        ops.AddField(
            model_name="ConnectedAccount",
            name="bank_print",
            field=fields.CharField(null=True, max_length=80),
        ),
        ops.AddField(
            model_name="ConnectedAccount",
            name="deadline",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        AddFilledField(
            model_name="ConnectedAccount",
            name="past_due",
            field=fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
