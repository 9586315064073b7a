"""Tables of the door: what was asked, who did it, and what is still to be told."""

from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit.ids import new_id


class OperationRecord(Model):
    """One write that was let in: a repeat of the key answers `result_id` instead of running again."""

    id: fields.Field[UUID] = fields.UUIDField(primary_key=True, default=new_id)
    actor_kind: fields.Field[str] = fields.CharField(max_length=20)
    actor_id: fields.Field[UUID] = fields.UUIDField()
    operation: fields.Field[str] = fields.CharField(max_length=80)
    idempotency_key: fields.Field[str] = fields.CharField(max_length=255)
    fingerprint: fields.Field[str] = fields.CharField(max_length=64)
    result_id: fields.Field[UUID | None] = fields.UUIDField(null=True)
    recorded_at: fields.Field[Any] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "operation_record"
        unique_together = (("actor_kind", "actor_id", "operation", "idempotency_key"),)
        indexes = [Index(fields=["recorded_at"], name="operation_record_recorded_at")]


class AuditEntry(Model):
    """Who did what to which row, written in the transaction that did it. Append-only.

    `person_id` is the member of a partner's or program's staff who did it, when a person did.
    """

    id: fields.Field[UUID] = fields.UUIDField(primary_key=True, default=new_id)
    at: fields.Field[Any] = fields.DatetimeField()
    actor_kind: fields.Field[str] = fields.CharField(max_length=20)
    actor_id: fields.Field[UUID] = fields.UUIDField()
    operation: fields.Field[str] = fields.CharField(max_length=80)
    subject_type: fields.Field[str] = fields.CharField(max_length=60)
    subject_id: fields.Field[UUID | None] = fields.UUIDField(null=True)
    person_id: fields.Field[UUID | None] = fields.UUIDField(null=True)

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "audit_entry"
        indexes = [
            Index(fields=["subject_id", "id"], name="audit_entry_subject"),
            Index(fields=["actor_id", "id"], name="audit_entry_actor"),
        ]


class StampNote(Model):
    """That a transaction changed something others keep copies of; written by triggers, see `kit.stamps`."""

    id: fields.Field[UUID] = fields.UUIDField(primary_key=True, default=new_id)
    what: fields.Field[str] = fields.CharField(max_length=20)
    xact: fields.Field[int] = fields.BigIntField()
    at: fields.Field[Any] = fields.DatetimeField()

    class Meta(Model.Meta):
        table = "stamp_note"
        unique_together = (("what", "xact"),)
        indexes = [Index(fields=["at"], name="stamp_note_at")]


class OutboxMessage(Model):
    """Work that a committed change asks for; the relay hands it to the workers."""

    id: fields.Field[UUID] = fields.UUIDField(primary_key=True, default=new_id)
    task: fields.Field[str] = fields.CharField(max_length=80)
    payload: fields.Field[dict[str, Any]] = fields.JSONField[dict[str, Any]]()
    due_at: fields.Field[Any] = fields.DatetimeField()
    attempts: fields.Field[int] = fields.IntField(default=0)

    class Meta(Model.Meta):
        table = "outbox_message"
        indexes = [Index(fields=["due_at", "id"], name="outbox_message_due")]


class Change(Model):
    """Something that changed, noted by a trigger in the transaction that changed it, until the relay has told it.

    `audience` are the ids of those it concerns, `state` where the thing then stood or what happened to it.
    """

    id: fields.Field[int] = fields.BigIntField(primary_key=True, generated=True)
    topic: fields.Field[str] = fields.CharField(max_length=40)
    subject_id: fields.Field[UUID] = fields.UUIDField()
    audience: fields.Field[str] = fields.CharField(max_length=255, default="")
    state: fields.Field[str | None] = fields.CharField(max_length=40, null=True)

    class Meta(Model.Meta):
        table = "change"


class BooksCheck(Model):
    """What one check of the books found at one time. Append-only."""

    id: fields.Field[UUID] = fields.UUIDField(primary_key=True, default=new_id)
    name: fields.Field[str] = fields.CharField(max_length=120)
    violations: fields.Field[int] = fields.IntField()
    checked_at: fields.Field[Any] = fields.DatetimeField()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "books_check"
        indexes = [Index(fields=["checked_at"], name="books_check_at")]
