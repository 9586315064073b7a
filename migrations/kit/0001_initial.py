from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from marketplace.kit.ids import new_id


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("actor_kind", fields.CharField(max_length=20)),
                ("actor_id", fields.UUIDField()),
                ("operation", fields.CharField(max_length=80)),
                ("subject_type", fields.CharField(max_length=60)),
                ("subject_id", fields.UUIDField(null=True)),
            ],
            options={
                "table": "audit_entry",
                "app": "kit",
                "indexes": [
                    Index(fields=["subject_id", "id"], name="audit_entry_subject"),
                    Index(fields=["actor_id", "id"], name="audit_entry_actor"),
                ],
                "pk_attr": "id",
                "table_description": "Who did what to which row, written in the transaction that did it. Append-only.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OperationRecord",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("actor_kind", fields.CharField(max_length=20)),
                ("actor_id", fields.UUIDField()),
                ("operation", fields.CharField(max_length=80)),
                ("idempotency_key", fields.CharField(max_length=255)),
                ("fingerprint", fields.CharField(max_length=64)),
                ("result_id", fields.UUIDField(null=True)),
                ("recorded_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "operation_record",
                "app": "kit",
                "unique_together": (("actor_kind", "actor_id", "operation", "idempotency_key"),),
                "indexes": [Index(fields=["recorded_at"], name="operation_record_recorded_at")],
                "pk_attr": "id",
                "table_description": "One write that was let in: a repeat of the key answers `result_id` instead of running again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OutboxMessage",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("task", fields.CharField(max_length=80)),
                ("payload", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("due_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("attempts", fields.IntField(default=0)),
            ],
            options={
                "table": "outbox_message",
                "app": "kit",
                "indexes": [Index(fields=["due_at", "id"], name="outbox_message_due")],
                "pk_attr": "id",
                "table_description": "Work that a committed change asks for; the relay hands it to the workers.",
            },
            bases=["Model"],
        ),
    ]
