from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("payments", "0001_initial"),
    ]

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
                    CheckConstraint(
                        check="(state = 'PROPOSED') = (decided_by IS NULL)", name="adjustment_decided_by_somebody"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "A correction of what a partner is owed, proposed by one operator and approved by another.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SettlementRun",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("until", fields.DateField()),
                ("schedule", fields.CharField(null=True, max_length=20)),
                ("state", fields.CharField(max_length=20)),
                ("requested_by", fields.UUIDField()),
                ("requested_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("finished_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "settlement_run",
                "app": "settlement",
                "constraints": [
                    CheckConstraint(check="state IN ('RUNNING', 'FINISHED')", name="settlement_run_state_known"),
                    CheckConstraint(
                        check="schedule IN ('WEEKLY', 'MONTHLY')", name="settlement_run_schedule_known"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One order to settle up to and with a day: all partners, or those of one schedule.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Statement",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("number", fields.CharField(unique=True, max_length=160)),
                ("sequence", fields.IntField()),
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
                (
                    "contract",
                    fields.ForeignKeyField(
                        "partners.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "run",
                    fields.ForeignKeyField(
                        "settlement.SettlementRun",
                        source_field="run_id",
                        db_index=True,
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
                "unique_together": (("partner_id", "currency", "period_until"), ("partner_id", "sequence")),
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
                ("detail", fields.CharField(null=True, max_length=300)),
                ("requirements", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
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
                (
                    "carried_into",
                    fields.ForeignKeyField(
                        "settlement.Statement",
                        source_field="carried_into_id",
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
                    ),
                    CheckConstraint(
                        check="reason IN ('NOTHING_DUE', 'NEGATIVE_BALANCE', 'PARTNER_SUSPENDED', 'BELOW_MINIMUM', 'NO_PAYOUT_ACCOUNT', 'ACCOUNT_NOT_READY', 'WAITING_FOR_FUNDS', 'TRANSFER_REFUSED', 'TRANSFER_REVERSED', 'BANK_RETURNED')",
                        name="payout_reason_known",
                    ),
                    CheckConstraint(
                        check="carried_into_id IS NULL OR state IN ('CARRIED', 'FAILED')",
                        name="payout_carries_what_is_not_paid",
                    ),
                    CheckConstraint(
                        check="state NOT IN ('CARRIED', 'FAILED') OR reason IS NOT NULL",
                        name="payout_carried_says_why",
                    ),
                    CheckConstraint(
                        check="state IN ('CARRIED', 'FAILED') OR amount_minor > 0", name="payout_sends_something"
                    ),
                ],
                "indexes": [Index(fields=["state"], name="payout_state")],
                "pk_attr": "id",
                "table_description": "What becomes of a statement's closing balance: paid, or carried into a later statement with a reason.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PayoutEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "payout",
                    fields.ForeignKeyField(
                        "settlement.Payout",
                        source_field="payout_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("reason", fields.CharField(null=True, max_length=40)),
                ("detail", fields.CharField(null=True, max_length=300)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "payout_event",
                "app": "settlement",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('CARRIED', 'PLANNED', 'SENT', 'IN_BANK', 'FAILED')",
                        name="payout_event_state_known",
                    )
                ],
                "pk_attr": "id",
                "table_description": "One step of a payout, each with its journal: how it came to stand where it stands.",
            },
            bases=["Model"],
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
                (
                    "contract",
                    fields.ForeignKeyField(
                        "partners.Contract",
                        source_field="contract_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
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
                "table_description": "One line: what was sold (or given back, or adjusted) under one contract, and what is left of it.",
            },
            bases=["Model"],
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
                ("evidence", fields.CharField(null=True, max_length=300)),
                ("confirmed_by", fields.UUIDField(null=True)),
                ("failure", fields.CharField(null=True, max_length=120)),
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
            [
                "ALTER TABLE \"adjustment\" ADD CONSTRAINT \"adjustment_state_known\" CHECK (state IN ('PROPOSED', 'APPROVED', 'DECLINED'))",
                'ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_says_something" CHECK (amount_minor <> 0)',
                'ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_two_people" CHECK (decided_by IS NULL OR decided_by <> proposed_by)',
                'ALTER TABLE "adjustment" ADD CONSTRAINT "adjustment_decided_by_somebody" CHECK ((state = \'PROPOSED\') = (decided_by IS NULL))',
                "ALTER TABLE \"settlement_run\" ADD CONSTRAINT \"settlement_run_state_known\" CHECK (state IN ('RUNNING', 'FINISHED'))",
                "ALTER TABLE \"settlement_run\" ADD CONSTRAINT \"settlement_run_schedule_known\" CHECK (schedule IN ('WEEKLY', 'MONTHLY'))",
                'ALTER TABLE "statement" ADD CONSTRAINT "statement_adds_up" CHECK (closing_minor = opening_minor + gross_minor - commission_minor - vat_minor + adjustments_minor)',
                'ALTER TABLE "statement" ADD CONSTRAINT "statement_period_in_order" CHECK (period_from <= period_until)',
                "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_state_known\" CHECK (state IN ('CARRIED', 'PLANNED', 'SENT', 'IN_BANK', 'FAILED'))",
                "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_reason_known\" CHECK (reason IN ('NOTHING_DUE', 'NEGATIVE_BALANCE', 'PARTNER_SUSPENDED', 'BELOW_MINIMUM', 'NO_PAYOUT_ACCOUNT', 'ACCOUNT_NOT_READY', 'WAITING_FOR_FUNDS', 'TRANSFER_REFUSED', 'TRANSFER_REVERSED', 'BANK_RETURNED'))",
                "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_carries_what_is_not_paid\" CHECK (carried_into_id IS NULL OR state IN ('CARRIED', 'FAILED'))",
                "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_carried_says_why\" CHECK (state NOT IN ('CARRIED', 'FAILED') OR reason IS NOT NULL)",
                "ALTER TABLE \"payout\" ADD CONSTRAINT \"payout_sends_something\" CHECK (state IN ('CARRIED', 'FAILED') OR amount_minor > 0)",
                "ALTER TABLE \"payout_event\" ADD CONSTRAINT \"payout_event_state_known\" CHECK (state IN ('CARRIED', 'PLANNED', 'SENT', 'IN_BANK', 'FAILED'))",
                "ALTER TABLE \"statement_line\" ADD CONSTRAINT \"statement_line_kind_known\" CHECK (kind IN ('SALES', 'DONATIONS', 'REFUNDS', 'ADJUSTMENTS'))",
                'ALTER TABLE "statement_line" ADD CONSTRAINT "statement_line_adds_up" CHECK (net_minor = gross_minor - commission_minor - vat_minor)',
                "ALTER TABLE \"top_up\" ADD CONSTRAINT \"top_up_method_known\" CHECK (method IN ('STRIPE', 'BANK_TRANSFER'))",
                "ALTER TABLE \"top_up\" ADD CONSTRAINT \"top_up_state_known\" CHECK (state IN ('PENDING', 'SUCCEEDED', 'FAILED'))",
                'ALTER TABLE "top_up" ADD CONSTRAINT "top_up_amount_positive" CHECK (amount_minor > 0)',
            ],
            [
                'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_amount_positive"',
                'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_state_known"',
                'ALTER TABLE "top_up" DROP CONSTRAINT "top_up_method_known"',
                'ALTER TABLE "statement_line" DROP CONSTRAINT "statement_line_adds_up"',
                'ALTER TABLE "statement_line" DROP CONSTRAINT "statement_line_kind_known"',
                'ALTER TABLE "payout_event" DROP CONSTRAINT "payout_event_state_known"',
                'ALTER TABLE "payout" DROP CONSTRAINT "payout_sends_something"',
                'ALTER TABLE "payout" DROP CONSTRAINT "payout_carried_says_why"',
                'ALTER TABLE "payout" DROP CONSTRAINT "payout_carries_what_is_not_paid"',
                'ALTER TABLE "payout" DROP CONSTRAINT "payout_reason_known"',
                'ALTER TABLE "payout" DROP CONSTRAINT "payout_state_known"',
                'ALTER TABLE "statement" DROP CONSTRAINT "statement_period_in_order"',
                'ALTER TABLE "statement" DROP CONSTRAINT "statement_adds_up"',
                'ALTER TABLE "settlement_run" DROP CONSTRAINT "settlement_run_schedule_known"',
                'ALTER TABLE "settlement_run" DROP CONSTRAINT "settlement_run_state_known"',
                'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_decided_by_somebody"',
                'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_two_people"',
                'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_says_something"',
                'ALTER TABLE "adjustment" DROP CONSTRAINT "adjustment_state_known"',
            ],
        ),
    ]
