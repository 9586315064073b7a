"""What a rule makes of an event. Pure decisions: the live path, a rehearsal and an auditor ask the same ones."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.earning.terms import Multiplier, Rise, Terms
from marketplace.earning.words import EventType, Kind, Period, Reason, Rounding
from marketplace.kit.money import BASIS_POINTS
from marketplace.members.policies import arm_for

BEGINNING, END = datetime(1900, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)
_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event as rules look at it; `day` is by the program's calendar, level and segments are the member's."""

    type: EventType
    day: date
    custom_name: str = ""
    amount_minor: int | None = None
    currency: str | None = None
    channel: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    tier: str | None = None
    segments: tuple[str, ...] = ()
    qualifies_referral: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one member has had of one rule before: within its cap's, its rise's and its goal's period."""

    cap_points: int = 0
    cap_times: int = 0
    earlier: int = 0
    goal_counted: int = 0
    goals_given: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the rule says: a reason with its facts, and the points when there are any.

    `counted` stands toward the goal, in times or minor units, whether or not it was reached.
    """

    reason: Reason
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    points: int = 0
    referrer_points: int = 0
    times: int = 1
    multiplier_bp: int = BASIS_POINTS
    counted: int = 0


def concerns(terms: Terms, happening: Happening) -> bool:
    """Whether the rule is about such events at all."""
    named = EventType.CUSTOM in terms.events or terms.on_day or terms.day_of_month
    return happening.type in terms.events and (not named or happening.custom_name == terms.custom_name)


def judge(terms: Terms, happening: Happening, tally: Tally) -> Verdict:
    """What a rule gives for an event that it is about, and if nothing, why not."""
    missed = _not_met(terms, happening)
    if missed is not None:
        return missed
    counted = _counted(terms, happening)
    base, times = _base(terms, happening, tally, counted)
    if not times:
        goal = terms.goal_times or terms.per[0].minor
        return Verdict(
            reason=Reason.GOAL_NOT_YET, facts={"done": tally.goal_counted + counted, "goal": goal}, counted=counted
        )
    factor = multiplier_bp(terms, happening, tally)
    points = rounded(base * factor / BASIS_POINTS, terms.rounding)
    if points < 1:
        return Verdict(reason=Reason.TOO_LITTLE, counted=counted)
    capped = _within_cap(terms, tally, points)
    if capped < 1:
        return Verdict(reason=Reason.CAP_REACHED, facts=_cap_facts(terms), counted=counted)
    return Verdict(
        reason=Reason.EARNED,
        facts={"capped": True, "uncapped": points} if capped < points else {},
        points=capped,
        referrer_points=terms.referrer_points if terms.kind is Kind.REFERRAL else 0,
        times=times,
        multiplier_bp=factor,
        counted=counted,
    )


def _not_met(terms: Terms, happening: Happening) -> Verdict | None:
    """The first condition that the event or the member does not meet."""
    checks: tuple[tuple[bool, Reason, Mapping[str, Any]], ...] = (
        (_within(happening.day, terms.first_day, terms.last_day), Reason.OTHER_DAY, {}),
        (not terms.tiers or happening.tier in terms.tiers, Reason.OTHER_TIER, {"tiers": list(terms.tiers)}),
        (
            not terms.segments or not set(terms.segments).isdisjoint(happening.segments),
            Reason.OTHER_SEGMENT,
            {"segments": list(terms.segments)},
        ),
        (
            not terms.channels or happening.channel in terms.channels,
            Reason.OTHER_CHANNEL,
            {"channels": list(terms.channels)},
        ),
    )
    for met, reason, facts in checks:
        if not met:
            return Verdict(reason=reason, facts=facts)
    for name, value in terms.attributes:
        if happening.attributes.get(name) != value:
            return Verdict(reason=Reason.OTHER_ATTRIBUTE, facts={"name": name, "value": value})
    if terms.kind is Kind.REFERRAL and not happening.qualifies_referral:
        return Verdict(reason=Reason.NOT_REFERRED)
    return _amount_not_met(terms, happening)


def _amount_not_met(terms: Terms, happening: Happening) -> Verdict | None:
    if not (terms.per or terms.minimum):
        return None
    if happening.amount_minor is None:
        return Verdict(reason=Reason.NO_AMOUNT)
    for monies in (terms.per, terms.minimum):
        if monies and all(money.currency != happening.currency for money in monies):
            return Verdict(
                reason=Reason.OTHER_CURRENCY, facts={"currencies": [money.currency for money in monies]}
            )
    least = next((money for money in terms.minimum if money.currency == happening.currency), None)
    if least is not None and happening.amount_minor < least.minor:
        return Verdict(reason=Reason.TOO_LITTLE, facts={"minor": least.minor, "currency": least.currency})
    return None


def _within(day: date, first: date | None, last: date | None) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _counted(terms: Terms, happening: Happening) -> int:
    """What the event adds toward a goal."""
    if terms.kind is Kind.GOAL_TIMES:
        return 1
    return (happening.amount_minor or 0) if terms.kind is Kind.GOAL_AMOUNT else 0


def _base(terms: Terms, happening: Happening, tally: Tally, counted: int) -> tuple[Fraction, int]:
    """Points before multipliers, as an exact fraction, and how many times; zero times is a goal not reached."""
    if terms.kind is Kind.PER_AMOUNT:
        per = terms.per_of(happening.currency)
        assert per is not None
        assert happening.amount_minor is not None
        return Fraction(terms.points * happening.amount_minor, per), 1
    if terms.is_goal:
        goal = terms.goal_times or terms.per[0].minor
        times = new_goals(tally.goal_counted + counted, goal, tally.goals_given, repeats=terms.goal_repeats)
        return Fraction(terms.points * times), times
    return Fraction(terms.points), 1


def new_goals(counted: int, goal: int, given: int, *, repeats: bool) -> int:
    """How many goals were reached that nothing was given for yet."""
    reached = counted // goal
    return max(0, (reached if repeats else min(reached, 1)) - given)


def multiplier_bp(terms: Terms, happening: Happening, tally: Tally) -> int:
    """All multipliers that apply, multiplied, in basis points; a part of a basis point is dropped."""
    factor = Fraction(BASIS_POINTS)
    for each in terms.multipliers:
        if applies(each, happening.day, happening.tier):
            factor = factor * each.factor_bp / BASIS_POINTS
    if terms.rise is not None:
        factor = factor * rise_bp(terms.rise, tally.earlier) / BASIS_POINTS
    return int(factor)


def applies(multiplier: Multiplier, day: date, tier: str | None) -> bool:
    """Whether everything that a multiplier names holds."""
    return (
        (not multiplier.tiers or tier in multiplier.tiers)
        and (not multiplier.weekdays or day.isoweekday() in multiplier.weekdays)
        and _within(day, multiplier.first_day, multiplier.last_day)
    )


def rise_bp(rise: Rise, earlier: int) -> int:
    """The multiplier after so many earlier times: it begins at 1 and rises to the most."""
    return min(BASIS_POINTS + rise.step_bp * earlier, rise.most_bp)


def rounded(points: Fraction, rounding: Rounding) -> int:
    """Whole points by a named rule; half a point rounds up to the nearest."""
    if rounding is Rounding.DOWN:
        return points.numerator // points.denominator
    if rounding is Rounding.UP:
        return -(-points.numerator // points.denominator)
    return rounded(points + Fraction(1, 2), Rounding.DOWN)


def _within_cap(terms: Terms, tally: Tally, points: int) -> int:
    if terms.cap_times is not None and tally.cap_times >= terms.cap_times:
        return 0
    return points if terms.cap_points is None else max(0, min(points, terms.cap_points - tally.cap_points))


def _cap_facts(terms: Terms) -> dict[str, Any]:
    return {"points": terms.cap_points, "times": terms.cap_times, "period": terms.cap_period.value}


def period_of(moment: datetime, period: Period, timezone: str) -> tuple[datetime, datetime]:
    """From when (inclusive) until when (exclusive) the period around a moment lasts, by the local calendar."""
    if period is Period.EVER:
        return BEGINNING, END
    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    if period is Period.DAY:
        first, last = day, day
    elif period is Period.WEEK:
        first = day - timedelta(days=day.weekday())
        last = first + timedelta(days=6)
    else:
        months = _MONTHS[period]
        begins = (day.month - 1) // months * months + 1
        ends = begins + months - 1
        first, last = day.replace(month=begins, day=1), day.replace(month=ends, day=_days(day.year, ends))
    return _midnight(first, zone), _midnight(last + timedelta(days=1), zone)


def _days(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def is_held_out(terms: Terms, rule_id: UUID, member_id: UUID) -> bool:
    """Whether a member is of the share that gets nothing by a rule: the same members on every day and machine."""
    shares = [(Reason.HELD_OUT.value, terms.held_out_bp)]
    return bool(terms.held_out_bp) and arm_for(member_id, rule_id, shares) is not None


def kept_after_return(terms: Terms, given: int, multiplier: int, left_minor: int, currency: str | None) -> int:
    """What of the points given for an event stays when so many minor units of it are left, never more than given.

    Goals are looked at on their own, with all that counts toward them.
    """
    least = next((money.minor for money in terms.minimum if money.currency == currency), 0)
    if left_minor <= 0 or left_minor < least:
        return 0
    if terms.kind is not Kind.PER_AMOUNT:
        return given
    per = terms.per_of(currency)
    assert per is not None
    base = Fraction(terms.points * left_minor, per)
    return min(given, rounded(base * multiplier / BASIS_POINTS, terms.rounding))


def netted(points: int, debts: Sequence[int]) -> list[int]:
    """How much of points that come in pays each debt, the oldest first."""
    paid: list[int] = []
    for debt in debts:
        part = min(points, debt)
        paid.append(part)
        points -= part
    return paid
