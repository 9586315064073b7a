"""Commission invoices: one for each statement that charges something, numbered without gaps by issuer and year."""

from collections.abc import Iterable, Sequence

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted, say
from marketplace.kit.settings import settings
from marketplace.partners.models import Contract, VatRule
from marketplace.settlement import rules
from marketplace.settlement.models import CommissionInvoice, InvoiceKind, Statement

NOTES = {
    VatRule.DOMESTIC: noted("VAT of {rate} on commission and fees."),
    VatRule.REVERSE_CHARGE: noted(
        "Reverse charge: VAT is to be accounted for by the recipient (Article 196 of Directive 2006/112/EC)."
    ),
    VatRule.NONE: noted("No VAT is charged."),
}


def said_of_vat(invoice: CommissionInvoice, languages: Iterable[str]) -> str:
    """What an invoice must say of VAT, in the reader's language."""
    rule = VatRule(invoice.vat_rule)
    if rule is VatRule.DOMESTIC and not invoice.vat_bp:
        rule = VatRule.NONE
    return say(NOTES[rule], {"rate": rules.percent(invoice.vat_bp)} if rule is VatRule.DOMESTIC else {}, languages)


_NUMBERS = """
INSERT INTO invoice_series (id, issuer, year, newest) VALUES ($1, $2, $3, $4)
ON CONFLICT (issuer, year) DO UPDATE SET newest = invoice_series.newest + excluded.newest
RETURNING newest"""


async def invoice(statements: Sequence[Statement]) -> None:
    """Number what these statements charge; the series is locked until the commit, so there are no gaps."""
    charging = [each for each in statements if each.commission_minor or each.fees_minor or each.vat_minor]
    if not charging:
        return
    issuer, moment = settings().issuer_code, clock.now()
    contracts = {row.id: row for row in await Contract.filter(id__in={each.contract_id for each in charging})}
    last = await database.value(_NUMBERS, new_id(), issuer, moment.year, len(charging))
    for sequence, statement in enumerate(charging, last - len(charging) + 1):
        contract = contracts[statement.contract_id]
        net = statement.commission_minor + statement.fees_minor
        total = net + statement.vat_minor
        await database.add(
            CommissionInvoice(
                statement_id=statement.id,
                kind=(InvoiceKind.INVOICE if total >= 0 else InvoiceKind.CREDIT_NOTE).value,
                issuer=issuer,
                year=moment.year,
                sequence=sequence,
                number=f"CI-{issuer}-{moment.year}-{sequence:06}",
                net_minor=net,
                vat_minor=statement.vat_minor,
                total_minor=total,
                currency=statement.currency,
                vat_rule=contract.vat_rule,
                vat_bp=contract.vat_bp,
                vat_number=contract.vat_number,
                issued_at=moment,
            )
        )
