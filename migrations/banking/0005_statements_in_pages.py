from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("banking", "0001_initial"),
        ("banking", "0002_money_leaves_through_banks"),
        ("banking", "0003_days_are_closed"),
        ("banking", "0004_parts_come_back"),
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
        ops.CreateModel(
            name="BankPage",
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
                (
                    "file",
                    fields.ForeignKeyField(
                        "banking.BankFile",
                        source_field="file_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("bank_id", fields.CharField(max_length=35)),
                ("number", fields.IntField()),
                ("is_last", fields.BooleanField(default=False)),
                ("parts", fields.IntField()),
                ("moved_minor", fields.BigIntField()),
                ("opening_minor", fields.BigIntField(null=True)),
                ("closing_minor", fields.BigIntField(null=True)),
                ("closing_on", fields.DateField(null=True)),
            ],
            options={
                "table": "bank_page",
                "app": "banking",
                "unique_together": (("account_id", "bank_id", "number"),),
                "pk_attr": "id",
                "table_description": "A page of a statement that the bank tells in several; the statement stands once all of them are there.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="BankEntry",
            name="page",
            field=fields.ForeignKeyField(
                "banking.BankPage",
                source_field="page_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RemoveConstraint(
            model_name="BankFile",
            name=None,
            fields=["kind", "message_id"],
        ),
        ops.AlterModelOptions(
            name="BankFile",
            options={
                "table": "bank_file",
                "app": "banking",
                "unique_together": (("kind", "message_id", "page"),),
                "constraints": [
                    CheckConstraint(check="kind IN ('CAMT053', 'CAMT054', 'PAIN002')", name="bank_file_kind_known")
                ],
                "pk_attr": "id",
                "table_description": "One message of a bank, or a page of one, read once: its own id, and a digest of its bytes.",
            },
        ),
        AddFilledField(
            model_name="BankFile",
            name="page",
            field=fields.IntField(default=1),
        ),
        ops.AddConstraint(
            model_name="BankFile",
            constraint=UniqueConstraint(fields=("kind", "message_id", "page"), name=None),
        ),
    ]
