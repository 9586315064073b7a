from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id

MOVED = """
    SELECT j.id AS journal_id, j.ref_id, j.reason, j.booked_at, k.unit AS currency,
        sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END)::bigint AS minor
    FROM account k JOIN transfer t ON k.id IN (t.debit_account_id, t.credit_account_id)
    JOIN journal j ON j.id = t.journal_id WHERE k.purpose = 'STRIPE_CLEARING'
    GROUP BY j.id, k.unit HAVING sum(CASE k.id WHEN t.debit_account_id THEN t.amount ELSE -t.amount END) <> 0"""
INSERT = (
    "INSERT INTO stripe_posting (id, journal_id, source, minor, currency, posted_at, transaction_id, matched_at)"
)
OWN = f"""{INSERT}
SELECT gen_random_uuid(), m.journal_id, coalesce(b.source, b.stripe_id), m.minor, m.currency, m.booked_at, b.id, m.booked_at
FROM ({MOVED}) AS m JOIN balance_transaction b ON b.id = m.ref_id WHERE m.reason = 'stripe_balance'"""
OTHERS = f"""{INSERT}
SELECT gen_random_uuid(), m.journal_id, coalesce(b.source, 'unknown'), m.minor, m.currency, m.booked_at, b.id,
    CASE WHEN b.id IS NOT NULL THEN m.booked_at END
FROM (
    SELECT *, row_number() OVER (PARTITION BY currency, minor ORDER BY booked_at, journal_id) AS n FROM ({MOVED}) AS all_of
    WHERE reason <> 'stripe_balance'
) AS m LEFT JOIN (
    SELECT *, row_number() OVER (PARTITION BY currency, minor ORDER BY created_at, id) AS n FROM (
        SELECT b.id, b.currency, b.source, b.created_at,
            b.net_minor - coalesce((SELECT sum(minor) FROM stripe_posting WHERE transaction_id = b.id), 0) AS minor
        FROM balance_transaction b) AS lacking WHERE minor <> 0
) AS b ON b.currency = m.currency AND b.minor = m.minor AND b.n = m.n"""
EXPLAINED = """
UPDATE balance_transaction b SET explained_at = b.created_at
WHERE b.net_minor = coalesce((SELECT sum(minor) FROM stripe_posting WHERE transaction_id = b.id), 0)"""


class Migration(migrations.Migration):
    """Balance transactions and journals are matched by id; what is there already by amount, in its order, as until now."""

    dependencies = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("payments", "0004_disputes"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="BalanceReading",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("reached_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "balance_reading",
                "app": "payments",
                "pk_attr": "id",
                "table_description": "Up to when all that Stripe tells of our balance is copied. There is one row.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PaymentRefund",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "payment",
                    fields.ForeignKeyField(
                        "payments.InboundPayment",
                        source_field="payment_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("stripe_id", fields.CharField(unique=True, max_length=80)),
                ("amount_minor", fields.BigIntField()),
                ("told_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payment_refund",
                "app": "payments",
                "constraints": [CheckConstraint(check="amount_minor > 0", name="payment_refund_amount_positive")],
                "pk_attr": "id",
                "table_description": "Money of a payment that went back to its payer, whole or in part, each refund of Stripe's once.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StripeDay",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("currency", fields.CharField(max_length=3)),
                ("day", fields.DateField()),
                ("opening_minor", fields.BigIntField()),
                ("closing_minor", fields.BigIntField()),
                ("crossing_minor", fields.BigIntField()),
                ("transactions", fields.IntField()),
                ("closed_by", fields.UUIDField()),
                ("closed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stripe_day",
                "app": "payments",
                "unique_together": (("currency", "day"),),
                "pk_attr": "id",
                "table_description": "Our balance at Stripe in one currency up to and with a day (UTC) on which Stripe and the books were equal.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StripePosting",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "journal",
                    fields.ForeignKeyField(
                        "ledger.Journal",
                        source_field="journal_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("source", fields.CharField(max_length=80)),
                ("minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("posted_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "transaction",
                    fields.ForeignKeyField(
                        "payments.BalanceTransaction",
                        source_field="transaction_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("matched_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stripe_posting",
                "app": "payments",
                "unique_together": (("journal_id", "source"),),
                "constraints": [
                    CheckConstraint(check="minor <> 0", name="stripe_posting_moves_something"),
                    CheckConstraint(
                        check="(transaction_id IS NULL) = (matched_at IS NULL)", name="stripe_posting_matched_with"
                    ),
                ],
                "indexes": [
                    Index(fields=["source"], name="stripe_posting_source"),
                    Index(fields=["matched_at", "id"], name="stripe_posting_matched"),
                ],
                "pk_attr": "id",
                "table_description": "What a journal moved of our balance at Stripe, and the id there of what it is about.",
            },
            bases=["Model"],
        ),
        ops.AddField(model_name="BalanceTransaction", name="counts_on", field=fields.DateField(null=True)),
        ops.RunSQL(["UPDATE balance_transaction SET counts_on = (created_at AT TIME ZONE 'UTC')::date"], []),
        ops.AlterField(model_name="BalanceTransaction", name="counts_on", field=fields.DateField()),
        ops.AddField(
            model_name="BalanceTransaction",
            name="explained_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="BalanceTransaction",
            name="explained_by",
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name="BalanceTransaction",
            name="note",
            field=fields.CharField(null=True, max_length=300),
        ),
        ops.AddIndex(
            model_name="BalanceTransaction",
            index=Index(fields=["currency", "counts_on"], name="balance_transaction_counts"),
        ),
        ops.AddIndex(
            model_name="BalanceTransaction",
            index=Index(fields=["source"], name="balance_transaction_source"),
        ),
        ops.AddIndex(
            model_name="BalanceTransaction",
            index=Index(fields=["explained_at", "id"], name="balance_transaction_explained"),
        ),
        ops.AddField(
            model_name="CardPayment",
            name="charge_id",
            field=fields.CharField(null=True, max_length=80),
        ),
        ops.AddField(
            model_name="InboundPayment",
            name="charge_id",
            field=fields.CharField(null=True, max_length=80),
        ),
        AddFilledField(
            model_name="InboundPayment",
            name="refunded_minor",
            field=fields.BigIntField(default=0),
        ),
        ops.RunSQL(["UPDATE inbound_payment SET refunded_minor = amount_minor WHERE state = 'REFUNDED'"], []),
        ops.AddConstraint(
            model_name="InboundPayment",
            constraint=CheckConstraint(
                check="refunded_minor BETWEEN 0 AND amount_minor", name="inbound_payment_refunds_a_part"
            ),
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "payment_refund" ADD CONSTRAINT "payment_refund_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "stripe_posting" ADD CONSTRAINT "stripe_posting_moves_something" CHECK (minor <> 0)',
                'ALTER TABLE "stripe_posting" ADD CONSTRAINT "stripe_posting_matched_with" CHECK ((transaction_id IS NULL) = (matched_at IS NULL))',
            ],
            [
                'ALTER TABLE "stripe_posting" DROP CONSTRAINT "stripe_posting_matched_with"',
                'ALTER TABLE "stripe_posting" DROP CONSTRAINT "stripe_posting_moves_something"',
                'ALTER TABLE "payment_refund" DROP CONSTRAINT "payment_refund_amount_positive"',
            ],
        ),
        ops.RunSQL([OWN, OTHERS, EXPLAINED], []),
    ]
