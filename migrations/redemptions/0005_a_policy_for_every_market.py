from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    """By which policy, and which arm of it, a redemption was made."""

    dependencies = [
        ("catalog", "0006_codes_are_found_by_fingerprint"),
        ("members", "0002_a_policy_for_every_market"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("payments", "0001_initial"),
        ("points", "0001_initial"),
        ("redemptions", "0004_steps_are_told"),
    ]

    initial = False

    operations = [
        ops.AddField(
            model_name="CashRedemption",
            name="arm",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="CashRedemption",
            name="policy",
            field=fields.ForeignKeyField(
                "members.RedemptionPolicy",
                source_field="policy_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="Redemption",
            name="arm",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddField(
            model_name="Redemption",
            name="policy",
            field=fields.ForeignKeyField(
                "members.RedemptionPolicy",
                source_field="policy_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        AddFilledField(
            model_name="Redemption",
            name="worth_bp",
            field=fields.IntField(default=10000),
        ),
    ]
