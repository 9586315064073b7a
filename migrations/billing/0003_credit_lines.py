from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """How far programs may spend beyond what they have paid in, by two people."""

    dependencies = [("billing", "0002_receipts"), ("members", "0006_reviews_and_baskets")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CreditChange",
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
                ("limit_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("payment_days", fields.IntField()),
                ("reason", fields.CharField(max_length=300)),
                ("state", fields.CharField(max_length=20)),
                ("proposed_by", fields.UUIDField()),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_by", fields.UUIDField(null=True)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "credit_line_change",
                "app": "billing",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PROPOSED', 'APPROVED', 'DECLINED')",
                        name="credit_line_change_state_known",
                    ),
                    CheckConstraint(check="limit_minor >= 0", name="credit_line_change_limit_not_negative"),
                    CheckConstraint(
                        check="payment_days BETWEEN 0 AND 365", name="credit_line_change_days_in_range"
                    ),
                    CheckConstraint(
                        check="decided_by IS NULL OR decided_by <> proposed_by",
                        name="credit_line_change_two_people",
                    ),
                    CheckConstraint(
                        check="(state = 'PROPOSED') = (decided_by IS NULL)",
                        name="credit_line_change_decided_by_somebody",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A limit that one person of finance proposes and another one decides on.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CreditLine",
            fields=[
                (
                    "program",
                    fields.OneToOneField(
                        "members.Program",
                        source_field="program_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("limit_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("payment_days", fields.IntField()),
                ("changed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "credit_line",
                "app": "billing",
                "constraints": [
                    CheckConstraint(check="limit_minor >= 0", name="credit_line_limit_not_negative"),
                    CheckConstraint(check="payment_days BETWEEN 0 AND 365", name="credit_line_days_in_range"),
                ],
                "pk_attr": "program_id",
                "table_description": "The limit that holds now. It stands in the program's funding, against an account CREDIT_LINE.",
            },
            bases=["Model"],
        ),
        ops.AlterField(
            model_name="Takeback",
            name="receipt",
            field=fields.ForeignKeyField(
                "billing.Receipt",
                source_field="receipt_id",
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"credit_line_change\" ADD CONSTRAINT \"credit_line_change_state_known\" CHECK (state IN ('PROPOSED', 'APPROVED', 'DECLINED'))",
                'ALTER TABLE "credit_line_change" ADD CONSTRAINT "credit_line_change_limit_not_negative" CHECK (limit_minor >= 0)',
                'ALTER TABLE "credit_line_change" ADD CONSTRAINT "credit_line_change_days_in_range" CHECK (payment_days BETWEEN 0 AND 365)',
                'ALTER TABLE "credit_line_change" ADD CONSTRAINT "credit_line_change_two_people" CHECK (decided_by IS NULL OR decided_by <> proposed_by)',
                'ALTER TABLE "credit_line_change" ADD CONSTRAINT "credit_line_change_decided_by_somebody" CHECK ((state = \'PROPOSED\') = (decided_by IS NULL))',
                'ALTER TABLE "credit_line" ADD CONSTRAINT "credit_line_limit_not_negative" CHECK (limit_minor >= 0)',
                'ALTER TABLE "credit_line" ADD CONSTRAINT "credit_line_days_in_range" CHECK (payment_days BETWEEN 0 AND 365)',
            ],
            [
                'ALTER TABLE "credit_line" DROP CONSTRAINT "credit_line_days_in_range"',
                'ALTER TABLE "credit_line" DROP CONSTRAINT "credit_line_limit_not_negative"',
                'ALTER TABLE "credit_line_change" DROP CONSTRAINT "credit_line_change_decided_by_somebody"',
                'ALTER TABLE "credit_line_change" DROP CONSTRAINT "credit_line_change_two_people"',
                'ALTER TABLE "credit_line_change" DROP CONSTRAINT "credit_line_change_days_in_range"',
                'ALTER TABLE "credit_line_change" DROP CONSTRAINT "credit_line_change_limit_not_negative"',
                'ALTER TABLE "credit_line_change" DROP CONSTRAINT "credit_line_change_state_known"',
            ],
        ),
    ]
