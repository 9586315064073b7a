"""Commission invoices, as partners and finance see them, with what must be said of VAT with them."""

from datetime import datetime

import strawberry

from marketplace.kit.graphql import Info, MoneyType, describe_enum
from marketplace.partners.models import VatRule
from marketplace.settlement.invoicing import said_of_vat
from marketplace.settlement.models import CommissionInvoice, InvoiceKind

describe_enum(
    InvoiceKind,
    "What kind of paper a statement's charge is.",
    name="CommissionInvoiceKind",
    INVOICE="An invoice.",
    CREDIT_NOTE="A credit note: more goes back than is charged.",
)


@strawberry.type(name="CommissionInvoice", description="What a statement charges its partner.")
class InvoiceType:
    number: str = strawberry.field(description="Its number; those of an issuer and year have no gaps.")
    kind: InvoiceKind = strawberry.field(description="An invoice or a credit note.")
    net: MoneyType = strawberry.field(description="Commission and fees.")
    vat: MoneyType = strawberry.field(description="VAT on them.")
    total: MoneyType = strawberry.field(description="Net and VAT.")
    vat_rule: VatRule = strawberry.field(description="How VAT stands on it.")
    vat_number: str | None = strawberry.field(description="The partner's VAT number.")
    issued_at: datetime = strawberry.field(description="When it was issued.")
    row: strawberry.Private[CommissionInvoice]

    @strawberry.field(description="What must be said of VAT, in your language.")
    def note(self, info: Info) -> str:
        return said_of_vat(self.row, info.context.languages)

    @classmethod
    def of(cls, row: CommissionInvoice) -> "InvoiceType":
        return cls(
            number=row.number,
            kind=InvoiceKind(row.kind),
            net=MoneyType.minor(row.net_minor, row.currency),
            vat=MoneyType.minor(row.vat_minor, row.currency),
            total=MoneyType.minor(row.total_minor, row.currency),
            vat_rule=VatRule(row.vat_rule),
            vat_number=row.vat_number,
            issued_at=row.issued_at,
            row=row,
        )
