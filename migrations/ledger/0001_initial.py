from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("purpose", fields.CharField(max_length=30)),
                ("unit", fields.CharField(max_length=30)),
                ("slice", fields.SmallIntField(default=0)),
                ("guarded", fields.BooleanField(default=False)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "account",
                "app": "ledger",
                "unique_together": (("owner_kind", "owner_id", "purpose", "unit", "slice"), ("id", "unit")),
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('MEMBER', 'PROGRAM', 'PARTNER', 'MARKETPLACE')",
                        name="account_owner_kind_known",
                    ),
                    CheckConstraint(
                        check="purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'PAYABLE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'STRIPE_CLEARING', 'STRIPE_FEES', 'BANK', 'ADJUSTMENTS')",
                        name="account_purpose_known",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A place where units of one kind stand. Guarded ones have a balance row that cannot go below zero.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Balance",
            fields=[
                (
                    "account",
                    fields.OneToOneField(
                        "ledger.Account",
                        source_field="account_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("balance", fields.BigIntField(default=0)),
            ],
            options={
                "table": "balance",
                "app": "ledger",
                "constraints": [CheckConstraint(check="balance >= 0", name="balance_never_negative")],
                "pk_attr": "account_id",
                "table_description": "Credits minus debits of a guarded account, kept by the statement that posts to it.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FxRate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("base", fields.CharField(max_length=3)),
                ("quote", fields.CharField(max_length=3)),
                ("rate", fields.DecimalField(max_digits=28, decimal_places=10)),
                ("source", fields.CharField(max_length=80)),
                ("as_of", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "fx_rate",
                "app": "ledger",
                "unique_together": (("base", "quote", "as_of"),),
                "constraints": [CheckConstraint(check="rate > 0", name="fx_rate_positive")],
                "pk_attr": "id",
                "table_description": "Units of `quote` for one unit of `base`, as one source stated it at one time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Journal",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("reason", fields.CharField(max_length=60)),
                ("ref_type", fields.CharField(max_length=60)),
                ("ref_id", fields.UUIDField()),
                ("booked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("effective_on", fields.DateField()),
                (
                    "corrects",
                    fields.ForeignKeyField(
                        "ledger.Journal",
                        source_field="corrects_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
            ],
            options={
                "table": "journal",
                "app": "ledger",
                "unique_together": (("reason", "ref_id"),),
                "indexes": [
                    Index(fields=["ref_id"], name="journal_ref"),
                    Index(fields=["booked_at", "id"], name="journal_booked"),
                    Index(fields=["effective_on"], name="journal_effective"),
                ],
                "pk_attr": "id",
                "table_description": "Why transfers were made. (reason, ref_id) is unique: one cause is posted once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LedgerDigest",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("day", fields.DateField(unique=True)),
                ("transfers", fields.BigIntField()),
                ("previous", fields.CharField(max_length=64)),
                ("digest", fields.CharField(max_length=64)),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "ledger_digest",
                "app": "ledger",
                "pk_attr": "id",
                "table_description": "A day's transfers as one SHA-256, chained to the day before: tampering with the past shows.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Transfer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "journal",
                    fields.ForeignKeyField(
                        "ledger.Journal",
                        source_field="journal_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("debit_account_id", fields.UUIDField()),
                ("credit_account_id", fields.UUIDField()),
                ("unit", fields.CharField(max_length=30)),
                ("amount", fields.BigIntField()),
            ],
            options={
                "table": "transfer",
                "app": "ledger",
                "constraints": [
                    CheckConstraint(check="amount > 0", name="transfer_amount_positive"),
                    CheckConstraint(check="debit_account_id <> credit_account_id", name="transfer_two_accounts"),
                ],
                "indexes": [
                    Index(fields=["debit_account_id", "id"], name="transfer_debit"),
                    Index(fields=["credit_account_id", "id"], name="transfer_credit"),
                ],
                "pk_attr": "id",
                "table_description": "An amount of one unit from the debit account to the credit account. Append-only.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"account\" ADD CONSTRAINT \"account_owner_kind_known\" CHECK (owner_kind IN ('MEMBER', 'PROGRAM', 'PARTNER', 'MARKETPLACE'))",
                "ALTER TABLE \"account\" ADD CONSTRAINT \"account_purpose_known\" CHECK (purpose IN ('WALLET', 'HELD', 'ISSUED', 'REDEEMED', 'BREAKAGE', 'TIER_DISCOUNT', 'FUNDING', 'FUNDING_HELD', 'PAYABLE', 'DUE', 'IN_TRANSIT', 'STRIPE_CONNECTED', 'COMMISSION', 'COMMISSION_VAT', 'CASH_DUE', 'FX', 'STRIPE_CLEARING', 'STRIPE_FEES', 'BANK', 'ADJUSTMENTS'))",
                'ALTER TABLE "balance" ADD CONSTRAINT "balance_never_negative" CHECK (balance >= 0)',
                'ALTER TABLE "fx_rate" ADD CONSTRAINT "fx_rate_positive" CHECK (rate > 0)',
                'ALTER TABLE "transfer" ADD CONSTRAINT "transfer_amount_positive" CHECK (amount > 0)',
                'ALTER TABLE "transfer" ADD CONSTRAINT "transfer_two_accounts" CHECK (debit_account_id <> credit_account_id)',
            ],
            [
                'ALTER TABLE "transfer" DROP CONSTRAINT "transfer_two_accounts"',
                'ALTER TABLE "transfer" DROP CONSTRAINT "transfer_amount_positive"',
                'ALTER TABLE "fx_rate" DROP CONSTRAINT "fx_rate_positive"',
                'ALTER TABLE "balance" DROP CONSTRAINT "balance_never_negative"',
                'ALTER TABLE "account" DROP CONSTRAINT "account_purpose_known"',
                'ALTER TABLE "account" DROP CONSTRAINT "account_owner_kind_known"',
            ],
        ),
    ]
