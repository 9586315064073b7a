from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CardPayment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("purpose", fields.CharField(max_length=40)),
                ("ref_id", fields.UUIDField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=20)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("decline_code", fields.CharField(null=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("authorised_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("ordered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("captured_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "card_payment",
                "app": "payments",
                "unique_together": (("purpose", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('AWAITING', 'AUTHORISED', 'CAPTURING', 'CAPTURED', 'RELEASING', 'RELEASED', 'FAILED')",
                        name="card_payment_state_known",
                    ),
                    CheckConstraint(check="amount_minor > 0", name="card_payment_amount_positive"),
                    CheckConstraint(
                        check="state <> 'CAPTURED' OR captured_at IS NOT NULL",
                        name="card_payment_captured_is_known",
                    ),
                    CheckConstraint(
                        check="state <> 'CAPTURING' OR ordered_at IS NOT NULL",
                        name="card_payment_capturing_was_ordered",
                    ),
                ],
                "indexes": [Index(fields=["state", "expires_at"], name="card_payment_open")],
                "pk_attr": "id",
                "table_description": "Money that a member's card pays for one cause. Its id is in the metadata of its payment intent.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CardRefund",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "card",
                    fields.ForeignKeyField(
                        "payments.CardPayment",
                        source_field="card_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("ref_id", fields.UUIDField()),
                ("amount_minor", fields.BigIntField()),
                ("state", fields.CharField(max_length=20)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("error_code", fields.CharField(null=True, max_length=120)),
                ("ordered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("done_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "card_refund",
                "app": "payments",
                "unique_together": (("card_id", "ref_id"),),
                "constraints": [
                    CheckConstraint(check="state IN ('ORDERED', 'DONE', 'VOID')", name="card_refund_state_known"),
                    CheckConstraint(check="amount_minor > 0", name="card_refund_amount_positive"),
                ],
                "pk_attr": "id",
                "table_description": "Money that goes back to a card, for one cause. Its id is in the metadata of Stripe's refund.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"card_payment\" ADD CONSTRAINT \"card_payment_state_known\" CHECK (state IN ('AWAITING', 'AUTHORISED', 'CAPTURING', 'CAPTURED', 'RELEASING', 'RELEASED', 'FAILED'))",
                'ALTER TABLE "card_payment" ADD CONSTRAINT "card_payment_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "card_payment" ADD CONSTRAINT "card_payment_captured_is_known" CHECK (state <> \'CAPTURED\' OR captured_at IS NOT NULL)',
                'ALTER TABLE "card_payment" ADD CONSTRAINT "card_payment_capturing_was_ordered" CHECK (state <> \'CAPTURING\' OR ordered_at IS NOT NULL)',
                "ALTER TABLE \"card_refund\" ADD CONSTRAINT \"card_refund_state_known\" CHECK (state IN ('ORDERED', 'DONE', 'VOID'))",
                'ALTER TABLE "card_refund" ADD CONSTRAINT "card_refund_amount_positive" CHECK (amount_minor > 0)',
            ],
            [
                'ALTER TABLE "card_refund" DROP CONSTRAINT "card_refund_amount_positive"',
                'ALTER TABLE "card_refund" DROP CONSTRAINT "card_refund_state_known"',
                'ALTER TABLE "card_payment" DROP CONSTRAINT "card_payment_capturing_was_ordered"',
                'ALTER TABLE "card_payment" DROP CONSTRAINT "card_payment_captured_is_known"',
                'ALTER TABLE "card_payment" DROP CONSTRAINT "card_payment_amount_positive"',
                'ALTER TABLE "card_payment" DROP CONSTRAINT "card_payment_state_known"',
            ],
        ),
    ]
