"""Rules in one plain sentence, in the reader's language. The templates are the catalogues' keys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import get_day_names

from marketplace.earning.terms import Multiplier, Terms
from marketplace.earning.words import EventType, Kind, Period, Reason
from marketplace.kit.messages import counted, language_of, noted, say
from marketplace.kit.money import BASIS_POINTS, Money
from marketplace.members.point_names import PointName

EVENTS: Mapping[EventType, str] = {
    EventType.PURCHASE: noted("a purchase"),
    EventType.REPEAT_PURCHASE: noted("a repeat purchase"),
    EventType.UPGRADE: noted("an upgrade"),
    EventType.REFERRAL: noted("being invited"),
    EventType.REVIEW: noted("a review"),
    EventType.TESTIMONIAL: noted("a recommendation"),
    EventType.OWN_CONTENT: noted("a picture or video of yours"),
    EventType.SURVEY: noted("a survey"),
    EventType.SIGN_UP: noted("signing up"),
    EventType.OPT_IN: noted("agreeing to hear from us"),
    EventType.RETURN_AFTER_ABSENCE: noted("coming back"),
    EventType.TILL_SCAN: noted("a scan at the till"),
}
ACTIONS: Mapping[EventType, str] = {
    EventType.PURCHASE: noted("Make a purchase"),
    EventType.REPEAT_PURCHASE: noted("Buy again"),
    EventType.UPGRADE: noted("Upgrade"),
    EventType.REFERRAL: noted("Tell who invited you"),
    EventType.REVIEW: noted("Write a review"),
    EventType.TESTIMONIAL: noted("Recommend us"),
    EventType.OWN_CONTENT: noted("Share a picture or video"),
    EventType.SURVEY: noted("Answer a survey"),
    EventType.SIGN_UP: noted("Sign up"),
    EventType.OPT_IN: noted("Agree to hear from us"),
    EventType.RETURN_AFTER_ABSENCE: noted("Come back"),
    EventType.TILL_SCAN: noted("Scan your card at the till"),
}
_WITHIN: Mapping[Period, str] = {
    Period.DAY: noted("within a day"),
    Period.WEEK: noted("within a week"),
    Period.MONTH: noted("within a month"),
    Period.QUARTER: noted("within a quarter"),
    Period.YEAR: noted("within a year"),
}
_EACH: Mapping[Period, str] = {
    Period.DAY: noted("a day"),
    Period.WEEK: noted("a week"),
    Period.MONTH: noted("a month"),
    Period.QUARTER: noted("a quarter"),
    Period.YEAR: noted("a year"),
    Period.EVER: noted("in all"),
}
_WHY: Mapping[Reason, str] = {
    Reason.GOAL_NOT_YET: noted("The goal is not reached yet: {done} of {goal}."),
    Reason.CAP_REACHED: noted("The limit of this rule is reached."),
    Reason.BUDGET_SPENT: noted("The budget of this rule is spent."),
    Reason.TOO_LITTLE: noted("The amount is too small."),
    Reason.OTHER_CURRENCY: noted("This rule counts other currencies: {currencies}."),
    Reason.NO_AMOUNT: noted("No amount was told."),
    Reason.OTHER_TIER: noted("This rule is for other levels: {tiers}."),
    Reason.OTHER_SEGMENT: noted("This rule is for other members."),
    Reason.OTHER_CHANNEL: noted("This rule is for other channels: {channels}."),
    Reason.OTHER_ATTRIBUTE: noted("This rule asks that {name} is {value}."),
    Reason.OTHER_DAY: noted("This rule is for other days."),
    Reason.OUTRANKED: noted("Another rule gave more."),
    Reason.NOT_REFERRED: noted("Nobody invited this member, or it was rewarded before."),
    Reason.HELD_OUT: noted("This rule is being tried out, and not with this member."),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What a program calls its points and its levels (by code)."""

    points: PointName
    tiers: Mapping[str, str] = field(default_factory=dict[str, str])


def sentence(said: Terms, names: Names, languages: Sequence[str], *, budget: bool = False) -> str:
    """The rule in one sentence: what earns how much, then what limits it."""
    clauses = [_base(said, names, languages), *_clauses(said, names, languages)]
    if budget:
        clauses.append(say("while the budget lasts", {}, languages))
    return ", ".join(clauses).rstrip(".") + "."


def event_names(said: Terms, languages: Sequence[str]) -> str:
    """What is done, as one would say it after "for"."""
    if EventType.CUSTOM in said.events:
        return said.custom_name
    return _either([say(EVENTS[event], {}, languages) for event in said.events if event in EVENTS], languages)


def _either(parts: Sequence[str], languages: Sequence[str]) -> str:
    *rest, last = parts or [""]
    return say("{these} or {that}", {"these": ", ".join(rest), "that": last}, languages) if rest else last


def _monies(monies: Iterable[Money], languages: Sequence[str]) -> str:
    return _either([say("{money}", {"money": money}, languages) for money in monies], languages)


def _base(said: Terms, names: Names, languages: Sequence[str]) -> str:
    facts: dict[str, Any] = {"points": names.points.of(said.points), "event": event_names(said, languages)}
    if said.kind is Kind.REFERRAL:
        facts["referrer"] = names.points.of(said.referrer_points)
        text = noted("{points} for the first purchase of an invited friend, {referrer} for who invited")
        return say(text, facts, languages)
    if said.kind is Kind.PER_AMOUNT:
        facts["amount"] = _monies(said.per, languages)
        return say("{points} for every {amount} of {event}", facts, languages)
    if said.kind is Kind.GOAL_TIMES:
        facts["times"] = said.goal_times
        text = counted("{points} after {times} time {event}", "{points} after {times} times {event}")
        return say(text, facts, languages)
    if said.kind is Kind.GOAL_AMOUNT:
        facts["amount"] = said.per[0]
        return say("{points} when {event} comes to {amount} together", facts, languages)
    if EventType.ANNIVERSARY in said.events:
        return say("{points} on each anniversary of joining", facts, languages)
    if said.on_day is not None:
        return say("{points} on {day}", facts | {"day": said.on_day}, languages)
    if said.day_of_month is not None:
        return say("{points} on day {day} of each month", facts | {"day": said.day_of_month}, languages)
    return say("{points} for {event}", facts, languages)


def _clauses(said: Terms, names: Names, languages: Sequence[str]) -> Iterator[str]:
    if said.is_goal and said.goal_period is not Period.EVER:
        yield say(_WITHIN[said.goal_period], {}, languages)
    if said.goal_repeats:
        yield say("each time anew", {}, languages)
    yield from _conditions(said, names, languages)
    for each in said.multipliers:
        yield _multiplier(each, names, languages)
    if said.rise is not None:
        most = {"factor": _factor(said.rise.most_bp)}
        yield say("a little more each time, up to {factor} times as much", most, languages)
    yield from _limits(said, names, languages)


def _conditions(said: Terms, names: Names, languages: Sequence[str]) -> Iterator[str]:
    if said.minimum:
        yield say("from {amount}", {"amount": _monies(said.minimum, languages)}, languages)
    if said.tiers:
        yield say("for {who} only", {"who": _tiers(said.tiers, names, languages)}, languages)
    if said.segments:
        yield say("for {who} only", {"who": _either(said.segments, languages)}, languages)
    if said.channels:
        yield say("only by {channel}", {"channel": _either(said.channels, languages)}, languages)
    for name, value in said.attributes:
        yield say("where {name} is {value}", {"name": name, "value": value}, languages)
    if said.first_day or said.last_day:
        yield _days(said.first_day, said.last_day, languages)


def _tiers(codes: Sequence[str], names: Names, languages: Sequence[str]) -> str:
    return _either([names.tiers.get(code, code) for code in codes], languages)


def _days(first: Any, last: Any, languages: Sequence[str]) -> str:
    if first is not None and last is not None:
        return say("from {first} to {last}", {"first": first, "last": last}, languages)
    if first is not None:
        return say("from {first}", {"first": first}, languages)
    return say("until {last}", {"last": last}, languages)


def _factor(bp: int) -> Decimal:
    return (Decimal(bp) / BASIS_POINTS).normalize()


def _multiplier(each: Multiplier, names: Names, languages: Sequence[str]) -> str:
    when: list[str] = []
    if each.tiers:
        when.append(say("for {who}", {"who": _tiers(each.tiers, names, languages)}, languages))
    if each.weekdays:
        days = get_day_names("wide", locale=Locale.parse(language_of(languages)))
        when.append(
            say("on {days}", {"days": _either([days[day - 1] for day in each.weekdays], languages)}, languages)
        )
    if each.first_day or each.last_day:
        when.append(_days(each.first_day, each.last_day, languages))
    return say("times {factor} {when}", {"factor": _factor(each.factor_bp), "when": " ".join(when)}, languages)


def _limits(said: Terms, names: Names, languages: Sequence[str]) -> Iterator[str]:
    each = say(_EACH[said.cap_period], {}, languages)
    if said.cap_points is not None:
        facts = {"points": names.points.of(said.cap_points), "each": each}
        yield say("at most {points} {each}", facts, languages)
    if said.cap_times is not None:
        yield say(
            counted("at most {times} time {each}", "at most {times} times {each}"),
            {"times": said.cap_times, "each": each},
            languages,
        )
    if said.needs_confirmation:
        yield say("once it is confirmed", {}, languages)
    if said.pending_days:
        yield say(
            counted("there after {days} day", "there after {days} days"), {"days": said.pending_days}, languages
        )


def why_not(reason: Reason, facts: Mapping[str, Any], languages: Sequence[str]) -> str | None:
    """Why a rule gave nothing, in a sentence; None where it gave something."""
    text = _WHY.get(reason)
    if text is None or (reason is Reason.GOAL_NOT_YET and not {"done", "goal"} <= facts.keys()):
        return None
    return say(text, facts, languages)
