from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_periods_are_closed"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="Contract",
            name="tier_discount_share_bp",
            field=fields.IntField(default=0),
        ),
        ops.AddConstraint(
            model_name="Contract",
            constraint=CheckConstraint(
                check="tier_discount_share_bp BETWEEN 0 AND 10000", name="contract_bears_a_share"
            ),
        ),
    ]
