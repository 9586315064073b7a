from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Our accounts at banks, what banks tell of them, and what explains it."""

    dependencies = [("ledger", "0005_money_at_banks")]

    initial = True

    operations = [
        ops.CreateModel(
            name="BankAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("iban", fields.CharField(unique=True, max_length=34)),
                ("bic", fields.CharField(max_length=11)),
                ("holder", fields.CharField(max_length=70)),
                ("currency", fields.CharField(unique=True, max_length=3)),
                ("opening_minor", fields.BigIntField()),
                ("opened_on", fields.DateField()),
                ("registered_by", fields.UUIDField()),
                ("registered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_account",
                "app": "banking",
                "pk_attr": "id",
                "table_description": "An account of ours at a bank, one a currency. `opening_minor` is what stood there when we began to count.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankFile",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=20)),
                ("message_id", fields.CharField(max_length=35)),
                ("name", fields.CharField(max_length=200)),
                ("sha256", fields.CharField(max_length=64)),
                ("entries", fields.IntField()),
                ("new_entries", fields.IntField()),
                ("skipped", fields.IntField(default=0)),
                ("read_by", fields.UUIDField()),
                ("read_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_file",
                "app": "banking",
                "unique_together": (("kind", "message_id"),),
                "constraints": [
                    CheckConstraint(check="kind IN ('CAMT053', 'CAMT054', 'PAIN002')", name="bank_file_kind_known")
                ],
                "pk_attr": "id",
                "table_description": "One message of a bank, read once: its own id, and a digest of its bytes.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankStatement",
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
                ("opening_minor", fields.BigIntField()),
                ("closing_minor", fields.BigIntField()),
                ("closing_on", fields.DateField()),
            ],
            options={
                "table": "bank_statement",
                "app": "banking",
                "unique_together": (("account_id", "bank_id"),),
                "indexes": [Index(fields=["account_id", "closing_on", "id"], name="bank_statement_newest")],
                "pk_attr": "id",
                "table_description": "What a camt.053 says of one account and stretch of time: closing = opening + credits - debits.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankEntry",
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
                (
                    "statement",
                    fields.ForeignKeyField(
                        "banking.BankStatement",
                        source_field="statement_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("direction", fields.CharField(max_length=10)),
                ("reference", fields.CharField(max_length=80)),
                ("part", fields.IntField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("booked_on", fields.DateField()),
                ("valued_on", fields.DateField(null=True)),
                ("code", fields.CharField(max_length=80)),
                ("end_to_end_id", fields.CharField(null=True, max_length=35)),
                ("batch_reference", fields.CharField(null=True, max_length=35)),
                ("returned", fields.BooleanField(default=False)),
                ("return_reason", fields.CharField(null=True, max_length=35)),
                ("remittance", fields.CharField(max_length=1000)),
                ("creditor_reference", fields.CharField(null=True, max_length=35)),
                ("counterparty", fields.CharField(null=True, max_length=1200)),
                ("told_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("explained_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_entry",
                "app": "banking",
                "unique_together": (("account_id", "booked_on", "direction", "reference", "part"),),
                "constraints": [
                    CheckConstraint(check="direction IN ('CREDIT', 'DEBIT')", name="bank_entry_direction_known"),
                    CheckConstraint(check="amount_minor > 0", name="bank_entry_amount_positive"),
                ],
                "indexes": [
                    Index(fields=["account_id", "booked_on", "id"], name="bank_entry_booked"),
                    Index(fields=["explained_at", "id"], name="bank_entry_explained"),
                    Index(fields=["end_to_end_id"], name="bank_entry_end_to_end"),
                ],
                "pk_attr": "id",
                "table_description": "The smallest part of a booking that the bank tells of, numbered under the reference of its entry.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankMatch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "entry",
                    fields.ForeignKeyField(
                        "banking.BankEntry",
                        source_field="entry_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "journal",
                    fields.OneToOneField(
                        "ledger.Journal",
                        source_field="journal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount_minor", fields.BigIntField()),
                ("matched_by", fields.UUIDField(null=True)),
                ("note", fields.CharField(null=True, max_length=300)),
                ("matched_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_match",
                "app": "banking",
                "constraints": [CheckConstraint(check="amount_minor > 0", name="bank_match_amount_positive")],
                "pk_attr": "id",
                "table_description": "That a journal says what a bank entry was, or a part of it. A journal explains one entry.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"bank_file\" ADD CONSTRAINT \"bank_file_kind_known\" CHECK (kind IN ('CAMT053', 'CAMT054', 'PAIN002'))",
                "ALTER TABLE \"bank_entry\" ADD CONSTRAINT \"bank_entry_direction_known\" CHECK (direction IN ('CREDIT', 'DEBIT'))",
                'ALTER TABLE "bank_entry" ADD CONSTRAINT "bank_entry_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "bank_match" ADD CONSTRAINT "bank_match_amount_positive" CHECK (amount_minor > 0)',
            ],
            [
                'ALTER TABLE "bank_match" DROP CONSTRAINT "bank_match_amount_positive"',
                'ALTER TABLE "bank_entry" DROP CONSTRAINT "bank_entry_amount_positive"',
                'ALTER TABLE "bank_entry" DROP CONSTRAINT "bank_entry_direction_known"',
                'ALTER TABLE "bank_file" DROP CONSTRAINT "bank_file_kind_known"',
            ],
        ),
    ]
