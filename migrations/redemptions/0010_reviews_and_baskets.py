from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0010_drops"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("payments", "0003_reviews_and_baskets"),
        ("points", "0004_wallets_are_noted"),
        ("redemptions", "0009_points_and_a_card"),
        ("redemptions", "0009_redemptions_are_noted"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Basket",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "member",
                    fields.ForeignKeyField(
                        "members.Member",
                        source_field="member_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "basket",
                "app": "redemptions",
                "pk_attr": "id",
                "table_description": "Rewards taken together, in one transaction. Append-only.",
            },
            bases=["Model"],
        ),
        ops.AlterModelOptions(
            name="CashRedemption",
            options={
                "table": "cash_redemption",
                "app": "redemptions",
                "unique_together": (("outbound_id",),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PENDING', 'FULFILLED', 'FAILED', 'REFUNDED')",
                        name="cash_redemption_state_known",
                    ),
                    CheckConstraint(
                        check="waits_for IS NULL OR outbound_id IS NULL", name="cash_redemption_held_or_sent"
                    ),
                    CheckConstraint(
                        check="points > 0 AND amount_minor > 0", name="cash_redemption_amounts_positive"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Points paid out as money through the member's connected account; no transfer is planned while it is held.",
            },
        ),
        ops.AlterField(
            model_name="CashRedemption",
            name="outbound",
            field=fields.ForeignKeyField(
                "payments.OutboundTransfer",
                source_field="outbound_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="CashRedemption",
            name="waits_for",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddConstraint(
            model_name="CashRedemption",
            constraint=CheckConstraint(
                check="waits_for IS NULL OR outbound_id IS NULL", name="cash_redemption_held_or_sent"
            ),
        ),
        ops.AddField(
            model_name="Redemption",
            name="basket",
            field=fields.ForeignKeyField(
                "redemptions.Basket",
                source_field="basket_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddIndex(
            model_name="Redemption",
            index=Index(fields=["basket_id"], name="redemption_basket"),
        ),
    ]
