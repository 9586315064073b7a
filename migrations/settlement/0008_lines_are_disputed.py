from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
        ("partners", "0006_rates_fees_and_reserves"),
        ("payments", "0001_initial"),
        ("payments", "0002_points_and_a_card"),
        ("payments", "0003_reviews_and_baskets"),
        ("settlement", "0007_fees_reserves_and_invoices"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="LineDispute",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "line",
                    fields.ForeignKeyField(
                        "settlement.StatementLine",
                        source_field="line_id",
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
                ("note", fields.CharField(max_length=1000)),
                ("evidence", fields.CharField(null=True, max_length=300)),
                ("state", fields.CharField(max_length=20)),
                ("raised_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "adjustment",
                    fields.ForeignKeyField(
                        "settlement.Adjustment",
                        source_field="adjustment_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("answer", fields.CharField(null=True, max_length=1000)),
                ("decided_by", fields.UUIDField(null=True)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "line_dispute",
                "app": "settlement",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('OPEN', 'PROPOSED', 'ACCEPTED', 'DECLINED', 'WITHDRAWN')",
                        name="line_dispute_state_known",
                    ),
                    UniqueConstraint(
                        fields=("line_id",),
                        name="line_dispute_open_once",
                        condition="state IN ('OPEN', 'PROPOSED')",
                    ),
                    CheckConstraint(
                        check="state NOT IN ('PROPOSED', 'ACCEPTED') OR adjustment_id IS NOT NULL",
                        name="line_dispute_corrected_by_one",
                    ),
                    CheckConstraint(
                        check="state <> 'DECLINED' OR answer IS NOT NULL", name="line_dispute_declined_says_why"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A partner says that a line is wrong, and why. The line stays: what is right comes as an adjustment.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"line_dispute\" ADD CONSTRAINT \"line_dispute_state_known\" CHECK (state IN ('OPEN', 'PROPOSED', 'ACCEPTED', 'DECLINED', 'WITHDRAWN'))",
                'CREATE UNIQUE INDEX "line_dispute_open_once" ON "line_dispute" ("line_id") WHERE state IN (\'OPEN\', \'PROPOSED\')',
                "ALTER TABLE \"line_dispute\" ADD CONSTRAINT \"line_dispute_corrected_by_one\" CHECK (state NOT IN ('PROPOSED', 'ACCEPTED') OR adjustment_id IS NOT NULL)",
                'ALTER TABLE "line_dispute" ADD CONSTRAINT "line_dispute_declined_says_why" CHECK (state <> \'DECLINED\' OR answer IS NOT NULL)',
            ],
            [
                'ALTER TABLE "line_dispute" DROP CONSTRAINT "line_dispute_declined_says_why"',
                'ALTER TABLE "line_dispute" DROP CONSTRAINT "line_dispute_corrected_by_one"',
                'DROP INDEX "line_dispute_open_once"',
                'ALTER TABLE "line_dispute" DROP CONSTRAINT "line_dispute_state_known"',
            ],
        ),
    ]
