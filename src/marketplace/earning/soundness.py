"""What makes a rule sound, and what makes it hard to understand. Pure decisions."""

from collections.abc import Collection, Iterator

from marketplace.earning.terms import Multiplier, Terms
from marketplace.earning.words import BY_THE_CLOCK, PURCHASES, EventType, Kind, Period
from marketplace.kit.money import BASIS_POINTS, Money
from marketplace.kit.refusals import Problem
from marketplace.members.rules import problems_of_texts

MOST_POINTS = 10_000_000
MOST_FACTOR_BP = 100 * BASIS_POINTS
MOST_HELD_OUT_BP = 5_000
"""At least every second member earns by a rule."""
MOST_LISTED = 20
MOST_PENDING_DAYS = 365
EASY_CONDITIONS = 3


def conditions(said: Terms) -> int:
    """How many things a member has to keep in mind beside what earns and how much."""
    parts = (
        *(said.tiers, said.segments, said.channels, said.minimum, said.first_day or said.last_day),
        *(said.cap_points, said.cap_times, said.rise, said.goal_period is not Period.EVER),
    )
    return sum(map(bool, parts)) + len(said.attributes) + len(said.multipliers)


def is_hard(said: Terms) -> bool:
    """Whether a rule has more conditions than people keep in mind."""
    return conditions(said) > EASY_CONDITIONS


def problems(said: Terms, tiers: Collection[str]) -> list[Problem]:
    """Everything that is wrong with terms, in a program with these levels."""
    return [*_of_events(said), *_of_points(said), *_of_kind(said), *_of_limits(said), *_of_conditions(said, tiers)]


def _of_events(said: Terms) -> Iterator[Problem]:
    if not said.events or len(set(said.events)) != len(said.events):
        yield Problem("terms.events", "Name each event once, and at least one.")
    by_the_clock = set(said.events) & BY_THE_CLOCK
    if by_the_clock and (len(said.events) > 1 or said.kind is not Kind.FIXED):
        yield Problem("terms.events", "An award by the clock is a fixed one, for that alone.")
    if EventType.CUSTOM in said.events:
        yield from problems_of_texts([("terms.customName", said.custom_name, 1, 60)])
        if len(said.events) > 1:
            yield Problem("terms.events", "A custom event stands alone in its rule.")
    if (EventType.ON_DATE in said.events) != (said.on_day is not None):
        yield Problem("terms.onDay", "An award on a date has the day, and no other has.")
    monthly = EventType.EVERY_MONTH in said.events
    if monthly != (said.day_of_month is not None) or not 1 <= (said.day_of_month or 1) <= 28:
        yield Problem("terms.dayOfMonth", "A monthly award has a day from 1 to 28, and no other has.")
    if said.kind is Kind.REFERRAL and not set(said.events) <= PURCHASES:
        yield Problem("terms.events", "A referral is rewarded at a purchase.")


def _of_points(said: Terms) -> Iterator[Problem]:
    if not 0 <= said.held_out_bp <= MOST_HELD_OUT_BP:
        yield Problem("terms.heldOutBp", "Give 0 to {most} basis points.", {"most": MOST_HELD_OUT_BP})
    if not 1 <= said.points <= MOST_POINTS:
        yield Problem("terms.points", "Give 1 to {most} points.", {"most": MOST_POINTS})
    if not 0 <= said.referrer_points <= MOST_POINTS or (said.referrer_points and said.kind is not Kind.REFERRAL):
        yield Problem("terms.referrerPoints", "Only a referral gives points to who sent the member.")
    for index, each in enumerate(said.multipliers[:MOST_LISTED]):
        yield from _of_multiplier(f"terms.multipliers.{index}", each)
    if len(said.multipliers) > MOST_LISTED:
        yield Problem("terms.multipliers", "Give at most {most}.", {"most": MOST_LISTED})
    rise = said.rise
    if rise and not (rise.step_bp >= 1 and BASIS_POINTS < rise.most_bp <= MOST_FACTOR_BP):
        yield Problem(
            "terms.rise", "Let it rise by steps above zero, to more than 1 and at most {most}.", {"most": 100}
        )


def _of_multiplier(path: str, each: Multiplier) -> Iterator[Problem]:
    if not 1 <= each.factor_bp <= MOST_FACTOR_BP:
        yield Problem(f"{path}.factorBp", "Give 1 to {most} basis points.", {"most": MOST_FACTOR_BP})
    if any(not 1 <= day <= 7 for day in each.weekdays):
        yield Problem(f"{path}.weekdays", "Weekdays are 1 (Monday) to 7.")
    if not (each.tiers or each.weekdays or each.first_day or each.last_day):
        yield Problem(path, "Say when it applies: a level, a weekday or days.")
    if each.first_day and each.last_day and each.last_day < each.first_day:
        yield Problem(f"{path}.lastDay", "The last day comes after the first.")


def _of_kind(said: Terms) -> Iterator[Problem]:
    takes_amount = said.kind in (Kind.PER_AMOUNT, Kind.GOAL_AMOUNT)
    if takes_amount != bool(said.per) or (said.kind is Kind.GOAL_AMOUNT and len(said.per) != 1):
        yield Problem("terms.per", "Say which amounts earn, or the one amount that is the goal.")
    yield from _of_monies("terms.per", said.per)
    yield from _of_monies("terms.minimum", said.minimum)
    if (said.kind is Kind.GOAL_TIMES) != (said.goal_times > 0) or said.goal_times > 10_000:
        yield Problem("terms.goalTimes", "A goal of times has a number from 1 to {most}.", {"most": 10_000})
    if said.goal_repeats and not said.is_goal:
        yield Problem("terms.goalRepeats", "Only a goal can be reached again.")


def _of_monies(path: str, monies: tuple[Money, ...]) -> Iterator[Problem]:
    if len(monies) > MOST_LISTED:
        yield Problem(path, "Give at most {most}.", {"most": MOST_LISTED})
    if len({money.currency for money in monies}) != len(monies) or any(money.minor < 1 for money in monies):
        yield Problem(path, "Give one amount above zero for each currency.")


def _of_limits(said: Terms) -> Iterator[Problem]:
    if said.cap_points is not None and not 1 <= said.cap_points <= MOST_POINTS * 1000:
        yield Problem("terms.capPoints", "A limit is at least one point.")
    if said.cap_times is not None and not 1 <= said.cap_times <= 10_000:
        yield Problem("terms.capTimes", "A limit is 1 to {most} times.", {"most": 10_000})
    if not 0 <= said.pending_days <= MOST_PENDING_DAYS:
        yield Problem("terms.pendingDays", "Give 0 to {most} days.", {"most": MOST_PENDING_DAYS})
    if said.first_day and said.last_day and said.last_day < said.first_day:
        yield Problem("terms.lastDay", "The last day comes after the first.")


def _of_conditions(said: Terms, tiers: Collection[str]) -> Iterator[Problem]:
    named = {*said.tiers, *(tier for each in said.multipliers for tier in each.tiers)}
    unknown = sorted(named - set(tiers))
    if unknown:
        yield Problem("terms.tiers", "The program has no tier {tier}.", {"tier": unknown[0][:40]})
    lists = {"tiers": said.tiers, "segments": said.segments, "channels": said.channels}
    for name, values in lists.items():
        if len(values) > MOST_LISTED:
            yield Problem(f"terms.{name}", "Give at most {most}.", {"most": MOST_LISTED})
        yield from problems_of_texts((f"terms.{name}", value, 1, 60) for value in values[:MOST_LISTED])
    if len(said.attributes) > MOST_LISTED:
        yield Problem("terms.attributes", "Give at most {most}.", {"most": MOST_LISTED})
    for name, value in said.attributes[:MOST_LISTED]:
        yield from problems_of_texts([("terms.attributes", name, 1, 40), ("terms.attributes", value, 0, 200)])
    yield from problems_of_texts([("terms.group", said.group, 0, 40)])
