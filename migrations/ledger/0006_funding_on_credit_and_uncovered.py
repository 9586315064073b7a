from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """Accounts for lines of credit, for what programs left uncovered, and for disputed charges."""

    dependencies = [("ledger", "0005_money_at_banks")]

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
                check="purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'CREDIT_LINE', 'UNCOVERED', 'PAYABLE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'CARD_CLEARING', 'STRIPE_CLEARING', 'STRIPE_FEES', 'DISPUTED', 'BANK', 'BANK_CLEARING', 'OWN_FUNDS', 'ADJUSTMENTS')",
                name="account_purpose_known",
            ),
        ),
    ]
