"""Tables of who may ask, and of the operations that may be asked."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class KeyOwner(StrEnum):
    """Principals that hold API keys."""

    PARTNER = "PARTNER"
    PROGRAM = "PROGRAM"
    OPERATOR = "OPERATOR"


class Operator(Model):
    """A person who runs the marketplace."""

    id: fields.Field[UUID] = columns.key()
    name: fields.Field[str] = columns.text(120, unique=True)
    roles: fields.Field[list[str]] = columns.names()
    active: fields.Field[bool] = columns.flag(True)
    created_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "operator"


class StaffMember(Model):
    """A person who works for a partner or a program; operators are the marketplace's own."""

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    name: fields.Field[str] = columns.text(120)
    roles: fields.Field[list[str]] = columns.names()
    active: fields.Field[bool] = columns.flag(True)
    added_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "staff_member"
        indexes = [Index(fields=["owner_kind", "owner_id"], name="staff_member_owner")]
        constraints = [columns.holds("staff_member", "works_for_others", "owner_kind IN ('PARTNER', 'PROGRAM')")]


class ApiKey(Model):
    """`mk_live_<key_id>_<secret>`: only the SHA-256 of the secret is kept.

    With a staff member it is that person's token: it speaks for the owner, within the person's roles.
    """

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    name: fields.Field[str] = columns.text(120)
    key_id: fields.Field[str] = columns.text(24, unique=True)
    secret_hash: fields.Field[str] = columns.text(64)
    scopes: fields.Field[list[str]] = columns.names()
    staff: Any = columns.ref("access.StaffMember", null=True)
    staff_id: UUID | None
    replaces: Any = columns.ref("access.ApiKey", null=True, index=False)
    replaces_id: UUID | None
    created_at: fields.Field[datetime] = columns.moment()
    expires_at: fields.Field[datetime | None] = columns.moment_or_none()
    revoked_at: fields.Field[datetime | None] = columns.moment_or_none()
    last_used_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "api_key"
        indexes = [Index(fields=["owner_kind", "owner_id"], name="api_key_owner")]
        constraints = [
            columns.one_of("api_key", "owner_kind", KeyOwner),
            columns.Unique(
                fields=("replaces_id",), name="api_key_replaced_once", condition="replaces_id IS NOT NULL"
            ),
        ]


class FirstWord(Model):
    """What one person said of something that takes two: the second one is another person. Append-only."""

    id: fields.Field[UUID] = columns.key()
    act: fields.Field[str] = columns.text(80)
    subject_id: fields.Field[UUID] = fields.UUIDField()
    said_by: fields.Field[UUID] = fields.UUIDField()
    said: fields.Field[str] = columns.text(300)
    said_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "first_word"
        unique_together = (("act", "subject_id"),)


class RegisteredOperation(Model):
    """A GraphQL document that an application was built with, found by the id its manifest gives it."""

    id: fields.Field[UUID] = columns.key()
    operation_id: fields.Field[str] = columns.text(128, unique=True)
    name: fields.Field[str] = columns.text(200)
    sha256: fields.Field[str] = columns.text(64)
    body: fields.Field[str] = columns.prose()
    registered_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "registered_operation"
        indexes = [Index(fields=["sha256"], name="registered_operation_sha256")]
        constraints = [columns.holds("registered_operation", "body_is_bounded", "length(body) <= 100000")]
