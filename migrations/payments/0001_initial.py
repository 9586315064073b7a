from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="BalanceTransaction",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("stripe_id", fields.CharField(unique=True, max_length=80)),
                ("type", fields.CharField(max_length=60)),
                ("amount_minor", fields.BigIntField()),
                ("fee_minor", fields.BigIntField()),
                ("net_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("source", fields.CharField(null=True, max_length=80)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("available_on", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "balance_transaction",
                "app": "payments",
                "indexes": [Index(fields=["currency", "created_at"], name="balance_transaction_created")],
                "pk_attr": "id",
                "table_description": "A copy of one of the platform's balance transactions at Stripe: what the books are compared with.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ConnectedAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("country", fields.CharField(max_length=2)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("payouts_enabled", fields.BooleanField(default=False)),
                ("requirements", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("disabled_reason", fields.CharField(null=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("updated_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "connected_account",
                "app": "payments",
                "unique_together": (("owner_kind", "owner_id"),),
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('MEMBER', 'PARTNER')", name="connected_account_owner_kind_known"
                    )
                ],
                "pk_attr": "id",
                "table_description": "A payee's account at Stripe, and whether it can be paid.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="InboundPayment",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("purpose", fields.CharField(max_length=40)),
                ("ref_id", fields.UUIDField()),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=20)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("error_code", fields.CharField(null=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("succeeded_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "inbound_payment",
                "app": "payments",
                "unique_together": (("purpose", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PLANNED', 'PENDING', 'SUCCEEDED', 'FAILED', 'REFUNDED')",
                        name="inbound_payment_state_known",
                    ),
                    CheckConstraint(check="amount_minor > 0", name="inbound_payment_amount_positive"),
                ],
                "pk_attr": "id",
                "table_description": "Money that somebody pays us through Stripe for one cause. Its id is in the intent's metadata.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboundTransfer",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("purpose", fields.CharField(max_length=40)),
                ("ref_id", fields.UUIDField()),
                (
                    "account",
                    fields.ForeignKeyField(
                        "payments.ConnectedAccount",
                        source_field="account_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("amount_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("state", fields.CharField(max_length=20)),
                ("attempt", fields.IntField(default=0)),
                ("stripe_id", fields.CharField(null=True, unique=True, max_length=80)),
                ("stripe_payout_id", fields.CharField(null=True, max_length=80)),
                ("error_code", fields.CharField(null=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("attempted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("sent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("in_bank_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("closed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "outbound_transfer",
                "app": "payments",
                "unique_together": (("purpose", "ref_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PLANNED', 'IN_FLIGHT', 'UNKNOWN', 'WAITING_FOR_FUNDS', 'SENT', 'IN_BANK', 'FAILED', 'REVERSED')",
                        name="outbound_transfer_state_known",
                    ),
                    CheckConstraint(check="amount_minor > 0", name="outbound_transfer_amount_positive"),
                ],
                "indexes": [Index(fields=["state", "attempted_at"], name="outbound_transfer_open")],
                "pk_attr": "id",
                "table_description": "Money to a connected account for one cause. Its id is Stripe's transfer_group.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="StripeEvent",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("stripe_id", fields.CharField(unique=True, max_length=80)),
                ("type", fields.CharField(max_length=80)),
                ("account", fields.CharField(null=True, max_length=80)),
                ("payload", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("received_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("processed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("outcome", fields.CharField(null=True, max_length=120)),
            ],
            options={
                "table": "stripe_event",
                "app": "payments",
                "pk_attr": "id",
                "table_description": "The inbox of webhooks: each event of Stripe's once, processed in the transaction that marks it.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"connected_account\" ADD CONSTRAINT \"connected_account_owner_kind_known\" CHECK (owner_kind IN ('MEMBER', 'PARTNER'))",
                "ALTER TABLE \"inbound_payment\" ADD CONSTRAINT \"inbound_payment_state_known\" CHECK (state IN ('PLANNED', 'PENDING', 'SUCCEEDED', 'FAILED', 'REFUNDED'))",
                'ALTER TABLE "inbound_payment" ADD CONSTRAINT "inbound_payment_amount_positive" CHECK (amount_minor > 0)',
                "ALTER TABLE \"outbound_transfer\" ADD CONSTRAINT \"outbound_transfer_state_known\" CHECK (state IN ('PLANNED', 'IN_FLIGHT', 'UNKNOWN', 'WAITING_FOR_FUNDS', 'SENT', 'IN_BANK', 'FAILED', 'REVERSED'))",
                'ALTER TABLE "outbound_transfer" ADD CONSTRAINT "outbound_transfer_amount_positive" CHECK (amount_minor > 0)',
            ],
            [
                'ALTER TABLE "outbound_transfer" DROP CONSTRAINT "outbound_transfer_amount_positive"',
                'ALTER TABLE "outbound_transfer" DROP CONSTRAINT "outbound_transfer_state_known"',
                'ALTER TABLE "inbound_payment" DROP CONSTRAINT "inbound_payment_amount_positive"',
                'ALTER TABLE "inbound_payment" DROP CONSTRAINT "inbound_payment_state_known"',
                'ALTER TABLE "connected_account" DROP CONSTRAINT "connected_account_owner_kind_known"',
            ],
        ),
    ]
