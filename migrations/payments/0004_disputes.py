from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Payments that their payers dispute."""

    dependencies = [("payments", "0003_reviews_and_baskets")]

    initial = False

    operations = [
        ops.CreateModel(
            name="PaymentDispute",
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
                ("currency", fields.CharField(max_length=3)),
                ("reason", fields.CharField(max_length=60)),
                ("state", fields.CharField(max_length=20)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payment_dispute",
                "app": "payments",
                "constraints": [
                    CheckConstraint(check="state IN ('OPEN', 'WON', 'LOST')", name="payment_dispute_state_known"),
                    CheckConstraint(check="amount_minor > 0", name="payment_dispute_amount_positive"),
                    CheckConstraint(
                        check="(state = 'OPEN') = (closed_at IS NULL)", name="payment_dispute_closed_at_a_time"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A payment, or a part of it, that its payer disputes. Its money left our balance when it was opened.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"payment_dispute\" ADD CONSTRAINT \"payment_dispute_state_known\" CHECK (state IN ('OPEN', 'WON', 'LOST'))",
                'ALTER TABLE "payment_dispute" ADD CONSTRAINT "payment_dispute_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "payment_dispute" ADD CONSTRAINT "payment_dispute_closed_at_a_time" CHECK ((state = \'OPEN\') = (closed_at IS NULL))',
            ],
            [
                'ALTER TABLE "payment_dispute" DROP CONSTRAINT "payment_dispute_closed_at_a_time"',
                'ALTER TABLE "payment_dispute" DROP CONSTRAINT "payment_dispute_amount_positive"',
                'ALTER TABLE "payment_dispute" DROP CONSTRAINT "payment_dispute_state_known"',
            ],
        ),
    ]
