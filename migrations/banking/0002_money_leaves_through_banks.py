from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    """Whose account a partner is paid to, transfers with their attempts, and batches."""

    dependencies = [
        ("banking", "0001_initial"),
        ("ledger", "0001_initial"),
        ("ledger", "0002_transfers_keep_to_one_unit"),
        ("ledger", "0003_periods_are_closed"),
        ("ledger", "0004_points_and_a_card"),
        ("ledger", "0004_the_newest_rate_is_found"),
        ("ledger", "0005_money_at_banks"),
        ("partners", "0001_initial"),
        ("partners", "0002_contracts_never_overlap"),
        ("partners", "0003_refunds_in_parts"),
        ("partners", "0004_who_bears_discounts"),
        ("partners", "0005_accruals_have_their_place"),
    ]

    operations = [
        ops.CreateModel(
            name="BankBatch",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "account",
                    fields.ForeignKeyField(
                        "banking.BankAccount",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("message_id", fields.CharField(unique=True, max_length=35)),
                ("payment_id", fields.CharField(unique=True, max_length=35)),
                ("transfers", fields.IntField()),
                ("control_minor", fields.BigIntField()),
                ("execute_on", fields.DateField()),
                ("sha256", fields.CharField(max_length=64)),
                ("sealed", fields.TextField(default="", unique=False)),
                ("prepared_by", fields.UUIDField()),
                ("prepared_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("approved_by", fields.UUIDField(null=True)),
                ("approved_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("answer", fields.CharField(null=True, max_length=35)),
            ],
            options={
                "table": "bank_batch",
                "app": "banking",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PREPARED', 'APPROVED', 'DISCARDED', 'GIVEN_UP')",
                        name="bank_batch_state_known",
                    ),
                    CheckConstraint(check="transfers > 0 AND control_minor > 0", name="bank_batch_pays_something"),
                    CheckConstraint(
                        check="state <> 'APPROVED' OR approved_by IS NOT NULL",
                        name="bank_batch_approved_by_somebody",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One pain.001: what its transfers are together, and the file as it is fetched (sealed: it has names).",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankDetails",
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
                ("state", fields.CharField(max_length=20)),
                ("country", fields.CharField(max_length=2)),
                ("shown", fields.CharField(max_length=60)),
                ("sealed", fields.CharField(max_length=1500)),
                ("print", fields.CharField(max_length=64)),
                ("proposed_by", fields.UUIDField()),
                ("proposed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("usable_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("agreed_by", fields.UUIDField(null=True)),
                ("agreed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("cancelled_by", fields.UUIDField(null=True)),
            ],
            options={
                "table": "bank_details",
                "app": "banking",
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PROPOSED', 'AGREED', 'CANCELLED')", name="bank_details_state_known"
                    ),
                    CheckConstraint(
                        check="agreed_by IS NULL OR agreed_by <> proposed_by", name="bank_details_two_people"
                    ),
                    CheckConstraint(
                        check="state <> 'AGREED' OR agreed_by IS NOT NULL", name="bank_details_agreed_by_somebody"
                    ),
                    UniqueConstraint(
                        fields=("partner_id",), name="bank_details_one_proposal", condition="state = 'PROPOSED'"
                    ),
                ],
                "indexes": [Index(fields=["print"], name="bank_details_print")],
                "pk_attr": "id",
                "table_description": "A partner's account at its bank. `sealed` has it; `print` finds the same account again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankTransfer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("purpose", fields.CharField(max_length=40)),
                ("ref_id", fields.UUIDField()),
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
                ("rail", fields.CharField(max_length=20)),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("remittance", fields.CharField(max_length=140)),
                ("state", fields.CharField(max_length=20)),
                ("hold", fields.CharField(null=True, max_length=30)),
                ("attempt", fields.IntField(default=0)),
                ("reason_code", fields.CharField(null=True, max_length=35)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ordered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("accepted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("booked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_transfer",
                "app": "banking",
                "unique_together": (("purpose", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PLANNED', 'BATCHED', 'ORDERED', 'ACCEPTED', 'BOOKED', 'RETURNED', 'REJECTED')",
                        name="bank_transfer_state_known",
                    ),
                    CheckConstraint(
                        check="hold IN ('NO_BANK_DETAILS', 'BANK_DETAILS_CHANGING', 'PARTNER_SUSPENDED', 'WAITING_FOR_FUNDS', 'RAIL_CANNOT_REACH')",
                        name="bank_transfer_hold_known",
                    ),
                    CheckConstraint(check="rail IN ('SEPA', 'MANUAL')", name="bank_transfer_rail_known"),
                    CheckConstraint(check="amount_minor > 0", name="bank_transfer_amount_positive"),
                ],
                "indexes": [Index(fields=["state", "id"], name="bank_transfer_state")],
                "pk_attr": "id",
                "table_description": "Money to a partner's bank for one cause. `attempt` counts the attempts, each a row of its own.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankAttempt",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "transfer",
                    fields.ForeignKeyField(
                        "banking.BankTransfer",
                        source_field="transfer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("number", fields.IntField()),
                ("end_to_end_id", fields.CharField(unique=True, max_length=35)),
                (
                    "batch",
                    fields.ForeignKeyField(
                        "banking.BankBatch",
                        source_field="batch_id",
                        null=True,
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "details",
                    fields.ForeignKeyField(
                        "banking.BankDetails",
                        source_field="details_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("state", fields.CharField(max_length=20)),
                ("answer", fields.CharField(null=True, max_length=35)),
                ("reference", fields.CharField(null=True, max_length=80)),
                ("paid_on", fields.DateField(null=True)),
                ("evidence", fields.CharField(null=True, max_length=300)),
                ("made_by", fields.UUIDField()),
                ("made_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("confirmed_by", fields.UUIDField(null=True)),
            ],
            options={
                "table": "bank_attempt",
                "app": "banking",
                "unique_together": (("transfer_id", "number"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('MADE', 'ORDERED', 'ACCEPTED', 'BOOKED', 'RETURNED', 'REJECTED', 'GIVEN_UP', 'DISCARDED')",
                        name="bank_attempt_state_known",
                    ),
                    CheckConstraint(
                        check="confirmed_by IS NULL OR confirmed_by <> made_by", name="bank_attempt_two_people"
                    ),
                    CheckConstraint(
                        check="batch_id IS NOT NULL OR (reference IS NOT NULL AND paid_on IS NOT NULL)",
                        name="bank_attempt_by_file_or_by_hand",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One try to pay a transfer, under an end-to-end id of its own, to the details of that moment.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="BankNote",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "transfer",
                    fields.ForeignKeyField(
                        "banking.BankTransfer",
                        source_field="transfer_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("attempt", fields.IntField()),
                ("state", fields.CharField(max_length=20)),
                ("said", fields.CharField(null=True, max_length=300)),
                (
                    "file",
                    fields.ForeignKeyField(
                        "banking.BankFile",
                        source_field="file_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "entry",
                    fields.ForeignKeyField(
                        "banking.BankEntry",
                        source_field="entry_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "bank_note",
                "app": "banking",
                "pk_attr": "id",
                "table_description": "One step of a transfer, as evidence told it: what was known from then on, and from which file or entry.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"bank_batch\" ADD CONSTRAINT \"bank_batch_state_known\" CHECK (state IN ('PREPARED', 'APPROVED', 'DISCARDED', 'GIVEN_UP'))",
                'ALTER TABLE "bank_batch" ADD CONSTRAINT "bank_batch_pays_something" CHECK (transfers > 0 AND control_minor > 0)',
                'ALTER TABLE "bank_batch" ADD CONSTRAINT "bank_batch_approved_by_somebody" CHECK (state <> \'APPROVED\' OR approved_by IS NOT NULL)',
                "ALTER TABLE \"bank_details\" ADD CONSTRAINT \"bank_details_state_known\" CHECK (state IN ('PROPOSED', 'AGREED', 'CANCELLED'))",
                'ALTER TABLE "bank_details" ADD CONSTRAINT "bank_details_two_people" CHECK (agreed_by IS NULL OR agreed_by <> proposed_by)',
                'ALTER TABLE "bank_details" ADD CONSTRAINT "bank_details_agreed_by_somebody" CHECK (state <> \'AGREED\' OR agreed_by IS NOT NULL)',
                'CREATE UNIQUE INDEX "bank_details_one_proposal" ON "bank_details" ("partner_id") WHERE state = \'PROPOSED\'',
                "ALTER TABLE \"bank_transfer\" ADD CONSTRAINT \"bank_transfer_state_known\" CHECK (state IN ('PLANNED', 'BATCHED', 'ORDERED', 'ACCEPTED', 'BOOKED', 'RETURNED', 'REJECTED'))",
                "ALTER TABLE \"bank_transfer\" ADD CONSTRAINT \"bank_transfer_hold_known\" CHECK (hold IN ('NO_BANK_DETAILS', 'BANK_DETAILS_CHANGING', 'PARTNER_SUSPENDED', 'WAITING_FOR_FUNDS', 'RAIL_CANNOT_REACH'))",
                "ALTER TABLE \"bank_transfer\" ADD CONSTRAINT \"bank_transfer_rail_known\" CHECK (rail IN ('SEPA', 'MANUAL'))",
                'ALTER TABLE "bank_transfer" ADD CONSTRAINT "bank_transfer_amount_positive" CHECK (amount_minor > 0)',
                "ALTER TABLE \"bank_attempt\" ADD CONSTRAINT \"bank_attempt_state_known\" CHECK (state IN ('MADE', 'ORDERED', 'ACCEPTED', 'BOOKED', 'RETURNED', 'REJECTED', 'GIVEN_UP', 'DISCARDED'))",
                'ALTER TABLE "bank_attempt" ADD CONSTRAINT "bank_attempt_two_people" CHECK (confirmed_by IS NULL OR confirmed_by <> made_by)',
                'ALTER TABLE "bank_attempt" ADD CONSTRAINT "bank_attempt_by_file_or_by_hand" CHECK (batch_id IS NOT NULL OR (reference IS NOT NULL AND paid_on IS NOT NULL))',
            ],
            [
                'ALTER TABLE "bank_attempt" DROP CONSTRAINT "bank_attempt_by_file_or_by_hand"',
                'ALTER TABLE "bank_attempt" DROP CONSTRAINT "bank_attempt_two_people"',
                'ALTER TABLE "bank_attempt" DROP CONSTRAINT "bank_attempt_state_known"',
                'ALTER TABLE "bank_transfer" DROP CONSTRAINT "bank_transfer_amount_positive"',
                'ALTER TABLE "bank_transfer" DROP CONSTRAINT "bank_transfer_rail_known"',
                'ALTER TABLE "bank_transfer" DROP CONSTRAINT "bank_transfer_hold_known"',
                'ALTER TABLE "bank_transfer" DROP CONSTRAINT "bank_transfer_state_known"',
                'DROP INDEX "bank_details_one_proposal"',
                'ALTER TABLE "bank_details" DROP CONSTRAINT "bank_details_agreed_by_somebody"',
                'ALTER TABLE "bank_details" DROP CONSTRAINT "bank_details_two_people"',
                'ALTER TABLE "bank_details" DROP CONSTRAINT "bank_details_state_known"',
                'ALTER TABLE "bank_batch" DROP CONSTRAINT "bank_batch_approved_by_somebody"',
                'ALTER TABLE "bank_batch" DROP CONSTRAINT "bank_batch_pays_something"',
                'ALTER TABLE "bank_batch" DROP CONSTRAINT "bank_batch_state_known"',
            ],
        ),
    ]
