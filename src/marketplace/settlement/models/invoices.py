"""The invoices that partners get for what the marketplace keeps, numbered without gaps."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.partners.models import VatRule


class InvoiceKind(StrEnum):
    """An invoice; or a credit note, when more commission goes back than there is."""

    INVOICE = "INVOICE"
    CREDIT_NOTE = "CREDIT_NOTE"


class InvoiceSeries(Model):
    """The last number of an issuer in a year, locked by whoever issues until it commits: so there are no gaps."""

    id: fields.Field[UUID] = columns.key()
    issuer: fields.Field[str] = columns.text(20)
    year: fields.Field[int] = fields.IntField()
    newest: fields.Field[int] = fields.IntField()

    class Meta(Model.Meta):
        table = "invoice_series"
        unique_together = (("issuer", "year"),)


class CommissionInvoice(Model):
    """What one statement charges its partner: commission and fees, and VAT by the contract's rule."""

    id: fields.Field[UUID] = columns.key()
    statement: Any = columns.ref_once("settlement.Statement")
    statement_id: UUID
    kind: fields.Field[str] = columns.text(20)
    issuer: fields.Field[str] = columns.text(20)
    year: fields.Field[int] = fields.IntField()
    sequence: fields.Field[int] = fields.IntField()
    number: fields.Field[str] = columns.text(60, unique=True)
    net_minor: fields.Field[int] = columns.whole()
    vat_minor: fields.Field[int] = columns.whole()
    total_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    vat_rule: fields.Field[str] = columns.text(20)
    vat_bp: fields.Field[int] = fields.IntField()
    vat_number: fields.Field[str | None] = columns.text_or_none(20)
    issued_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "commission_invoice"
        unique_together = (("issuer", "year", "sequence"),)
        constraints = [
            columns.one_of("commission_invoice", "kind", InvoiceKind),
            columns.one_of("commission_invoice", "vat_rule", VatRule),
            columns.holds("commission_invoice", "adds_up", "total_minor = net_minor + vat_minor"),
            columns.holds("commission_invoice", "sign_by_kind", "(kind = 'CREDIT_NOTE') = (total_minor < 0)"),
        ]
