from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id

# What stands on statements already was linked row by row. Its places are dealt anew, statement by statement, so that
# the marks say the same; what is open comes after all of them.
PLACES = """
UPDATE accrual a SET ordinal = o.n FROM (
    SELECT a.id, row_number() OVER (ORDER BY s.sequence NULLS LAST, a.id) AS n
    FROM accrual a LEFT JOIN line_accrual k ON k.accrual_id = a.id
    LEFT JOIN statement_line l ON l.id = k.line_id LEFT JOIN statement s ON s.id = l.statement_id
) AS o WHERE o.id = a.id"""
NEXT = "SELECT setval('accrual_ordinal', 1 + (SELECT count(*) FROM accrual))"
MARKS = """
UPDATE statement s SET previous_id = o.previous, up_to = o.mark FROM (
    SELECT s.id, lag(s.id) OVER chain AS previous, max(coalesce(t.mark, 0)) OVER chain AS mark
    FROM statement s LEFT JOIN (
        SELECT l.statement_id, max(a.ordinal) AS mark FROM statement_line l
        JOIN line_accrual k ON k.line_id = l.id JOIN accrual a ON a.id = k.accrual_id GROUP BY l.statement_id
    ) AS t ON t.statement_id = s.id
    WINDOW chain AS (PARTITION BY s.partner_id, s.currency ORDER BY s.period_until)
) AS o WHERE o.id = s.id"""
VIEW = """
CREATE VIEW line_accrual AS
SELECT a.id AS accrual_id, l.id AS line_id
FROM statement s LEFT JOIN statement p ON p.id = s.previous_id
JOIN accrual a ON a.partner_id = s.partner_id AND a.currency = s.currency
    AND a.payable_on <= s.period_until AND a.ordinal <= s.up_to
    AND (p.id IS NULL OR a.payable_on > p.period_until OR a.ordinal > p.up_to)
JOIN statement_line l ON l.statement_id = s.id AND l.description = a.description AND l.contract_id = a.contract_id
    AND l.kind = CASE a.kind WHEN 'SALE' THEN 'SALES' WHEN 'DONATION' THEN 'DONATIONS' WHEN 'REFUND' THEN 'REFUNDS'
        WHEN 'ADJUSTMENT' THEN 'ADJUSTMENTS' ELSE a.kind END"""
LINKS = """
INSERT INTO line_accrual (accrual_id, line_id)
SELECT a.id, l.id
FROM statement s LEFT JOIN statement p ON p.id = s.previous_id
JOIN accrual a ON a.partner_id = s.partner_id AND a.currency = s.currency
    AND a.payable_on <= s.period_until AND a.ordinal <= s.up_to
    AND (p.id IS NULL OR a.payable_on > p.period_until OR a.ordinal > p.up_to)
JOIN statement_line l ON l.statement_id = s.id AND l.description = a.description AND l.contract_id = a.contract_id
    AND l.kind = CASE a.kind WHEN 'SALE' THEN 'SALES' WHEN 'DONATION' THEN 'DONATIONS' WHEN 'REFUND' THEN 'REFUNDS'
        WHEN 'ADJUSTMENT' THEN 'ADJUSTMENTS' ELSE a.kind END"""


class Migration(migrations.Migration):
    """A statement takes what is booked before its mark, instead of a row for each accrual that it took."""

    dependencies = [
        ("partners", "0005_accruals_have_their_place"),
        ("settlement", "0004_statements_and_payouts_are_noted"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="DraftLine",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("draft", fields.UUIDField()),
                ("partner_id", fields.UUIDField()),
                ("currency", fields.CharField(max_length=3)),
                ("kind", fields.CharField(max_length=20)),
                ("description", fields.CharField(max_length=300)),
                ("contract_id", fields.UUIDField()),
                ("quantity", fields.BigIntField()),
                ("gross_minor", fields.BigIntField()),
                ("commission_minor", fields.BigIntField()),
                ("vat_minor", fields.BigIntField()),
                ("net_minor", fields.BigIntField()),
                ("first_on", fields.DateField()),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "draft_line",
                "app": "settlement",
                "indexes": [Index(fields=["draft", "partner_id"], name="draft_line_partner")],
                "pk_attr": "id",
                "table_description": "A line that a run has added up for the statements it is about to issue; "
                "gone when it has.",
            },
            bases=["Model"],
        ),
        ops.RunSQL("ALTER TABLE draft_line SET UNLOGGED", "ALTER TABLE draft_line SET LOGGED"),
        AddFilledField(model_name="SettlementRun", name="partners", field=fields.IntField(default=0)),
        AddFilledField(model_name="SettlementRun", name="partners_done", field=fields.IntField(default=0)),
        ops.AddConstraint(
            model_name="SettlementRun",
            constraint=CheckConstraint(
                check="partners_done BETWEEN 0 AND partners", name="settlement_run_done_in_range"
            ),
        ),
        ops.AddField(
            model_name="Statement",
            name="previous",
            field=fields.OneToOneField(
                "settlement.Statement",
                source_field="previous_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name=False,
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        AddFilledField(model_name="Statement", name="up_to", field=fields.BigIntField(default=0)),
        ops.RunSQL([PLACES, NEXT, MARKS], LINKS),
        ops.DeleteModel(name="LineAccrual"),
        ops.RunSQL(VIEW, "DROP VIEW line_accrual"),
    ]
