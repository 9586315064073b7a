from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("ledger", "0007_reserves_are_held"),
        ("payments", "0005_stripe_is_matched_by_id"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="StripeCustomer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_id", fields.UUIDField(unique=True)),
                ("name", fields.CharField(max_length=200)),
                ("email", fields.CharField(max_length=1200)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stripe_customer",
                "app": "payments",
                "pk_attr": "id",
                "table_description": "To whom invoices are made out at Stripe, one for each payer. `email` is sealed: it may name a person.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StripeInvoice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "payment",
                    fields.OneToOneField(
                        "payments.InboundPayment",
                        source_field="payment_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "payments.StripeCustomer",
                        source_field="customer_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("due_days", fields.IntField()),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("number", fields.CharField(null=True, max_length=80)),
                ("hosted_url", fields.CharField(null=True, max_length=1000)),
                ("due_on", fields.DateField(null=True)),
                ("last_failure", fields.CharField(null=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("attempted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("looked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "stripe_invoice",
                "app": "payments",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PLANNED', 'OPEN', 'UNCOLLECTIBLE', 'PAID', 'VOID', 'REFUSED')",
                        name="stripe_invoice_state_known",
                    ),
                    CheckConstraint(check="due_days BETWEEN 1 AND 90", name="stripe_invoice_due_in_range"),
                    CheckConstraint(
                        check="sent_at IS NULL OR (stripe_id IS NOT NULL AND number IS NOT NULL)",
                        name="stripe_invoice_sent_is_named",
                    ),
                ],
                "indexes": [Index(fields=["state", "looked_at"], name="stripe_invoice_open")],
                "pk_attr": "id",
                "table_description": "An invoice that asks for a payment. `attempted_at` is when Stripe was first asked to make it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"stripe_invoice\" ADD CONSTRAINT \"stripe_invoice_state_known\" CHECK (state IN ('PLANNED', 'OPEN', 'UNCOLLECTIBLE', 'PAID', 'VOID', 'REFUSED'))",
                'ALTER TABLE "stripe_invoice" ADD CONSTRAINT "stripe_invoice_due_in_range" CHECK (due_days BETWEEN 1 AND 90)',
                'ALTER TABLE "stripe_invoice" ADD CONSTRAINT "stripe_invoice_sent_is_named" CHECK (sent_at IS NULL OR (stripe_id IS NOT NULL AND number IS NOT NULL))',
            ],
            [
                'ALTER TABLE "stripe_invoice" DROP CONSTRAINT "stripe_invoice_sent_is_named"',
                'ALTER TABLE "stripe_invoice" DROP CONSTRAINT "stripe_invoice_due_in_range"',
                'ALTER TABLE "stripe_invoice" DROP CONSTRAINT "stripe_invoice_state_known"',
            ],
        ),
    ]
