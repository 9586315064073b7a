"""What a member can do to earn, and the shortest way to some points. Pure decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from marketplace.earning import rules
from marketplace.earning.rules import Happening, Tally
from marketplace.earning.sentences import ACTIONS, Names
from marketplace.earning.terms import Terms
from marketplace.earning.words import BY_THE_CLOCK, EventType, Kind
from marketplace.kit.messages import counted, say
from marketplace.kit.money import BASIS_POINTS, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """Who would earn: level, segments, the program's day, and the currency they pay in."""

    day: date
    tier: str | None
    segments: tuple[str, ...]
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to do for points: so many times, or for so much money, by the rule of this code."""

    rule_code: str
    event: EventType
    custom_name: str
    kind: Kind
    points: int
    times: int
    amount: Money | None

    def said(self, names: Names, languages: Sequence[str]) -> str:
        """The action in a sentence."""
        facts: dict[str, object] = {
            "points": names.points.of(self.points),
            "times": self.times,
            "amount": self.amount,
        }
        if self.kind is Kind.REFERRAL:
            text = counted("Invite {times} friend and get {points}.", "Invite {times} friends and get {points}.")
            return say(text, facts, languages)
        if self.amount is not None:
            return say("Spend {amount} and get {points}.", facts, languages)
        facts["action"] = self.custom_name or say(ACTIONS[self.event], {}, languages)
        if self.times == 1:
            return say("{action} and get {points}.", facts, languages)
        text = counted("{action} ({times} time) and get {points}.", "{action} ({times} times) and get {points}.")
        return say(text, facts, languages)


def is_open(said: Terms, earner: Earner, tally: Tally) -> bool:
    """Whether a member can earn by a rule today, whatever they have to do for it."""
    return (
        (said.first_day is None or said.first_day <= earner.day)
        and (said.last_day is None or earner.day <= said.last_day)
        and (not said.tiers or earner.tier in said.tiers)
        and (not said.segments or not set(said.segments).isdisjoint(earner.segments))
        and (said.cap_times is None or tally.cap_times < said.cap_times)
        and (said.cap_points is None or tally.cap_points < said.cap_points)
        and not (said.is_goal and not said.goal_repeats and tally.goals_given)
    )


def action(code: str, said: Terms, earner: Earner, tally: Tally, need: int) -> Action | None:
    """The least a member has to do by one rule for `need` points today; None when the rule cannot give them."""
    if need < 1 or not is_open(said, earner, tally) or set(said.events) & BY_THE_CLOCK:
        return None
    happening = Happening(type=said.events[0], day=earner.day, tier=earner.tier)
    factor = Fraction(rules.multiplier_bp(said, happening, tally), BASIS_POINTS)
    if not factor:
        return None
    times, points, amount = _effort(said, earner, tally, need, factor)
    room = min(
        points if said.cap_points is None else said.cap_points - tally.cap_points,
        points if said.cap_times is None or times <= said.cap_times - tally.cap_times else 0,
    )
    if points < need or room < need:
        return None
    return Action(
        rule_code=code,
        event=said.events[0],
        custom_name=said.custom_name,
        kind=said.kind,
        points=min(points, room),
        times=times,
        amount=amount,
    )


def _effort(
    said: Terms, earner: Earner, tally: Tally, need: int, factor: Fraction
) -> tuple[int, int, Money | None]:
    """How many times, for how many points, with how much money."""
    if said.kind is Kind.REFERRAL:
        return _times(said.referrer_points, need), _times(said.referrer_points, need) * said.referrer_points, None
    if said.kind is Kind.PER_AMOUNT:
        money = _spent(said, earner, need, factor)
        base = Fraction(said.points * money.minor, said.per_of(money.currency) or 1)
        return 1, rules.rounded(base * factor, said.rounding), money
    each = rules.rounded(said.points * factor, said.rounding)
    if not said.is_goal:
        least = next((m for m in said.minimum if m.currency == earner.currency), None)
        times = _times(each, need)
        return times, times * each, Money(least.minor * times, least.currency) if least else None
    goal = said.goal_times or said.per[0].minor
    goals = _times(each, need) if said.goal_repeats else 1
    left = goal * (tally.goals_given + goals) - tally.goal_counted
    if said.goal_times:
        return max(1, left), goals * each, None
    return 1, goals * each, Money(max(1, left), said.per[0].currency)


def _times(each: int, need: int) -> int:
    return -(-need // each) if each else 0


def _spent(said: Terms, earner: Earner, need: int, factor: Fraction) -> Money:
    """The smallest amount that gives so many points, and no less than the rule's minimum."""
    per = said.per_of(earner.currency)
    currency = earner.currency if per is not None else said.per[0].currency
    per = per or said.per[0].minor
    exact = Fraction(need * per) / (said.points * factor)
    minor = -(-exact.numerator // exact.denominator)
    least = next((money.minor for money in said.minimum if money.currency == currency), 0)
    return Money(max(minor, least), currency)


def shortest(actions: Iterable[Action | None]) -> Action | None:
    """The action that is done in the fewest steps; of equals the one for the least money."""
    known = [each for each in actions if each is not None]
    return min(
        known, key=lambda each: (each.times, each.amount.minor if each.amount else 0, each.rule_code), default=None
    )
