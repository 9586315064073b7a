from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_partners_buy_points"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
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
        ("partners", "0006_rates_fees_and_reserves"),
    ]

    initial = False

    operations = [
        ops.RemoveConstraint(
            model_name="TopUp",
            name="top_up_method_known",
            fields=None,
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="method IN ('STRIPE', 'STRIPE_INVOICE', 'BANK_TRANSFER')", name="top_up_method_known"
            ),
        ),
    ]
