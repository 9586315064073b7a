from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.filling import AddFilledField
from marketplace.kit.ids import new_id

FILL = """
UPDATE top_up SET received_minor = CASE WHEN state IN ('SUCCEEDED', 'RETURNED') THEN amount_minor ELSE 0 END,
    returned_minor = CASE WHEN state = 'RETURNED' THEN amount_minor ELSE 0 END"""
RECEIPTS = """
INSERT INTO funding_receipt (id, program_id, top_up_id, origin, entry, amount_minor, recovered_minor, currency, journal_id,
    received_at)
SELECT t.id, t.program_id, t.id, CASE t.method WHEN 'STRIPE' THEN 'STRIPE' ELSE 'PERSON' END,
    replace(coalesce(p.id, t.id)::text, '-', ''), t.amount_minor, 0, t.currency, j.id,
    coalesce(t.succeeded_at, t.requested_at)
FROM top_up t JOIN journal j ON j.reason = 'funding.paid_in' AND j.ref_id = t.id
LEFT JOIN inbound_payment p ON p.purpose = 'TOP_UP' AND p.ref_id = t.id"""
# What these left uncovered was booked as borne by the marketplace, so nothing of it is to be made good.
TAKEBACKS = """
INSERT INTO funding_takeback (id, receipt_id, cause, entry, amount_minor, uncovered_minor, journal_id, taken_at)
SELECT r.id, r.id, 'REFUND', r.entry, r.amount_minor, 0, j.id, j.booked_at
FROM funding_receipt r JOIN journal j ON j.reason = 'funding.returned' AND j.ref_id = r.id"""


class Migration(migrations.Migration):
    """What arrived of top-ups and what went back, each with its journal; in parts, and from a bank by itself."""

    dependencies = [
        ("billing", "0001_initial"),
        ("ledger", "0006_funding_on_credit_and_uncovered"),
        ("payments", "0003_reviews_and_baskets"),
        ("settlement", "0006_top_ups_move_to_billing"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="Receipt",
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
                    "top_up",
                    fields.ForeignKeyField(
                        "billing.TopUp",
                        source_field="top_up_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("origin", fields.CharField(max_length=20)),
                ("entry", fields.CharField(max_length=200)),
                ("amount_minor", fields.BigIntField()),
                ("recovered_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
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
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "funding_receipt",
                "app": "billing",
                "unique_together": (("origin", "entry"),),
                "constraints": [
                    CheckConstraint(
                        check="origin IN ('BANK', 'STRIPE', 'PERSON')", name="funding_receipt_origin_known"
                    ),
                    CheckConstraint(check="amount_minor > 0", name="funding_receipt_amount_positive"),
                    CheckConstraint(
                        check="recovered_minor BETWEEN 0 AND amount_minor", name="funding_receipt_recovers_a_part"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Money that arrived for a program, once for each `entry`: of a bank, of Stripe, or a person's word.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Takeback",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "receipt",
                    fields.ForeignKeyField(
                        "billing.Receipt",
                        source_field="receipt_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("cause", fields.CharField(max_length=20)),
                ("entry", fields.CharField(max_length=200)),
                ("amount_minor", fields.BigIntField()),
                ("uncovered_minor", fields.BigIntField()),
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
                ("taken_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "funding_takeback",
                "app": "billing",
                "unique_together": (("cause", "entry"),),
                "constraints": [
                    CheckConstraint(
                        check="cause IN ('REFUND', 'DISPUTE', 'BANK_RETURN')", name="funding_takeback_cause_known"
                    ),
                    CheckConstraint(check="amount_minor > 0", name="funding_takeback_amount_positive"),
                    CheckConstraint(
                        check="uncovered_minor BETWEEN 0 AND amount_minor", name="funding_takeback_uncovers_a_part"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A receipt, or a part of it, that went back to the payer. `uncovered_minor` of it was spent by then.",
            },
            bases=["Model"],
        ),
        ops.RemoveConstraint(
            model_name="TopUp",
            name="top_up_uncovered_in_range",
            fields=None,
        ),
        ops.AlterModelOptions(
            name="TopUp",
            options={
                "table": "top_up",
                "app": "billing",
                "unique_together": (("program_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="method IN ('STRIPE', 'BANK_TRANSFER')", name="top_up_method_known"),
                    CheckConstraint(
                        check="state IN ('PENDING', 'SUCCEEDED', 'FAILED', 'RETURNED')", name="top_up_state_known"
                    ),
                    CheckConstraint(check="amount_minor > 0", name="top_up_amount_positive"),
                    CheckConstraint(
                        check="returned_minor BETWEEN 0 AND received_minor", name="top_up_returned_came"
                    ),
                    CheckConstraint(
                        check="uncovered_minor BETWEEN 0 AND returned_minor", name="top_up_uncovered_in_range"
                    ),
                    CheckConstraint(
                        check="state <> 'RETURNED' OR uncovered_minor IS NOT NULL",
                        name="top_up_returned_says_what_it_leaves",
                    ),
                    CheckConstraint(
                        check="state <> 'SUCCEEDED' OR received_minor >= amount_minor",
                        name="top_up_succeeded_when_there",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "Money that a program says it pays in before its members spend, and what of it came and went back.",
            },
        ),
        ops.AddField(
            model_name="TopUp",
            name="creditor_reference",
            field=fields.CharField(null=True, unique=True, max_length=25),
        ),
        AddFilledField(
            model_name="TopUp",
            name="received_minor",
            field=fields.BigIntField(default=0),
        ),
        AddFilledField(
            model_name="TopUp",
            name="returned_minor",
            field=fields.BigIntField(default=0),
        ),
        ops.RunSQL([FILL, RECEIPTS, TAKEBACKS], ["SELECT 1"]),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="returned_minor BETWEEN 0 AND received_minor", name="top_up_returned_came"
            ),
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="uncovered_minor BETWEEN 0 AND returned_minor", name="top_up_uncovered_in_range"
            ),
        ),
        ops.AddConstraint(
            model_name="TopUp",
            constraint=CheckConstraint(
                check="state <> 'SUCCEEDED' OR received_minor >= amount_minor", name="top_up_succeeded_when_there"
            ),
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"funding_receipt\" ADD CONSTRAINT \"funding_receipt_origin_known\" CHECK (origin IN ('BANK', 'STRIPE', 'PERSON'))",
                'ALTER TABLE "funding_receipt" ADD CONSTRAINT "funding_receipt_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "funding_receipt" ADD CONSTRAINT "funding_receipt_recovers_a_part" CHECK (recovered_minor BETWEEN 0 AND amount_minor)',
                "ALTER TABLE \"funding_takeback\" ADD CONSTRAINT \"funding_takeback_cause_known\" CHECK (cause IN ('REFUND', 'DISPUTE', 'BANK_RETURN'))",
                'ALTER TABLE "funding_takeback" ADD CONSTRAINT "funding_takeback_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "funding_takeback" ADD CONSTRAINT "funding_takeback_uncovers_a_part" CHECK (uncovered_minor BETWEEN 0 AND amount_minor)',
            ],
            [
                'ALTER TABLE "funding_takeback" DROP CONSTRAINT "funding_takeback_uncovers_a_part"',
                'ALTER TABLE "funding_takeback" DROP CONSTRAINT "funding_takeback_amount_positive"',
                'ALTER TABLE "funding_takeback" DROP CONSTRAINT "funding_takeback_cause_known"',
                'ALTER TABLE "funding_receipt" DROP CONSTRAINT "funding_receipt_recovers_a_part"',
                'ALTER TABLE "funding_receipt" DROP CONSTRAINT "funding_receipt_amount_positive"',
                'ALTER TABLE "funding_receipt" DROP CONSTRAINT "funding_receipt_origin_known"',
            ],
        ),
    ]
