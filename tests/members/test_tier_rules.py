"""Levels by their rules alone."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.periods import LimitPeriod, months_of, period_of
from marketplace.members.models import Landing, TierBasis, TierWindow
from marketplace.members.tier_rules import Level, Scheme, earned, following, judged, kept_until

LEVELS = (Level("a", 0, 0, 0), Level("b", 1, 100, 600), Level("c", 2, None, 900), Level("d", 3, 900, 1500))
ZONES = st.sampled_from(["Europe/Oslo", "America/Havana", "Asia/Kuala_Lumpur", "Africa/Cairo", "UTC"])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def scheme(window: TierWindow, grace: int = 0, landing: Landing = Landing.ONE_LEVEL, zone: str = "UTC") -> Scheme:
    return Scheme(zone, TierBasis.POINTS, window, 12, grace, landing, LEVELS)


@given(st.integers(-50, 2000), st.integers(0, 500))
def test_more_never_earns_a_lower_level_and_a_given_one_is_never_earned(qualified: int, more: int) -> None:
    one, two = earned(LEVELS, qualified), earned(LEVELS, qualified + more)
    assert (one.rank if one else -1) <= (two.rank if two else -1)
    assert all(level is None or level.threshold is not None for level in (one, two))


def test_the_next_level_is_the_lowest_that_can_be_earned_above() -> None:
    found = [following(LEVELS, rank) for rank in (None, 0, 1, 3)]
    assert [level.code if level else None for level in found] == ["a", "b", "d", None]


@given(
    st.sampled_from(list(TierWindow)), st.sampled_from(list(Landing)), st.integers(0, 12), st.integers(0, 2000),
    st.sampled_from([level for level in LEVELS if level.threshold]), st.booleans(), MOMENTS, ZONES,
)  # fmt: skip
def test_a_verdict_never_takes_more_than_the_rule_says(
    window: TierWindow, landing: Landing, grace: int, qualified: int, held: Level, in_grace: bool, now: datetime,
    zone: str,
) -> None:  # fmt: skip
    verdict = judged(scheme(window, grace, landing, zone), held, qualified, now, in_grace=in_grace)
    reached = earned(LEVELS, qualified)
    assert verdict.level is not None
    assert verdict.until is None or verdict.until > now
    if reached is not None and reached.rank >= held.rank:
        assert (verdict.level, verdict.in_grace, verdict.reason) == (held, False, None)
    elif grace and not in_grace:
        assert (verdict.level, verdict.in_grace) == (held, True)
    elif landing is Landing.ONE_LEVEL:
        assert verdict.level.rank in (held.rank - 1, reached.rank if reached else -1)
    else:
        assert verdict.level == reached


@given(MOMENTS, st.sampled_from(list(LimitPeriod)), ZONES)
def test_periods_follow_each_other_without_a_gap(moment: datetime, period: LimitPeriod, zone: str) -> None:
    start, end = period_of(moment, period, zone)
    assert start <= moment < end
    if period is not LimitPeriod.LIFETIME:
        assert period_of(end, period, zone)[0] == end
        assert period_of(start - timedelta(microseconds=1), period, zone)[1] == start


@given(MOMENTS, ZONES)
def test_calendar_stretches_divide_the_year(moment: datetime, zone: str) -> None:
    lengths = [months_of(moment, months, zone) for months in (1, 3, 6, 12)]
    assert all(outer[0] <= inner[0] < inner[1] <= outer[1] for inner, outer in pairwise(lengths))
    calendar = scheme(TierWindow.CALENDAR, zone=zone)
    assert kept_until(calendar, moment, given=True) > kept_until(calendar, moment) > moment
