"""What a partner pays out of what it is owed, inside a transaction that somebody else opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.models import Accrual, AccrualKind, Contract


@dataclass(frozen=True, slots=True)
class Netted:
    """What changes what a partner is owed without a sale: its row, the journal's reason, and the words for it."""

    ref_id: UUID
    ref_type: str
    reason: str
    description: str


async def net_against(
    contract: Contract, minor: int, shares: Sequence[tuple[AccountKey, int]], rate: Decimal, cause: Netted
) -> Accrual:
    """Owe a partner more, or (below zero) less, against accounts of somebody else: an adjustment, payable at once.

    `minor` is in the contract's currency; the shares, of opposite sign, are what other accounts get of it in
    theirs, at `rate` (contract's for one of theirs). Without commission.
    """
    payable = accounts.partner(contract.partner_id, Purpose.PAYABLE, contract.currency)
    unit, total = shares[0][0].unit, sum(part for _, part in shares)
    entries: list[Entry] = []
    ours = payable
    if unit != contract.currency:
        ours = accounts.house(Purpose.FX, unit)
        entries.append(_moved(payable, accounts.house(Purpose.FX, contract.currency), -minor))
    entries += [_moved(ours, key, part) for key, part in shares if part]
    day = clock.today(contract.timezone)
    row = Accrual(
        partner_id=contract.partner_id,
        contract_id=contract.id,
        journal_id=await post(cause.reason, cause.ref_type, cause.ref_id, entries),
        kind=AccrualKind.ADJUSTMENT.value,
        ref_type=cause.ref_type,
        ref_id=cause.ref_id,
        description=cause.description,
        currency=contract.currency,
        gross_minor=minor,
        commission_minor=0,
        vat_minor=0,
        net_minor=minor,
        source_minor=-total,
        source_currency=unit,
        fx_rate=rate,
        effective_on=day,
        payable_on=day,
        booked_at=clock.now(),
    )
    return await database.add(row)


def _moved(debit: AccountKey, credit: AccountKey, minor: int) -> Entry:
    return Entry(debit, credit, minor) if minor > 0 else Entry(credit, debit, -minor)
