from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Statements of programs' accounts, invoices, and notices of money that runs low."""

    dependencies = [
        ("billing", "0003_credit_lines"),
        ("kit", "0005_changes_are_noted"),
        ("partners", "0004_who_bears_discounts"),
    ]

    initial = False

    operations = [
        ops.CreateModel(
            name="FundingAlert",
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
                ("below_minor", fields.BigIntField(null=True)),
                ("days", fields.IntField(null=True)),
                ("low_since", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "funding_alert",
                "app": "billing",
                "constraints": [
                    CheckConstraint(check="below_minor >= 0", name="funding_alert_below_not_negative"),
                    CheckConstraint(check="days BETWEEN 1 AND 365", name="funding_alert_days_in_range"),
                ],
                "pk_attr": "program_id",
                "table_description": "Below which amount, or for how few days at the present rate, a program wants to be told.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FundingNotice",
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
                ("available_minor", fields.BigIntField()),
                ("per_day_minor", fields.BigIntField()),
                ("days_left", fields.IntField(null=True)),
                ("currency", fields.CharField(max_length=3)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "funding_notice",
                "app": "billing",
                "pk_attr": "id",
                "table_description": "That a program was told its money runs low, and how it stood.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProgramStatement",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=60)),
                ("sequence", fields.IntField()),
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
                ("currency", fields.CharField(max_length=3)),
                ("timezone", fields.CharField(max_length=60)),
                ("period_from", fields.DateField()),
                ("period_until", fields.DateField()),
                ("opening_minor", fields.BigIntField()),
                ("closing_minor", fields.BigIntField()),
                ("held_minor", fields.BigIntField()),
                ("limit_minor", fields.BigIntField()),
                ("digest", fields.CharField(max_length=64)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "program_statement",
                "app": "billing",
                "unique_together": (("program_id", "sequence"), ("program_id", "period_until")),
                "constraints": [
                    CheckConstraint(check="period_from <= period_until", name="program_statement_period_in_order")
                ],
                "pk_attr": "id",
                "table_description": "A program's account over one stretch of its days: closing = opening + the lines. Below zero, it owes us.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invoice",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=60)),
                ("sequence", fields.IntField()),
                ("kind", fields.CharField(max_length=20)),
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
                (
                    "partner",
                    fields.ForeignKeyField(
                        "partners.Partner",
                        source_field="partner_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "statement",
                    fields.ForeignKeyField(
                        "billing.ProgramStatement",
                        source_field="statement_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount_minor", fields.BigIntField()),
                ("paid_minor", fields.BigIntField(default=0)),
                ("currency", fields.CharField(max_length=3)),
                ("creditor_reference", fields.CharField(unique=True, max_length=25)),
                ("state", fields.CharField(max_length=20)),
                ("issued_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("due_on", fields.DateField()),
                ("paid_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invoice",
                "app": "billing",
                "unique_together": (("program_id", "sequence"),),
                "constraints": [
                    CheckConstraint(check="kind IN ('CREDIT', 'COALITION')", name="invoice_kind_known"),
                    CheckConstraint(check="state IN ('OPEN', 'PAID', 'CANCELLED')", name="invoice_state_known"),
                    CheckConstraint(check="amount_minor > 0", name="invoice_amount_positive"),
                    CheckConstraint(check="paid_minor BETWEEN 0 AND amount_minor", name="invoice_paid_within"),
                    CheckConstraint(
                        check="(state = 'PAID') = (paid_minor = amount_minor)", name="invoice_paid_when_all_is"
                    ),
                    CheckConstraint(
                        check="(kind = 'COALITION') = (partner_id IS NOT NULL)", name="invoice_billed_to_somebody"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "What is to be paid by a day, under its own creditor reference: by a program, or by a partner to one.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InvoicePayment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "invoice",
                    fields.ForeignKeyField(
                        "billing.Invoice",
                        source_field="invoice_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                ("amount_minor", fields.BigIntField()),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "invoice_payment",
                "app": "billing",
                "constraints": [CheckConstraint(check="amount_minor <> 0", name="invoice_payment_says_something")],
                "pk_attr": "id",
                "table_description": "What a receipt pays of an invoice; below zero what it does not pay after all, because it went back.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ProgramStatementLine",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "statement",
                    fields.ForeignKeyField(
                        "billing.ProgramStatement",
                        source_field="statement_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.IntField()),
                ("kind", fields.CharField(max_length=20)),
                ("detail", fields.CharField(max_length=60)),
                ("journals", fields.BigIntField()),
                ("amount_minor", fields.BigIntField()),
            ],
            options={
                "table": "program_statement_line",
                "app": "billing",
                "unique_together": (("statement_id", "position"),),
                "constraints": [
                    CheckConstraint(
                        check="kind IN ('PAID_IN', 'RETURNED', 'COALITION', 'SPENT', 'CARD', 'REFUNDED', 'OTHER')",
                        name="program_statement_line_kind_known",
                    )
                ],
                "pk_attr": "id",
                "table_description": "What moved the account for one reason: so many journals, so much together.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                'ALTER TABLE "funding_alert" ADD CONSTRAINT "funding_alert_below_not_negative" CHECK (below_minor >= 0)',
                'ALTER TABLE "funding_alert" ADD CONSTRAINT "funding_alert_days_in_range" CHECK (days BETWEEN 1 AND 365)',
                'ALTER TABLE "program_statement" ADD CONSTRAINT "program_statement_period_in_order" CHECK (period_from <= period_until)',
                "ALTER TABLE \"invoice\" ADD CONSTRAINT \"invoice_kind_known\" CHECK (kind IN ('CREDIT', 'COALITION'))",
                "ALTER TABLE \"invoice\" ADD CONSTRAINT \"invoice_state_known\" CHECK (state IN ('OPEN', 'PAID', 'CANCELLED'))",
                'ALTER TABLE "invoice" ADD CONSTRAINT "invoice_amount_positive" CHECK (amount_minor > 0)',
                'ALTER TABLE "invoice" ADD CONSTRAINT "invoice_paid_within" CHECK (paid_minor BETWEEN 0 AND amount_minor)',
                'ALTER TABLE "invoice" ADD CONSTRAINT "invoice_paid_when_all_is" CHECK ((state = \'PAID\') = (paid_minor = amount_minor))',
                'ALTER TABLE "invoice" ADD CONSTRAINT "invoice_billed_to_somebody" CHECK ((kind = \'COALITION\') = (partner_id IS NOT NULL))',
                'ALTER TABLE "invoice_payment" ADD CONSTRAINT "invoice_payment_says_something" CHECK (amount_minor <> 0)',
                "ALTER TABLE \"program_statement_line\" ADD CONSTRAINT \"program_statement_line_kind_known\" CHECK (kind IN ('PAID_IN', 'RETURNED', 'COALITION', 'SPENT', 'CARD', 'REFUNDED', 'OTHER'))",
            ],
            [
                'ALTER TABLE "program_statement_line" DROP CONSTRAINT "program_statement_line_kind_known"',
                'ALTER TABLE "invoice_payment" DROP CONSTRAINT "invoice_payment_says_something"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_billed_to_somebody"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_paid_when_all_is"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_paid_within"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_amount_positive"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_state_known"',
                'ALTER TABLE "invoice" DROP CONSTRAINT "invoice_kind_known"',
                'ALTER TABLE "program_statement" DROP CONSTRAINT "program_statement_period_in_order"',
                'ALTER TABLE "funding_alert" DROP CONSTRAINT "funding_alert_days_in_range"',
                'ALTER TABLE "funding_alert" DROP CONSTRAINT "funding_alert_below_not_negative"',
            ],
        ),
        ops.RunSQL(
            [
                "CREATE TRIGGER noted_new AFTER INSERT ON funding_notice FOR EACH ROW "
                "EXECUTE FUNCTION note_change('fundingNotice', 'id', 'program_id')"
            ],
            ["DROP TRIGGER noted_new ON funding_notice"],
        ),
    ]
