"""Tables of partner files."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class UploadKind(StrEnum):
    """What a file holds."""

    OFFERS = "OFFERS"
    CODES = "CODES"


class UploadState(StrEnum):
    """CHECKED files have been rehearsed; PUBLISHED ones are in the catalogue; DISCARDED ones never will be."""

    CHECKED = "CHECKED"
    PUBLISHED = "PUBLISHED"
    DISCARDED = "DISCARDED"


class RowChange(StrEnum):
    """What publishing a row does to the catalogue."""

    NEW = "NEW"
    UPDATE = "UPDATE"


class Upload(Model):
    """One file of one partner, checked row by row."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    kind: fields.Field[str] = columns.text(20)
    state: fields.Field[str] = columns.text(20)
    filename: fields.Field[str] = columns.text(255)
    sha256: fields.Field[str] = columns.text(64)
    rows_total: fields.Field[int] = fields.IntField(default=0)
    rows_good: fields.Field[int] = fields.IntField(default=0)
    rows_bad: fields.Field[int] = fields.IntField(default=0)
    uploaded_at: fields.Field[datetime] = columns.moment()
    published_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "upload"
        constraints = [
            columns.one_of("upload", "kind", UploadKind),
            columns.one_of("upload", "state", UploadState),
        ]


class UploadRow(Model):
    """A good row, ready to publish. Codes are encrypted here already."""

    id: fields.Field[UUID] = columns.key()
    upload: Any = columns.ref("uploads.Upload", index=False)
    upload_id: UUID
    line: fields.Field[int] = fields.IntField()
    data: fields.Field[dict[str, Any]] = columns.facts()

    class Meta(Model.Meta):
        table = "upload_row"
        unique_together = (("upload_id", "line"),)


class UploadProblem(Model):
    """What is wrong in one cell: where, the value, why, and what it could be. Codes are never shown in full.

    `message` and `advice` are templates with `facts`, said in the reader's language; `suggestion` stays as it is.
    """

    id: fields.Field[UUID] = columns.key()
    upload: Any = columns.ref("uploads.Upload", index=False)
    upload_id: UUID
    line: fields.Field[int] = fields.IntField()
    column: fields.Field[str] = columns.text(80)
    value: fields.Field[str] = columns.text(200)
    code: fields.Field[str] = columns.text(60)
    message: fields.Field[str] = columns.text(400)
    suggestion: fields.Field[str] = columns.text(400, default="")
    advice: fields.Field[str] = columns.text(400, default="")
    facts: fields.Field[dict[str, Any]] = columns.facts()

    class Meta(Model.Meta):
        table = "upload_problem"
        indexes = [Index(fields=["upload_id", "line", "id"], name="upload_problem_line")]
