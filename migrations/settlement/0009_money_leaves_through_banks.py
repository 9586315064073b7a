from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """A payout says by which rail it leaves."""

    dependencies = [
        ("banking", "0002_money_leaves_through_banks"),
        ("members", "0001_initial"),
        ("members", "0002_a_policy_for_every_market"),
        ("members", "0003_levels_are_earned"),
        ("members", "0004_limits_and_early_access"),
        ("members", "0005_members_who_leave_are_noted"),
        ("members", "0006_reviews_and_baskets"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("payments", "0001_initial"),
        ("payments", "0002_points_and_a_card"),
        ("payments", "0003_reviews_and_baskets"),
        ("settlement", "0008_lines_are_disputed"),
    ]

    operations = [
        ops.RemoveConstraint(
            model_name="Payout",
            name="payout_reason_known",
            fields=None,
        ),
        ops.AddField(
            model_name="Payout",
            name="bank_transfer",
            field=fields.ForeignKeyField(
                "banking.BankTransfer",
                source_field="bank_transfer_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="Payout",
            name="rail",
            field=fields.CharField(null=True, max_length=20),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="reason IN ('NOTHING_DUE', 'NEGATIVE_BALANCE', 'PARTNER_SUSPENDED', 'BELOW_MINIMUM', 'NO_PAYOUT_ACCOUNT', 'ACCOUNT_NOT_READY', 'WAITING_FOR_FUNDS', 'TRANSFER_REFUSED', 'TRANSFER_REVERSED', 'BANK_RETURNED', 'AWAITS_BATCH', 'AWAITS_HAND', 'WITH_BANK', 'NO_BANK_DETAILS', 'BANK_DETAILS_CHANGING', 'RAIL_CANNOT_REACH', 'BANK_REJECTED', 'STOPPED')",
                name="payout_reason_known",
            ),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(check="rail IN ('STRIPE', 'SEPA', 'MANUAL')", name="payout_rail_known"),
        ),
        ops.AddConstraint(
            model_name="Payout",
            constraint=CheckConstraint(
                check="outbound_id IS NULL OR bank_transfer_id IS NULL", name="payout_one_rail"
            ),
        ),
    ]
