"""What a contract makes of a period: fees, rebates, reserves, and what is given back above a cap.

A settlement run books them for the statement that it issues, in the same transaction.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.models import Accrual, AccrualKind


@dataclass(frozen=True, slots=True)
class Charge:
    """One change of what is owed, in minor units; (kind, ref_id) is booked once."""

    kind: AccrualKind
    ref_id: UUID
    contract_id: UUID
    description: str
    effective_on: date
    gross: int = 0
    commission: int = 0
    vat: int = 0

    @property
    def net(self) -> int:
        """What it changes the amount owed by."""
        return self.gross - self.commission - self.vat


async def book_charge(partner_id: UUID, currency: str, charge: Charge, ordinal: int) -> Accrual:
    """Owe the partner more or less by what its contract says, in the place of the mark that a run has drawn."""
    entries = [
        _entry(partner_id, currency, Purpose.COMMISSION, charge.commission),
        _entry(partner_id, currency, Purpose.COMMISSION_VAT, charge.vat),
        _entry(partner_id, currency, _AGAINST.get(charge.kind, Purpose.ADJUSTMENTS), -charge.gross),
    ]
    reason = f"accrual.{charge.kind.value.lower()}"
    return await database.add(
        Accrual(
            partner_id=partner_id,
            contract_id=charge.contract_id,
            journal_id=await post(reason, "charge", charge.ref_id, entries, effective_on=charge.effective_on),
            kind=charge.kind.value,
            ref_type="charge",
            ref_id=charge.ref_id,
            description=charge.description,
            currency=currency,
            gross_minor=charge.gross,
            commission_minor=charge.commission,
            vat_minor=charge.vat,
            net_minor=charge.net,
            source_minor=charge.gross,
            source_currency=currency,
            fx_rate=Decimal(1),
            effective_on=charge.effective_on,
            payable_on=charge.effective_on,
            booked_at=clock.now(),
            ordinal=ordinal,
        )
    )


_AGAINST = {AccrualKind.RESERVE_HELD: Purpose.RESERVE, AccrualKind.RESERVE_RELEASED: Purpose.RESERVE}


def _entry(partner_id: UUID, currency: str, purpose: Purpose, minor: int) -> Entry:
    """From the partner's payable to an account, or back when it is below zero."""
    payable = accounts.partner(partner_id, Purpose.PAYABLE, currency)
    ours = accounts.house(purpose, currency)
    other = accounts.partner(partner_id, purpose, currency) if purpose is Purpose.RESERVE else ours
    return Entry(payable, other, minor) if minor >= 0 else Entry(other, payable, -minor)
