from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [("members", "0001_initial"), ("partners", "0001_initial"), ("payments", "0001_initial")]

    initial = True

    operations = [
        ops.CreateModel(
            name="Adjustment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
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
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("reason", fields.CharField(max_length=300)),
                ("state", fields.CharField(max_length=20)),
                ("proposed_by", fields.UUIDField()),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("decided_by", fields.UUIDField(null=True)),
                ("decided_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "adjustment",
                "app": "settlement",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PROPOSED', 'APPROVED', 'DECLINED')", name="adjustment_state_known"
                    ),
                    CheckConstraint(check="amount_minor <> 0", name="adjustment_says_something"),
                    CheckConstraint(
                        check="decided_by IS NULL OR decided_by <> proposed_by", name="adjustment_two_people"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A correction of what a partner is owed, proposed by one operator and approved by another.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE \"adjustment\" ADD CONSTRAINT \"adjustment_state_known\" CHECK (state IN ('PROPOSED', 'APPROVED', 'DECLINED'))",
            'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_state_known"',
        ),
        ops.RunSQL(
            'ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_says_something" CHECK (amount_minor <> 0)',
            'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_says_something"',
        ),
        ops.RunSQL(
            'ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_two_people" CHECK (decided_by IS NULL OR decided_by <> proposed_by)',
            'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_two_people"',
        ),
        ops.CreateModel(
            name="Statement",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=40)),
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("currency", fields.CharField(max_length=3)),
                ("period_from", fields.DateField()),
                ("period_until", fields.DateField()),
                ("opening_minor", fields.BigIntField()),
                ("gross_minor", fields.BigIntField()),
                ("commission_minor", fields.BigIntField()),
                ("vat_minor", fields.BigIntField()),
                ("adjustments_minor", fields.BigIntField()),
                ("closing_minor", fields.BigIntField()),
                ("accruals", fields.BigIntField()),
                ("digest", fields.CharField(max_length=64)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "statement",
                "app": "settlement",
                "unique_together": (("partner_id", "currency", "period_until"),),
                "constraints": [
                    CheckConstraint(
                        check="closing_minor = opening_minor + gross_minor - commission_minor - vat_minor + adjustments_minor",
                        name="statement_adds_up",
                    ),
                    CheckConstraint(check="period_from <= period_until", name="statement_period_in_order"),
                ],
                "pk_attr": "id",
                "table_description": "What one partner is owed up to and with `until`, in one currency, frozen with a hash.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            'ALTER TABLE "statement" ADD CONSTRAINT "statement_adds_up" CHECK (closing_minor = opening_minor + gross_minor - commission_minor - vat_minor + adjustments_minor)',
            'ALTER TABLE "statement" DROP CONSTRAINT "statement_adds_up"',
        ),
        ops.RunSQL(
            'ALTER TABLE "statement" ADD CONSTRAINT "statement_period_in_order" CHECK (period_from <= period_until)',
            'ALTER TABLE "statement" DROP CONSTRAINT "statement_period_in_order"',
        ),
        ops.CreateModel(
            name="Payout",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "statement",
                    fields.OneToOneField(
                        "settlement.Statement",
                        source_field="statement_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("reason", fields.CharField(null=True, max_length=40)),
                ("not_before", fields.DateField(null=True)),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                (
                    "outbound",
                    fields.ForeignKeyField(
                        "payments.OutboundTransfer",
                        source_field="outbound_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("in_bank_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payout",
                "app": "settlement",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('CARRIED', 'PLANNED', 'SENT', 'IN_BANK', 'FAILED')",
                        name="payout_state_known",
                    )
                ],
                "indexes": [Index(fields=["state"], name="payout_state")],
                "pk_attr": "id",
                "table_description": "What becomes of a statement's closing balance: carried forward with a reason and a date, or paid.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_state_known\" CHECK (state IN ('CARRIED', 'PLANNED', 'SENT', 'IN_BANK', 'FAILED'))",
            'ALTER TABLE "payout" DROP CONSTRAINT "payout_state_known"',
        ),
        ops.CreateModel(
            name="StatementLine",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "statement",
                    fields.ForeignKeyField(
                        "settlement.Statement",
                        source_field="statement_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.IntField()),
                ("kind", fields.CharField(max_length=20)),
                ("description", fields.CharField(max_length=300)),
                ("quantity", fields.BigIntField()),
                ("gross_minor", fields.BigIntField()),
                ("commission_minor", fields.BigIntField()),
                ("vat_minor", fields.BigIntField()),
                ("net_minor", fields.BigIntField()),
            ],
            options={
                "table": "statement_line",
                "app": "settlement",
                "unique_together": (("statement_id", "position"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('SALES', 'DONATIONS', 'REFUNDS', 'ADJUSTMENTS')",
                        name="statement_line_kind_known",
                    ),
                    CheckConstraint(
                        check="net_minor = gross_minor - commission_minor - vat_minor",
                        name="statement_line_adds_up",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One line: what was sold (or given back, or adjusted), its commission, and what is left.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE \"statement_line\" ADD CONSTRAINT \"statement_line_kind_known\" CHECK (kind IN ('SALES', 'DONATIONS', 'REFUNDS', 'ADJUSTMENTS'))",
            'ALTER TABLE "statement_line" DROP CONSTRAINT "statement_line_kind_known"',
        ),
        ops.RunSQL(
            'ALTER TABLE "statement_line" ADD CONSTRAINT "statement_line_adds_up" CHECK (net_minor = gross_minor - commission_minor - vat_minor)',
            'ALTER TABLE "statement_line" DROP CONSTRAINT "statement_line_adds_up"',
        ),
        ops.CreateModel(
            name="LineAccrual",
            fields=[
                (
                    "accrual",
                    fields.OneToOneField(
                        "partners.Accrual",
                        source_field="accrual_id",
                        primary_key=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
            ],
            options={
                "table": "line_accrual",
                "app": "settlement",
                "pk_attr": "accrual_id",
                "table_description": "The accrual is on this line, and the primary key says: on no other, ever.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TopUp",
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
                ("method", fields.CharField(max_length=20)),
                ("state", fields.CharField(max_length=20)),
                ("reference", fields.CharField(max_length=120)),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("succeeded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "top_up",
                "app": "settlement",
                "unique_together": (("program_id", "reference"),),
                "constraints": [
                    CheckConstraint(check="method IN ('STRIPE', 'BANK_TRANSFER')", name="top_up_method_known"),
                    CheckConstraint(
                        check="state IN ('PENDING', 'SUCCEEDED', 'FAILED')", name="top_up_state_known"
                    ),
                    CheckConstraint(check="amount_minor > 0", name="top_up_amount_positive"),
                ],
                "pk_attr": "id",
                "table_description": "Money that a program pays in before its members spend.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "ALTER TABLE \"top_up\" ADD CONSTRAINT \"top_up_method_known\" CHECK (method IN ('STRIPE', 'BANK_TRANSFER'))",
            'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_method_known"',
        ),
        ops.RunSQL(
            "ALTER TABLE \"top_up\" ADD CONSTRAINT \"top_up_state_known\" CHECK (state IN ('PENDING', 'SUCCEEDED', 'FAILED'))",
            'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_state_known"',
        ),
        ops.RunSQL(
            'ALTER TABLE "top_up" ADD CONSTRAINT "top_up_amount_positive" CHECK (amount_minor > 0)',
            'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_amount_positive"',
        ),
    ]
