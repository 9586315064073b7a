"""Commission invoices: one for each statement that charges something, numbered without gaps by issuer and year."""

from collections.abc import Sequence

from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.settings import settings
from marketplace.partners.models import Contract
from marketplace.settlement.models import CommissionInvoice, InvoiceKind, Statement

_NUMBERS = """
INSERT INTO invoice_series (id, issuer, year, last) VALUES ($1, $2, $3, $4)
ON CONFLICT (issuer, year) DO UPDATE SET last = invoice_series.last + excluded.last RETURNING last"""


async def invoice(statements: Sequence[Statement]) -> None:
    """Number what these statements charge. The series is locked until the commit, so what rolls back leaves no gap."""
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
