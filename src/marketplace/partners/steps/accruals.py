"""What partners are owed, inside a transaction that somebody else opened."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.money import Money, convert
from marketplace.kit.rows import model_of, new, select_list
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import fx_rate
from marketplace.ledger.steps import Entry, post
from marketplace.partners.models import Accrual, AccrualKind, Contract
from marketplace.partners.queries import TermsRow
from marketplace.partners.rules import FIRST_TO_BEGIN, Shares, is_in_force, shares
from marketplace.partners.wording import REFUND

_RATE_OF = """
SELECT commission_bp FROM contract_rate
WHERE contract_id = {contract} AND (offer_kind IS NULL OR offer_kind = {kind})
    AND (brand_id IS NULL OR brand_id = (SELECT brand_id FROM offer WHERE id = {offer}))
ORDER BY brand_id IS NULL, offer_kind IS NULL LIMIT 1"""


@cache
def _begun() -> str:
    """The contracts of a partner that have begun somewhere, the newest first, each with its rate of one offer."""
    columns = select_list(Contract, "contract")
    rate = _RATE_OF.format(contract="contract.id", kind="$3", offer="$4")
    begun = "FROM contract WHERE partner_id = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 2"
    return f"SELECT {columns}, coalesce(({rate}), contract.commission_bp) AS rate {begun}"


class NoContract(Exception):
    """The partner has no contract in force on the day: its offers must not be open then."""


async def contract_on(partner_id: UUID, day: date) -> Contract:
    """The contract in force on a day; raises NoContract."""
    contract = await Contract.filter(partner_id=partner_id, valid_from__lte=day).order_by("-valid_from").first()
    if contract is None or (contract.valid_until is not None and contract.valid_until <= day):
        raise NoContract
    return contract


@dataclass(frozen=True, slots=True)
class Cause:
    """What an accrual is for: (kind, ref_id) accrues once."""

    kind: AccrualKind
    ref_type: str
    ref_id: UUID
    description: str
    offer_kind: str | None = None
    offer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class TermsToday:
    """What a sale needs to know: of the contract in force, the day it is there, and what it keeps of one offer."""

    contract_id: UUID
    currency: str
    vat_bp: int
    return_window_days: int
    day: date
    commission_bp: int

    @classmethod
    def of(cls, contract: TermsRow, commission_bp: int) -> "TermsToday":
        """Those of a contract that was found in force just now, with its commission of one offer."""
        day = clock.today(contract.timezone)
        window = contract.return_window_days
        return cls(contract.contract_id, contract.currency, contract.vat_bp, window, day, commission_bp)


async def contract_today(partner_id: UUID) -> tuple[Contract, date]:
    """The contract in force now with the day it is there, by its own time zone; raises NoContract.

    Where one contract ends and the next begins in another time zone, the day by UTC decides.
    """
    contract, day, _ = await _today(partner_id, None)
    return contract, day


async def _today(partner_id: UUID, cause: Cause | None) -> tuple[Contract, date, int]:
    """The same with the commission of what is sold: of its kind and brand, brand, kind, or the contract."""
    sold = (cause.offer_kind, cause.offer_id) if cause else (None, None)
    for record in await database.rows(_begun(), partner_id, clock.today(FIRST_TO_BEGIN), *sold):
        contract = model_of(Contract, record, "contract.")
        day = clock.today(contract.timezone)
        if is_in_force(contract.valid_from, contract.valid_until, day):
            return contract, day, record["rate"]
    day = clock.today()
    contract = await contract_on(partner_id, day)
    rate = await database.value(_RATE_OF.format(contract="$1", kind="$2", offer="$3"), contract.id, *sold)
    return contract, day, contract.commission_bp if rate is None else rate


def _entries(partner_id: UUID, source: AccountKey, minor: int, parts: Shares, currency: str) -> list[Entry]:
    """From the payer's account to payable, commission and VAT, over the FX accounts if the units differ."""
    goals = [
        (accounts.partner(partner_id, Purpose.PAYABLE, currency), parts.net),
        (accounts.house(Purpose.COMMISSION, currency), parts.commission),
        (accounts.house(Purpose.COMMISSION_VAT, currency), parts.vat),
    ]
    if source.unit == currency:
        return [Entry(source, goal, amount) for goal, amount in goals]
    exchange = [Entry(source, accounts.house(Purpose.FX, source.unit), minor)]
    return exchange + [Entry(accounts.house(Purpose.FX, currency), goal, amount) for goal, amount in goals]


async def _terms_today(partner_id: UUID, cause: Cause) -> TermsToday:
    contract, day, commission_bp = await _today(partner_id, cause)
    window = contract.return_window_days
    return TermsToday(contract.id, contract.currency, contract.vat_bp, window, day, commission_bp)


async def accrue(
    partner_id: UUID, cause: Cause, source: AccountKey, minor: int, terms: TermsToday | None = None
) -> Accrual:
    """Owe the partner for something fulfilled: `minor` of the source account's currency is gross.

    `terms` are those of this moment, for whoever has read them beside something else. Posts payable, commission
    and VAT under today's contract, in its currency at the newest rate, payable after its return window, by the
    days of its time zone. Raises NoContract or ledger.queries.NoRate.
    """
    with database.aside("contract", "contract_rate", "offer", "fx_rate"):
        terms = terms or await _terms_today(partner_id, cause)
        rate = await fx_rate(source.unit, terms.currency)
    gross = convert(minor, source.unit, terms.currency, rate.rate)
    parts = shares(gross, terms.commission_bp, terms.vat_bp)
    entries = _entries(partner_id, source, minor, parts, terms.currency)
    journal = await post(f"accrual.{cause.kind.value.lower()}", cause.ref_type, cause.ref_id, entries)
    row = new(
        Accrual,
        partner_id=partner_id,
        contract_id=terms.contract_id,
        journal_id=journal,
        kind=cause.kind.value,
        ref_type=cause.ref_type,
        ref_id=cause.ref_id,
        description=cause.description,
        currency=terms.currency,
        gross_minor=parts.gross,
        commission_minor=parts.commission,
        vat_minor=parts.vat,
        net_minor=parts.net,
        source_minor=minor,
        source_currency=source.unit,
        fx_rate=rate.rate,
        commission_bp=terms.commission_bp,
        effective_on=terms.day,
        payable_on=terms.day + timedelta(days=terms.return_window_days),
        booked_at=clock.now(),
    )
    return await database.add(row)


_TAKEN_BACK = """
SELECT coalesce(sum(gross_minor), 0)::bigint AS gross, coalesce(sum(commission_minor), 0)::bigint AS commission,
    coalesce(sum(vat_minor), 0)::bigint AS vat, coalesce(sum(source_minor), 0)::bigint AS source
FROM accrual WHERE reverses_id = $1"""


@dataclass(frozen=True, slots=True)
class Remainder:
    """What is left of a sale after what was taken back of it: in the contract's currency, and of the source."""

    shares: Shares
    source_minor: int


async def left_of(accrual: Accrual) -> Remainder:
    """What can still be taken back of a sale."""
    back = await database.row(_TAKEN_BACK, accrual.id)
    assert back is not None
    parts = Shares(
        accrual.gross_minor + back["gross"],
        accrual.commission_minor + back["commission"],
        accrual.vat_minor + back["vat"],
    )
    return Remainder(parts, accrual.source_minor + back["source"])


async def reverse_accrual(
    accrual: Accrual, goal: AccountKey, *, ref_type: str, ref_id: UUID, part: Remainder | None = None
) -> Accrual:
    """Owe the partner less for it, or nothing any more: the mirror of `accrue` at the same rate, money to `goal`.

    `part` is a part of what `left_of` answers; all of it when left out. `ref_id` is the refund. The new row has
    negative amounts. It is payable with the first when that is still to come, so that nobody pays for a sale
    before being paid for it; else at once, also after it was paid.
    """
    part = part or await left_of(accrual)
    parts = part.shares
    forward = _entries(accrual.partner_id, goal, part.source_minor, parts, accrual.currency)
    entries = [Entry(entry.credit, entry.debit, entry.amount) for entry in forward]
    journal = await post("accrual.refund", ref_type, ref_id, entries, corrects=accrual.journal_id)
    day = clock.today((await Contract.get(id=accrual.contract_id)).timezone)
    row = Accrual(
        partner_id=accrual.partner_id,
        contract_id=accrual.contract_id,
        journal_id=journal,
        reverses_id=accrual.id,
        kind=AccrualKind.REFUND.value,
        ref_type=ref_type,
        ref_id=ref_id,
        description=REFUND.written(what=accrual.description)[:300],
        currency=accrual.currency,
        gross_minor=-parts.gross,
        commission_minor=-parts.commission,
        vat_minor=-parts.vat,
        net_minor=-parts.net,
        source_minor=-part.source_minor,
        source_currency=accrual.source_currency,
        fx_rate=accrual.fx_rate,
        commission_bp=accrual.commission_bp,
        effective_on=day,
        payable_on=max(day, accrual.payable_on),
        booked_at=clock.now(),
    )
    return await database.add(row)


async def accrual_of(kind: AccrualKind, ref_id: UUID) -> Accrual | None:
    """The accrual of one cause, locked; None when nothing accrued."""
    if await database.row("SELECT id FROM accrual WHERE kind = $1 AND ref_id = $2", kind.value, ref_id) is None:
        return None
    return await Accrual.get(kind=kind.value, ref_id=ref_id)


async def accrue_adjustment(partner_id: UUID, amount: Money, reason: str, *, ref_id: UUID) -> Accrual:
    """Owe the partner more (or, below zero, less) by a decision of finance: PAYABLE against ADJUSTMENTS.

    Without commission, and payable at once, so that the next statement takes it. It stands under the newest
    contract of its currency; raises NoContract when there is none.
    """
    contract = (
        await Contract.filter(partner_id=partner_id, currency=amount.currency).order_by("-valid_from").first()
    )
    if contract is None:
        raise NoContract
    day = clock.today(contract.timezone)
    payable = accounts.partner(partner_id, Purpose.PAYABLE, amount.currency)
    ours = accounts.house(Purpose.ADJUSTMENTS, amount.currency)
    entry = Entry(ours, payable, amount.minor) if amount.minor > 0 else Entry(payable, ours, -amount.minor)
    return await Accrual.create(
        partner_id=partner_id,
        contract_id=contract.id,
        journal_id=await post("accrual.adjustment", "adjustment", ref_id, [entry]),
        kind=AccrualKind.ADJUSTMENT.value,
        ref_type="adjustment",
        ref_id=ref_id,
        description=reason,
        currency=amount.currency,
        gross_minor=amount.minor,
        commission_minor=0,
        vat_minor=0,
        net_minor=amount.minor,
        source_minor=amount.minor,
        source_currency=amount.currency,
        fx_rate=Decimal(1),
        effective_on=day,
        payable_on=day,
        booked_at=clock.now(),
    )
