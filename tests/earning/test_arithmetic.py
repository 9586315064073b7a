"""What must hold of the arithmetic of rules, whatever they say and whatever happens."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.earning import rules, terms, ways
from marketplace.earning.rules import Happening, Tally, Verdict
from marketplace.earning.simulating import Rehearsal
from marketplace.earning.terms import Multiplier, Rise, Terms
from marketplace.earning.words import EventType, Kind, Period, Reason, Rounding
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money

by_chance = settings(max_examples=60, deadline=None)
DAY = date(2026, 3, 4)
MINOR = st.integers(0, 10**7)
FACTOR = st.integers(1, 50_000)
ROUNDING = st.sampled_from(Rounding)
MULTIPLIERS = st.lists(
    st.builds(Multiplier, factor_bp=FACTOR, weekdays=st.sampled_from([(), (3,), (1, 2)])), max_size=3
).map(tuple)
RISES = st.none() | st.builds(
    Rise, step_bp=st.integers(1, 5000), most_bp=st.integers(10_001, 40_000), period=st.sampled_from(Period)
)
PER_AMOUNT = st.builds(
    Terms,
    kind=st.just(Kind.PER_AMOUNT),
    events=st.just((EventType.PURCHASE,)),
    points=st.integers(1, 1000),
    per=st.integers(1, 5000).map(lambda minor: (Money(minor, "EUR"),)),
    rounding=ROUNDING,
    multipliers=MULTIPLIERS,
    rise=RISES,
    cap_points=st.none() | st.integers(1, 10**6),
    cap_times=st.none() | st.integers(1, 5),
    cap_period=st.sampled_from(Period),
    minimum=st.sampled_from([(), (Money(500, "EUR"),)]),
    first_day=st.none() | st.just(date(2026, 1, 1)),
    group=st.sampled_from(["", "spring"]),
)


def purchase(minor: int | None) -> Happening:
    return Happening(type=EventType.PURCHASE, day=DAY, amount_minor=minor, currency="EUR")


@by_chance
@given(PER_AMOUNT)
def test_terms_are_read_as_they_were_written(said: Terms) -> None:
    assert terms.read(orjson.loads(orjson.dumps(terms.written(said)))) == said


@by_chance
@given(st.fractions(0, 10**9), ROUNDING)
def test_rounding_stays_within_a_point(exact: Fraction, rounding: Rounding) -> None:
    whole = rules.rounded(exact, rounding)
    assert abs(whole - exact) < 1
    if rounding is Rounding.DOWN:
        assert whole <= exact
    elif rounding is Rounding.UP:
        assert whole >= exact
    else:
        assert abs(whole - exact) <= Fraction(1, 2)


@by_chance
@given(PER_AMOUNT, st.lists(MINOR, max_size=12))
def test_caps_hold_over_any_history_and_it_is_the_same_in_a_rehearsal(said: Terms, amounts: list[int]) -> None:
    moment, member = datetime(2026, 3, 4, 12, tzinfo=UTC), new_id()
    tally, rehearsal = Tally(), Rehearsal(said, "Europe/Oslo", None)
    given: list[Verdict] = []
    for minor in amounts:
        verdict = rules.judge(said, purchase(minor), tally)
        rehearsal.see(member, purchase(minor), moment)
        assert (verdict.points > 0) == (verdict.reason is Reason.EARNED)
        if verdict.points:
            given.append(verdict)
            tally = Tally(
                cap_points=tally.cap_points + verdict.points,
                cap_times=tally.cap_times + 1,
                earlier=tally.earlier + 1,
            )
    points = sum(verdict.points for verdict in given)
    assert said.cap_points is None or points <= said.cap_points
    assert said.cap_times is None or len(given) <= said.cap_times
    assert (rehearsal.result.points, rehearsal.result.matched) == (points, len(given))


@by_chance
@given(PER_AMOUNT, MINOR, MINOR)
def test_more_money_never_earns_less(said: Terms, one: int, other: int) -> None:
    less, more = sorted((one, other))
    low, high = (rules.judge(said, purchase(minor), Tally()).points for minor in (less, more))
    assert low <= high


@by_chance
@given(PER_AMOUNT, st.integers(1, 10**7), st.data())
def test_parts_that_go_back_take_no_more_than_was_given_and_all_takes_all(
    said: Terms, minor: int, data: st.DataObject
) -> None:
    verdict = rules.judge(said, purchase(minor), Tally())
    had, left = verdict.points, minor
    while left:
        left -= data.draw(st.integers(1, left))
        kept = rules.kept_after_return(said, had, verdict.multiplier_bp, left, "EUR")
        assert 0 <= kept <= had
        had = kept
    assert had == 0


@by_chance
@given(st.integers(1, 50), st.lists(st.integers(0, 200), max_size=20), st.booleans())
def test_goals_are_given_for_exactly_as_often_as_they_are_reached(
    goal: int, counted: list[int], repeats: bool
) -> None:
    total = given_times = 0
    for each in counted:
        total += each
        given_times += rules.new_goals(total, goal, given_times, repeats=repeats)
    assert given_times == (total // goal if repeats else min(1, total // goal))


@by_chance
@given(st.integers(0, 1000), st.lists(st.integers(1, 300), max_size=8))
def test_debts_are_paid_oldest_first_and_never_more_than_comes_in(points: int, debts: list[int]) -> None:
    paid = rules.netted(points, debts)
    assert sum(paid) == min(points, sum(debts))
    assert all(part <= debt for part, debt in zip(paid, debts, strict=True))
    unpaid = [place for place, (part, debt) in enumerate(zip(paid, debts, strict=True)) if part < debt]
    assert all(paid[place] == 0 for place in unpaid[1:])


@by_chance
@given(PER_AMOUNT, st.integers(1, 5000))
def test_the_amount_that_a_way_names_really_earns_so_much(said: Terms, need: int) -> None:
    earner = ways.Earner(day=DAY, tier=None, segments=(), currency="EUR")
    action = ways.action("rule", said, earner, Tally(), need)
    if action is not None:
        assert action.amount is not None
        verdict = rules.judge(said, purchase(action.amount.minor), Tally())
        assert need <= verdict.points == action.points


@by_chance
@given(
    st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC)),
    st.sampled_from(Period),
    st.sampled_from(["Europe/Oslo", "Asia/Kuala_Lumpur", "America/New_York", "UTC"]),
)
def test_periods_hold_their_moment_and_follow_each_other(moment: datetime, period: Period, timezone: str) -> None:
    start, end = rules.period_of(moment, period, timezone)
    assert start <= moment < end
    if period is not Period.EVER:
        assert rules.period_of(end, period, timezone)[0] == end
        assert rules.period_of(start - timedelta(microseconds=1), period, timezone)[1] == start
        assert start.astimezone(ZoneInfo(timezone)).hour in (0, 1)
