from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0003_days_are_closed"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
    ]

    initial = False

    operations = [
        AddFilledField(
            model_name="BankTransfer",
            name="returned_minor",
            field=fields.BigIntField(default=0),
        ),
        ops.AddConstraint(
            model_name="BankTransfer",
            constraint=CheckConstraint(
                check="returned_minor BETWEEN 0 AND amount_minor AND (returned_minor = 0 OR state = 'BOOKED')",
                name="bank_transfer_parts_of_what_left",
            ),
        ),
    ]
