"""What a contract makes of a period beside its commission. Pure arithmetic, the part an auditor reads.

- **Fee**: a fixed amount for each period of the schedule that ends in the statement's period, of the contract in
  force on that period's last day, with VAT.
- **Rebate**: sales add up for a calendar month or year. On the part of that volume that lies between the
  thresholds of a tier, so many basis points come back; what earlier statements gave back is taken off. So the
  rebate depends on what was sold and refunded until then, never on the order in which it happened, and no sale
  waits for another.
- **Cap**: what the partner bore of tier discounts on the sales of a calendar month above its cap comes back; the
  marketplace bears it. A refund takes back of it what its sale brought, whenever it comes.
- **Reserve**: a share of the period's net, when that is above zero, is held for so many days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid5

from marketplace.kit.money import share_bp
from marketplace.partners import wording
from marketplace.partners.models import AccrualKind, Contract, Schedule, VolumePeriod
from marketplace.partners.steps import Charge


@dataclass(frozen=True, slots=True)
class Tier:
    """So many basis points come back on the volume above an amount, up to the next tier."""

    above_minor: int
    rebate_bp: int


@dataclass(frozen=True, slots=True)
class Span:
    """Days from the first to the last, both in it."""

    first: date
    last: date


def rebate(volume_minor: int, tiers: Sequence[Tier]) -> int:
    """What comes back on a volume: each tier's part by its own rate, half-even once for each tier."""
    total, ordered = 0, sorted(tiers, key=lambda tier: tier.above_minor)
    for tier, following in zip(ordered, [*ordered[1:], None], strict=False):
        top = volume_minor if following is None else min(volume_minor, following.above_minor)
        total += share_bp(max(0, top - tier.above_minor), tier.rebate_bp)
    return total


def month_of(day: date) -> Span:
    """The calendar month of a day."""
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return Span(day.replace(day=1), following - timedelta(days=1))


def year_of(day: date) -> Span:
    """The calendar year of a day."""
    return Span(date(day.year, 1, 1), date(day.year, 12, 31))


def spans(period: VolumePeriod, first: date, last: date) -> Iterator[Span]:
    """The calendar months or years that have a day in these."""
    day = first
    while day <= last:
        span = month_of(day) if period is VolumePeriod.MONTH else year_of(day)
        yield span
        day = span.last + timedelta(days=1)


def fee_spans(schedule: Schedule, first: date, last: date) -> Iterator[Span]:
    """The periods of a schedule whose last day is one of these: weeks to Sunday, or calendar months."""
    day = first
    while day <= last:
        if schedule is Schedule.WEEKLY:
            end = day + timedelta(days=6 - day.weekday())
            span = Span(end - timedelta(days=6), end)
        else:
            span = month_of(day)
        if span.last <= last:
            yield span
        day = span.last + timedelta(days=1)


def in_force(contracts: Sequence[Contract], day: date) -> Contract | None:
    """Which of one partner's contracts in one currency is in force on a day."""
    for contract in contracts:
        if contract.valid_from <= day and (contract.valid_until is None or day < contract.valid_until):
            return contract
    return None


def _with_vat(kind: AccrualKind, contract: Contract, key: str, words: str, day: date, commission: int) -> Charge:
    vat = share_bp(commission, contract.vat_bp)
    ref = uuid5(contract.id, f"{kind}:{key}")
    return Charge(kind, ref, contract.id, words, day, commission=commission, vat=vat)


def fees(contracts: Sequence[Contract], first: date, last: date) -> Iterator[Charge]:
    """The fixed fees of the periods that end in these days."""
    for schedule in Schedule:
        for span in fee_spans(schedule, first, last):
            contract = in_force(contracts, span.last)
            if contract is not None and contract.fee_minor and contract.schedule == schedule:
                words = wording.FEE.written(first=span.first, last=span.last)
                yield _with_vat(AccrualKind.FEE, contract, str(span.last), words, span.last, contract.fee_minor)


def rebate_charge(contract: Contract, span: Span, until: date, due: int, granted: int) -> Charge | None:
    """What is still to be given back (or, when sales were refunded, taken again) of a rebate."""
    amount = due - granted
    if not amount:
        return None
    words = wording.REBATE.written(first=span.first, last=min(until, span.last))
    key = f"{span.first}:{until}"
    return _with_vat(AccrualKind.REBATE, contract, key, words, min(until, span.last), -amount)


def cap_charge(contract: Contract, span: Span, until: date, borne: int, granted: int) -> Charge | None:
    """What was borne of tier discounts in a month above the cap, and did not come back yet."""
    amount = max(0, borne - (contract.discount_cap_minor or 0)) - granted
    if contract.discount_cap_minor is None or not amount:
        return None
    ref = uuid5(contract.id, f"{AccrualKind.DISCOUNT_CAP}:{span.first}:{until}")
    words = wording.ABOVE_CAP.written(month=f"{span.first:%Y-%m}")
    day = min(until, span.last)
    return Charge(AccrualKind.DISCOUNT_CAP, ref, contract.id, words, day, gross=amount)


def reserve(contract: Contract | None, until: date, net_minor: int) -> Charge | None:
    """The share of a period's net that is held."""
    held = share_bp(net_minor, contract.reserve_bp) if contract and net_minor > 0 else 0
    if contract is None or not held:
        return None
    release_on = until + timedelta(days=contract.reserve_days)
    ref = uuid5(contract.id, f"{AccrualKind.RESERVE_HELD}:{until}")
    words = wording.RESERVE_HELD.written(day=release_on)
    return Charge(AccrualKind.RESERVE_HELD, ref, contract.id, words, until, gross=-held)


def release(held_id: UUID, contract_id: UUID, held_on: date, release_on: date, held_minor: int) -> Charge:
    """A reserve whose days are over."""
    words = wording.RESERVE_RELEASED.written(day=held_on)
    return Charge(AccrualKind.RESERVE_RELEASED, held_id, contract_id, words, release_on, gross=held_minor)
