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
            name="Endpoint",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("url", fields.CharField(max_length=2000)),
                ("types", fields.JSONField(default=list, encoder=JSON_DUMPS, decoder=loads)),
                ("secret", fields.CharField(max_length=400)),
                ("old_secret", fields.CharField(null=True, max_length=400)),
                ("old_secret_until", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("enabled", fields.BooleanField(default=True)),
                ("disabled_reason", fields.CharField(null=True, max_length=200)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("deleted_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_endpoint",
                "app": "webhooks",
                "constraints": [
                    CheckConstraint(
                        check="owner_kind IN ('PARTNER', 'PROGRAM')", name="webhook_endpoint_owner_kind_known"
                    ),
                    CheckConstraint(
                        check="deleted_at IS NULL OR NOT enabled", name="webhook_endpoint_deleted_is_disabled"
                    ),
                ],
                "indexes": [Index(fields=["owner_id"], name="webhook_endpoint_owner")],
                "pk_attr": "id",
                "table_description": "A URL that its owner wants to be told at. Secrets are encrypted; the old one signs too until its time.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Event",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("owner_kind", fields.CharField(max_length=20)),
                ("owner_id", fields.UUIDField()),
                ("type", fields.CharField(max_length=40)),
                ("change_id", fields.BigIntField(null=True)),
                ("data", fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_event",
                "app": "webhooks",
                "unique_together": (("change_id", "owner_id", "type"),),
                "constraints": [
                    CheckConstraint(
                        check="type IN ('redemption.requested', 'redemption.fulfilled', 'redemption.cancelled', 'redemption.failed', 'redemption.refunded', 'statement.issued', 'payout.sent', 'payout.in_bank', 'payout.failed', 'gift.claimed', 'upload.published', 'webhook.test')",
                        name="webhook_event_type_known",
                    )
                ],
                "indexes": [Index(fields=["owner_id", "id"], name="webhook_event_owner")],
                "pk_attr": "id",
                "table_description": "One thing that happened, as it is told to one owner. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Delivery",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                (
                    "endpoint",
                    fields.ForeignKeyField(
                        "webhooks.Endpoint",
                        source_field="endpoint_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "event",
                    fields.ForeignKeyField(
                        "webhooks.Event",
                        source_field="event_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("owner_id", fields.UUIDField()),
                ("state", fields.CharField(max_length=20)),
                ("attempts", fields.IntField(default=0)),
                ("last_status", fields.IntField(null=True)),
                ("last_error", fields.CharField(null=True, max_length=200)),
                ("last_tried_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("next_try_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("delivered_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "webhook_delivery",
                "app": "webhooks",
                "unique_together": (("endpoint_id", "event_id"),),
                "constraints": [
                    CheckConstraint(
                        check="state IN ('PENDING', 'DELIVERED', 'FAILED')", name="webhook_delivery_state_known"
                    ),
                    CheckConstraint(
                        check="(state = 'DELIVERED') = (delivered_at IS NOT NULL)",
                        name="webhook_delivery_delivered_has_its_moment",
                    ),
                ],
                "indexes": [
                    Index(fields=["owner_id", "id"], name="webhook_delivery_owner"),
                    Index(fields=["state"], name="webhook_delivery_state"),
                ],
                "pk_attr": "id",
                "table_description": "What became of telling an event to an endpoint.",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE \"webhook_endpoint\" ADD CONSTRAINT \"webhook_endpoint_owner_kind_known\" CHECK (owner_kind IN ('PARTNER', 'PROGRAM'))",
                'ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_endpoint_deleted_is_disabled" CHECK (deleted_at IS NULL OR NOT enabled)',
                "ALTER TABLE \"webhook_event\" ADD CONSTRAINT \"webhook_event_type_known\" CHECK (type IN ('redemption.requested', 'redemption.fulfilled', 'redemption.cancelled', 'redemption.failed', 'redemption.refunded', 'statement.issued', 'payout.sent', 'payout.in_bank', 'payout.failed', 'gift.claimed', 'upload.published', 'webhook.test'))",
                "ALTER TABLE \"webhook_delivery\" ADD CONSTRAINT \"webhook_delivery_state_known\" CHECK (state IN ('PENDING', 'DELIVERED', 'FAILED'))",
                'ALTER TABLE "webhook_delivery" ADD CONSTRAINT "webhook_delivery_delivered_has_its_moment" CHECK ((state = \'DELIVERED\') = (delivered_at IS NOT NULL))',
            ],
            [
                'ALTER TABLE "webhook_delivery" DROP CONSTRAINT "webhook_delivery_delivered_has_its_moment"',
                'ALTER TABLE "webhook_delivery" DROP CONSTRAINT "webhook_delivery_state_known"',
                'ALTER TABLE "webhook_event" DROP CONSTRAINT "webhook_event_type_known"',
                'ALTER TABLE "webhook_endpoint" DROP CONSTRAINT "webhook_endpoint_deleted_is_disabled"',
                'ALTER TABLE "webhook_endpoint" DROP CONSTRAINT "webhook_endpoint_owner_kind_known"',
            ],
        ),
    ]
