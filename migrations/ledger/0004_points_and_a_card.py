from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_periods_are_closed")]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="Account",
            name="account_purpose_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="Account",
            constraint=CheckConstraint(
                check="purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'PAYABLE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'CARD_CLEARING', 'STRIPE_CLEARING', 'STRIPE_FEES', 'BANK', 'ADJUSTMENTS')",
                name="account_purpose_known",
            ),
        ),
    ]
