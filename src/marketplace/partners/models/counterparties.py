"""Partners and their brands."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class PartnerKind(StrEnum):
    """Whether a partner sells rewards or receives donations."""

    COMMERCIAL = "COMMERCIAL"
    CHARITY = "CHARITY"


class PartnerStatus(StrEnum):
    """Where a partner stands with the marketplace."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    SUSPENDED = "SUSPENDED"


class Partner(Model):
    """The legal counterparty that is settled. A charity has a registry id (org-id.guide scheme)."""

    id: fields.Field[UUID] = columns.key()
    name: fields.Field[str] = columns.text(200)
    slug: fields.Field[str] = columns.text(120, unique=True)
    kind: fields.Field[str] = columns.text(20)
    status: fields.Field[str] = columns.text(20)
    country: fields.Field[str] = columns.text(2)
    registry_id: fields.Field[str | None] = columns.text_or_none(60, unique=True)
    created_at: fields.Field[datetime] = columns.moment()
    approved_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "partner"
        constraints = [
            columns.one_of("partner", "kind", PartnerKind),
            columns.one_of("partner", "status", PartnerStatus),
            columns.holds("partner", "charity_has_registry_id", "kind <> 'CHARITY' OR registry_id IS NOT NULL"),
        ]


class Brand(Model):
    """What a shopper recognises. A partner has one or more."""

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    name: fields.Field[str] = columns.text(120)
    slug: fields.Field[str] = columns.text(120, unique=True)
    website: fields.Field[str | None] = columns.text_or_none(300)
    wikidata_id: fields.Field[str | None] = columns.text_or_none(20)
    countries: fields.Field[list[str]] = columns.names()
    category: fields.Field[str | None] = columns.text_or_none(40)

    class Meta(Model.Meta):
        table = "brand"
        indexes = [Index(fields=["name", "id"], name="brand_name")]
