"""How points run off: the estimate finds the process that made the history, and nothing is lost in a forecast."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.finance.runoff import Entered, Gone, RunOff, Standing, estimated

AGES = 12
by_chance = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def a_history(shares: list[float], cohorts: int = 12, points: int = 1_000_000) -> RunOff:
    """Cohorts of which at each age exactly the same share of what is left was used."""
    entered = [Entered(0, min(cohort, len(shares)) - 1, points) for cohort in range(1, cohorts + 1)]
    gone: list[Gone] = []
    for each in entered:
        left = float(points)
        for age in range(each.last + 1):
            gone.append(Gone(0, each.last, age, round(left * shares[age]), 0, 0))
            left -= left * shares[age]
    return estimated(entered, gone, 30)


def test_the_shares_that_made_the_history_are_found_again() -> None:
    shares = [0.4, 0.2, 0.1, 0.05]
    found = a_history(shares)
    assert found.shares == pytest.approx(shares, abs=1e-4)
    assert found.tail == pytest.approx(sum(x for x in (0.2, 0.1, 0.05)) / 3, abs=0.05)
    assert found.stays(0, 60) == pytest.approx(0.6 * 0.8, abs=1e-4)
    assert found.stays(30, 45) == pytest.approx(0.8 * 0.9**0.5, abs=1e-3)


def test_breakage_is_what_stays_until_the_date() -> None:
    found = a_history([0.5, 0.5])
    assert found.breakage(Standing(0, 60, 1000)) == pytest.approx(250, abs=1)
    assert found.breakage(Standing(30, 30, 1000)) == pytest.approx(500, abs=1)
    assert found.breakage(Standing(0, 0, 1000)) == 1000
    assert found.breakage(Standing(0, None, 1000)) == 0


def test_without_history_nothing_is_expected_to_break() -> None:
    found = estimated([], [], 30)
    assert not found.is_known
    assert found.breakage(Standing(0, 30, 1000)) == 0


def test_what_expired_within_an_age_was_exposed_for_half_of_it() -> None:
    found = estimated([Entered(0, 0, 1000)], [Gone(0, 0, 0, 100, 200, 0)], 30)
    assert found.shares == pytest.approx((100 / 900,))


def test_lots_that_came_later_are_watched_from_then_on() -> None:
    """Of points handed over at the age of two steps nothing is known of the first two."""
    found = estimated([Entered(0, 3, 1000), Entered(2, 3, 500)], [Gone(2, 3, 2, 150, 0, 0)], 30)
    assert found.shares == pytest.approx((0, 0, 0.1, 0))


def test_an_age_that_hardly_anybody_has_reached_does_not_count() -> None:
    found = estimated([Entered(0, 0, 100_000), Entered(0, 1, 900)], [Gone(0, 1, 1, 900, 0, 0)], 30)
    assert len(found.shares) == 1


known = st.lists(st.integers(0, 90).map(lambda percent: percent / 100), min_size=1, max_size=AGES)
standing = st.builds(
    Standing, st.integers(0, 800), st.one_of(st.none(), st.integers(0, 800)), st.integers(0, 10**9)
)


@by_chance
@given(known, st.lists(standing, max_size=6))
def test_what_is_expected_to_be_used_and_to_expire_is_what_there_is(
    shares: list[float], of: list[Standing]
) -> None:
    found = RunOff(30, shares, shares[-1])
    flows = [found.flow(of, step) for step in range(30)]
    assert all(flow.used >= -1e-6 and flow.expired >= 0 for flow in flows)
    dated = [each for each in of if each.left_days is not None]
    expired = sum(flow.expired for flow in flows)
    assert expired == pytest.approx(sum(found.breakage(each) for each in dated), rel=1e-6, abs=1e-3)
    if len(dated) == len(of):
        gone = expired + sum(flow.used for flow in flows)
        assert gone == pytest.approx(sum(each.points for each in of), rel=1e-6, abs=1e-3)


@by_chance
@given(known, st.integers(0, 500), st.integers(0, 400), st.integers(0, 400))
def test_the_later_the_date_the_less_breaks(shares: list[float], age: int, one: int, other: int) -> None:
    found = RunOff(7, shares, 0.1)
    sooner, later = sorted((one, other))
    assert 0 <= found.breakage(Standing(age, later, 1000)) <= found.breakage(Standing(age, sooner, 1000)) <= 1000
