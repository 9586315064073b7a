"""What points can become by a program's policy: ratios by kind, and cash. Pure decisions, no I/O.

What points are worth as rewards and as money is said by one dated policy row for the member's market, or by an arm
that is tested beside it; both are kept on what was redeemed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.catalog.refusals import ClosedReason, NotAvailable
from marketplace.kit import money
from marketplace.kit.rails import reaches_members
from marketplace.kit.refusals import Refusal
from marketplace.members.models import Period
from marketplace.storefront.refusals import (
    CashAboveMaximum,
    CashBelowMinimum,
    CashCannotReach,
    CashCoolingOff,
    CashNotOffered,
    IdentityNotConfirmed,
)

if TYPE_CHECKING:
    from marketplace.storefront.rules import Shopper

THOUSAND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratios:
    """The policy that holds for a shopper now, with their arm's ratios in place of its own.

    `id` is the policy row, None before the program has stated one: then points are worth all of their value
    as rewards, and nothing as cash.
    """

    id: UUID | None = None
    arm: str | None = None
    worth_bp: Mapping[str, int] = field(default_factory=dict[str, int], hash=False)
    cash_rate_bp: int = 0
    cash_min_points: int = 0
    cash_max_points: int = 0
    cash_period: Period = Period.MONTH
    cash_countries: tuple[str, ...] = ()
    identity_required: bool = False
    enrolled_days: int = 0
    earned_days: int = 0
    points_share_bp: int = money.BASIS_POINTS

    def worth_of(self, kind: str) -> int:
        """What a point is worth as a kind of reward, in basis points of its value."""
        return self.worth_bp.get(kind, money.BASIS_POINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides beside the policy: what was taken in this period, who the member is, how old the points are.

    `ripe` are the spendable points that were earned long enough ago; `ripens` says when more of them will be, as
    (moment, points), the next first.
    """

    taken: int = 0
    period_ends: datetime
    enrolled_at: datetime
    identity_confirmed: bool = False
    ripe: int = 0
    ripens: tuple[tuple[datetime, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CashOut:
    """What points are paid out as: minor units of the home currency, by the policy's rate and the point value."""

    points: int
    amount_minor: int
    currency: str
    rate_bp: int
    point_value: Decimal

    @property
    def worth_per_thousand_minor(self) -> int:
        """What 1,000 points are paid out as, in minor units, half-even."""
        return round(Decimal(self.amount_minor * THOUSAND) / self.points)


def period_of(period: Period, moment: datetime, timezone: str) -> tuple[datetime, datetime]:
    """The calendar period a moment lies in, in a time zone: its first moment, and that of the next one."""
    local = moment.astimezone(ZoneInfo(timezone))
    start = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            following = start + timedelta(days=1)
        case Period.MONTH:
            start = start.replace(day=1)
            following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        case Period.YEAR:
            start = start.replace(day=1, month=1)
            following = start.replace(year=start.year + 1)
    return start, following


def cash_out(shopper: "Shopper", points: int, standing: Standing, moment: datetime) -> CashOut:
    """What points become as cash: points x point value x the policy's rate, rounded down to a minor unit.

    Raises the first of `reasons`. Whether the wallet holds them is decided by who takes them.
    """
    for reason in reasons(shopper, points, standing, moment):
        raise reason
    ratios, value = shopper.policy, shopper.point_value
    assert value is not None
    share = Decimal(ratios.cash_rate_bp) / money.BASIS_POINTS
    exact = (points * value * share).scaleb(money.minor_digits(shopper.home_currency))
    return CashOut(points, int(exact), shopper.home_currency, ratios.cash_rate_bp, value)


def reasons(shopper: "Shopper", points: int, standing: Standing, moment: datetime) -> Sequence[Refusal]:
    """Everything that keeps these points from being paid out, what cannot be mended first."""
    ratios, country = shopper.policy, shopper.country or ""
    if not ratios.cash_rate_bp or country not in ratios.cash_countries:
        return [CashNotOffered(country=country)]
    if not reaches_members(country):
        return [CashCannotReach(country=country)]
    found: list[Refusal] = []
    least = max(ratios.cash_min_points, 1)
    if points < least:
        found.append(CashBelowMinimum(minimum=ratios.cash_min_points, missing=least - points))
    left = max(0, ratios.cash_max_points - standing.taken)
    if points > left:
        found.append(CashAboveMaximum(maximum=ratios.cash_max_points, left=left, resets_at=standing.period_ends))
    if shopper.point_value is None:
        found.append(NotAvailable.because(ClosedReason.NO_RATE))
    if ratios.identity_required and not standing.identity_confirmed:
        found.append(IdentityNotConfirmed())
    found += _cooling_off(ratios, points, standing, moment)
    return found


def _cooling_off(ratios: Ratios, points: int, standing: Standing, moment: datetime) -> list[Refusal]:
    """Enrolled too lately, or points earned too lately: with when it opens."""
    enrolled = standing.enrolled_at + timedelta(days=ratios.enrolled_days)
    if enrolled > moment:
        return [CashCoolingOff(ready_points=0, ready_at=enrolled)]
    if not ratios.earned_days or points <= standing.ripe or not standing.ripens:
        return []
    ripe, ready_at = standing.ripe, standing.ripens[-1][0]
    for when, more in standing.ripens:
        ripe += more
        if ripe >= points:
            ready_at = when
            break
    return [CashCoolingOff(ready_points=standing.ripe, ready_at=ready_at)]


def card_share(points: int, point_value: Decimal, worth_bp: int, currency: str, cost_minor: int) -> int:
    """What a card pays in place of points, in minor units, rounded up, and never more than the reward costs."""
    value = point_value * worth_bp / money.BASIS_POINTS
    return min(cost_minor, money.ceiling_worth_of(points, currency, value))


def least_points(price_points: int, ratios: Ratios) -> int:
    """The fewest points that a price must be paid with by the policy, rounded up; at least one."""
    return max(1, -(-price_points * ratios.points_share_bp // money.BASIS_POINTS))
