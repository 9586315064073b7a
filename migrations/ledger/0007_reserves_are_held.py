from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
    ]

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
                check="purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'CREDIT_LINE', 'UNCOVERED', 'PAYABLE', 'RESERVE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'CARD_CLEARING', 'STRIPE_CLEARING', 'STRIPE_FEES', 'DISPUTED', 'BANK', 'BANK_CLEARING', 'OWN_FUNDS', 'ADJUSTMENTS')",
                name="account_purpose_known",
            ),
        ),
    ]
