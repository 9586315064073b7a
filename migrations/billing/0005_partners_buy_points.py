from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """What programs ask for their points, and what partners order."""

    dependencies = [("billing", "0004_programs_are_told_of_their_account")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CoalitionRate",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("per_thousand_minor", fields.BigIntField(null=True)),
                ("minimum_points", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
            ],
            options={
                "table": "coalition_rate",
                "app": "billing",
                "unique_together": (("program_id", "valid_from"),),
                "constraints": [
                    CheckConstraint(check="per_thousand_minor > 0", name="coalition_rate_price_positive"),
                    CheckConstraint(check="minimum_points > 0", name="coalition_rate_minimum_positive"),
                ],
                "pk_attr": "id",
                "table_description": "What a program asks for 1,000 of its points, from a moment on; without a price it sells none.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CoalitionOrder",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "program",
                    fields.ForeignKeyField(
                        "members.Program",
                        source_field="program_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "rate",
                    fields.ForeignKeyField(
                        "billing.CoalitionRate",
                        source_field="rate_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "invoice",
                    fields.OneToOneField(
                        "billing.Invoice",
                        source_field="invoice_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("points", fields.BigIntField()),
                ("price_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("payment", fields.CharField(max_length=20)),
                ("charged_minor", fields.BigIntField(null=True)),
                ("charged_currency", fields.CharField(null=True, max_length=3)),
                ("budget_code", fields.CharField(max_length=40)),
                ("state", fields.CharField(max_length=20)),
                ("ordered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ready_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(null=True, max_length=300)),
            ],
            options={
                "table": "coalition_order",
                "app": "billing",
                "constraints": [
                    CheckConstraint(
                        check="payment IN ('NETTED', 'INVOICE')", name="coalition_order_payment_known"
                    ),
                    CheckConstraint(
                        check="state IN ('AWAITING', 'READY', 'CANCELLED', 'REVERSED')",
                        name="coalition_order_state_known",
                    ),
                    CheckConstraint(
                        check="points > 0 AND price_minor > 0", name="coalition_order_points_positive"
                    ),
                    CheckConstraint(
                        check="(charged_minor IS NULL) = (charged_currency IS NULL)",
                        name="coalition_order_charged_in_a_currency",
                    ),
                    CheckConstraint(
                        check="(state IN ('READY', 'REVERSED')) = (ready_at IS NOT NULL)",
                        name="coalition_order_ready_at_a_time",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Points that a partner bought. They stand in a budget of the program that carries the partner's name.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "coalition_rate" ADD CONSTRAINT "coalition_rate_price_positive" CHECK (per_thousand_minor > 0)',
                'ALTER TABLE "coalition_rate" ADD CONSTRAINT "coalition_rate_minimum_positive" CHECK (minimum_points > 0)',
                "ALTER TABLE \"coalition_order\" ADD CONSTRAINT \"coalition_order_payment_known\" CHECK (payment IN ('NETTED', 'INVOICE'))",
                "ALTER TABLE \"coalition_order\" ADD CONSTRAINT \"coalition_order_state_known\" CHECK (state IN ('AWAITING', 'READY', 'CANCELLED', 'REVERSED'))",
                'ALTER TABLE "coalition_order" ADD CONSTRAINT "coalition_order_points_positive" CHECK (points > 0 AND price_minor > 0)',
                'ALTER TABLE "coalition_order" ADD CONSTRAINT "coalition_order_charged_in_a_currency" CHECK ((charged_minor IS NULL) = (charged_currency IS NULL))',
                "ALTER TABLE \"coalition_order\" ADD CONSTRAINT \"coalition_order_ready_at_a_time\" CHECK ((state IN ('READY', 'REVERSED')) = (ready_at IS NOT NULL))",
            ],
            [
                'ALTER TABLE "coalition_order" DROP CONSTRAINT "coalition_order_ready_at_a_time"',
                'ALTER TABLE "coalition_order" DROP CONSTRAINT "coalition_order_charged_in_a_currency"',
                'ALTER TABLE "coalition_order" DROP CONSTRAINT "coalition_order_points_positive"',
                'ALTER TABLE "coalition_order" DROP CONSTRAINT "coalition_order_state_known"',
                'ALTER TABLE "coalition_order" DROP CONSTRAINT "coalition_order_payment_known"',
                'ALTER TABLE "coalition_rate" DROP CONSTRAINT "coalition_rate_minimum_positive"',
                'ALTER TABLE "coalition_rate" DROP CONSTRAINT "coalition_rate_price_positive"',
            ],
        ),
    ]
