from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Days of an account on which bank and books were equal."""

    dependencies = [
        ("banking", "0001_initial"),
        ("banking", "0002_money_leaves_through_banks"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
    ]

    operations = [
        ops.CreateModel(
            name="BankDay",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "banking.BankAccount",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("day", fields.DateField()),
                ("closing_minor", fields.BigIntField()),
                (
                    "statement",
                    fields.ForeignKeyField(
                        "banking.BankStatement",
                        source_field="statement_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("closed_by", fields.UUIDField()),
                ("closed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_day",
                "app": "banking",
                "unique_together": (("account_id", "day"),),
                "pk_attr": "id",
                "table_description": "An account up to and with a day, when the bank's closing balance was ours and every entry explained.",
            },
            bases=["Model"],
        ),
    ]
