"""What a statement says and what becomes of it. Pure decisions and arithmetic, the part an auditor reads."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from marketplace.kit.money import BASIS_POINTS, Money
from marketplace.partners.models import Contract, PartnerStatus, Schedule
from marketplace.settlement.models import LineKind, PayoutReason, PayoutState, Statement, StatementLine

MONDAY = 0
DECEMBER = 12
APART = (LineKind.ADJUSTMENTS, LineKind.DISCOUNT_CAP)
RESERVES = (LineKind.RESERVE_HELD, LineKind.RESERVE_RELEASED)


@dataclass(frozen=True, slots=True)
class Totals:
    """What the lines of a statement add up to, in minor units. `period` is what they change the balance by."""

    gross: int
    commission: int
    vat: int
    adjustments: int
    fees: int = 0
    reserve: int = 0

    @property
    def period(self) -> int:
        """The net of the period: gross - commission - fees - vat + adjustments + reserve."""
        return self.gross - self.commission - self.fees - self.vat + self.adjustments + self.reserve

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Totals)))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement, as it is inserted and read back, in minor units."""

    position: int
    kind: str
    description: str
    contract_id: UUID
    quantity: int
    gross_minor: int
    commission_minor: int
    vat_minor: int
    net_minor: int


ORDER = tuple(LineKind)
"""The order of lines on a statement; within a kind by description, then by contract."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The figures of one line, in minor units."""

    kind: str
    gross: int
    commission: int
    vat: int
    net: int


def totals(lines: Iterable[Parts]) -> Totals:
    """Add up the lines: adjustments, fees and reserves apart from what was sold, donated and refunded.

    A rebate is less commission; what comes back above a cap is an adjustment.
    """
    gross = commission = vat = adjustments = fees = reserve = 0
    for line in lines:
        if line.kind in APART:
            adjustments += line.net
        elif line.kind in RESERVES:
            reserve += line.net
        elif line.kind == LineKind.FEE:
            fees, vat = fees + line.commission, vat + line.vat
        else:
            gross, commission, vat = gross + line.gross, commission + line.commission, vat + line.vat
    return Totals(gross, commission, vat, adjustments, fees, reserve)


@dataclass(frozen=True, slots=True)
class Payee:
    """What decides whether a partner can be paid: its standing, its contract's minimum, its account."""

    status: str
    minimum_minor: int
    has_account: bool
    account_ready: bool
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a closing balance. CARRIED has a reason and the day it is tried again."""

    state: PayoutState
    reason: PayoutReason | None = None
    not_before: date | None = None
    requirements: tuple[str, ...] = ()


def decide(closing_minor: int, payee: Payee, next_run: date) -> Decision:
    """Pay a closing balance, or carry it forward: the first reason that applies is the one that is given."""

    def carried(reason: PayoutReason, requirements: tuple[str, ...] = ()) -> Decision:
        return Decision(PayoutState.CARRIED, reason, next_run, requirements)

    if closing_minor <= 0:
        return carried(PayoutReason.NEGATIVE_BALANCE if closing_minor else PayoutReason.NOTHING_DUE)
    if payee.status != PartnerStatus.APPROVED:
        return carried(PayoutReason.PARTNER_SUSPENDED)
    if closing_minor < payee.minimum_minor:
        return carried(PayoutReason.BELOW_MINIMUM)
    if not payee.has_account:
        return carried(PayoutReason.NO_PAYOUT_ACCOUNT)
    if not payee.account_ready:
        return carried(PayoutReason.ACCOUNT_NOT_READY, payee.requirements)
    return Decision(PayoutState.PLANNED)


def next_run(schedule: Schedule, today: date) -> date:
    """The day of the next run by schedule: a Monday, or the first of a month, after today."""
    if schedule is Schedule.WEEKLY:
        return today + timedelta(days=7 - today.weekday())
    year, month = (today.year + 1, 1) if today.month == DECEMBER else (today.year, today.month + 1)
    return date(year, month, 1)


def last_period_end(schedule: Schedule, today: date) -> date:
    """The last day of the newest period that is over: a Sunday, or the last of a month, before today."""
    if schedule is Schedule.WEEKLY:
        return today - timedelta(days=today.weekday() + 1)
    return today.replace(day=1) - timedelta(days=1)


def number(slug: str, until: date, sequence: int) -> str:
    """The number of a partner's statement, such as ST-PUMA-2026-0007."""
    return f"ST-{slug.upper()}-{until.year}-{sequence:04}"


def canonical(statement: Statement, lines: Sequence[Line | StatementLine]) -> str:
    """All that a statement says, as JSON with sorted keys and no spaces: what its digest is made of."""
    money = ("opening_minor", "gross_minor", "commission_minor", "vat_minor", "adjustments_minor", "closing_minor")
    later = ("fees_minor", "reserve_minor")  # said since there are any, when there are any
    figures = ("gross_minor", "commission_minor", "vat_minor", "net_minor")
    said = {
        "number": statement.number,
        "partner": statement.partner_id.hex,
        "currency": statement.currency,
        "period": [statement.period_from.isoformat(), statement.period_until.isoformat()],
        **{name: getattr(statement, name) for name in money},
        **{name: value for name in later if (value := getattr(statement, name))},
        "lines": [
            [line.position, line.kind, line.description, line.contract_id.hex, line.quantity]
            + [getattr(line, name) for name in figures]
            for line in lines
        ],
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(statement: Statement, lines: Sequence[Line | StatementLine]) -> str:
    """SHA-256 over the canonical content, in hex."""
    return hashlib.sha256(canonical(statement, lines).encode()).hexdigest()


def percent(basis_points: int) -> str:
    """800 as `8 %`, 1250 as `12.5 %`."""
    return f"{(Decimal(basis_points) * 100 / BASIS_POINTS).normalize():f} %"


_DONE = {
    LineKind.SALES: "sold",
    LineKind.DONATIONS: "donated",
    LineKind.REFUNDS: "refunded",
    LineKind.ADJUSTMENTS: "adjusted",
    LineKind.REBATE: "commission",
    LineKind.FEE: "fee",
    LineKind.DISCOUNT_CAP: "given back",
    LineKind.RESERVE_HELD: "held back",
    LineKind.RESERVE_RELEASED: "released",
}


def arithmetic(line: StatementLine, contract: Contract, currency: str, rates: Sequence[int] = ()) -> str:
    """How the net of a line comes about, in one sentence with every figure."""

    def money(minor: int) -> str:
        return str(Money(minor, currency))

    kind = LineKind(line.kind)
    if kind in (*APART, *RESERVES):
        return f"{line.quantity} x {_DONE[kind]}, {money(line.net_minor)}, no commission."
    if kind in (LineKind.FEE, LineKind.REBATE):
        return (
            f"{_DONE[kind]} of {money(line.commission_minor)}, VAT of {percent(contract.vat_bp)} on it = "
            f"{money(line.vat_minor)}; together {money(line.net_minor)}, under the contract from "
            f"{contract.valid_from}."
        )
    of_it = " and ".join(map(percent, rates or [contract.commission_bp]))
    each = ", each rounded by itself" if line.quantity > 1 else ""
    return (
        f"{line.quantity} x {_DONE[kind]} for {money(line.gross_minor)} together, "
        f"less commission of {of_it} = {money(line.commission_minor)}, "
        f"less VAT of {percent(contract.vat_bp)} on the commission = {money(line.vat_minor)}{each}; "
        f"{money(line.gross_minor)} - {money(line.commission_minor)} - {money(line.vat_minor)} "
        f"= {money(line.net_minor)}, under the contract from {contract.valid_from}."
    )
