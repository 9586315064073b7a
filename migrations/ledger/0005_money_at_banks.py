from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """What a bank has booked and nobody has explained yet, and the money that an account begins with."""

    dependencies = [("ledger", "0004_points_and_a_card"), ("ledger", "0004_the_newest_rate_is_found")]

    operations = [
        ops.RemoveConstraint(
            model_name="Account",
            name="account_purpose_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=CheckConstraint(
                check="purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'PAYABLE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'CARD_CLEARING', 'STRIPE_CLEARING', 'STRIPE_FEES', 'BANK', 'BANK_CLEARING', 'OWN_FUNDS', 'ADJUSTMENTS')",
                name="account_purpose_known",
            ),
        ),
    ]
