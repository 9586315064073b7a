"""When points expire, and which of them are taken."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.points.models import ExpiryKind, ExpiryPeriod, ReturnRule
from marketplace.points.rules import (
    Dated,
    Policy,
    date_of,
    end_of_day_after,
    end_of_period,
    expiry_of,
    problems_of_policy,
    taken_from,
)

ZONES = st.sampled_from(
    ["Europe/Oslo", "America/Havana", "Asia/Kuala_Lumpur", "Pacific/Apia", "Africa/Cairo", "UTC"]
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def text(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M") if moment else "never"


@pytest.mark.parametrize(
    ("earned", "months", "expires"),
    [
        ("2026-01-31T12:00", 1, "2026-02-28T23:00"),
        ("2026-03-15T12:00", 24, "2028-03-15T23:00"),
        ("2026-12-31T23:30", 1, "2027-02-01T23:00"),
        ("2026-02-28T12:00", 1, "2026-03-28T23:00"),
        ("2026-02-28T23:30", 1, "2026-04-01T22:00"),
    ],
)
def test_a_lot_lives_to_the_end_of_a_day_so_many_months_ahead(earned: str, months: int, expires: str) -> None:
    moment = datetime.fromisoformat(earned).replace(tzinfo=UTC)
    assert text(expiry_of(moment, months, "Europe/Oslo")) == expires


@pytest.mark.parametrize(
    ("earned", "period", "after", "expires"),
    [
        ("2026-03-15T12:00", ExpiryPeriod.MONTH, 0, "2026-03-31T22:00"),  # summer time began two days before
        ("2026-02-15T12:00", ExpiryPeriod.MONTH, 0, "2026-02-28T23:00"),
        ("2026-02-15T12:00", ExpiryPeriod.QUARTER, 0, "2026-03-31T22:00"),
        ("2026-11-15T12:00", ExpiryPeriod.QUARTER, 1, "2027-03-31T22:00"),
        ("2026-12-31T22:59", ExpiryPeriod.YEAR, 0, "2026-12-31T23:00"),
        ("2026-12-31T23:00", ExpiryPeriod.YEAR, 0, "2027-12-31T23:00"),
        ("2026-06-01T12:00", ExpiryPeriod.YEAR, 1, "2027-12-31T23:00"),
    ],
)
def test_calendar_points_end_with_a_period_of_the_programs_own_time(
    earned: str, period: ExpiryPeriod, after: int, expires: str
) -> None:
    moment = datetime.fromisoformat(earned).replace(tzinfo=UTC)
    assert text(end_of_period(moment, period, after, "Europe/Oslo")) == expires


def test_a_midnight_that_comes_twice_is_the_first_and_one_that_is_skipped_is_the_next_moment() -> None:
    twice = end_of_day_after(datetime(2026, 10, 31, 12, tzinfo=UTC), 0, "America/Havana")
    assert text(twice) == "2026-11-01T04:00"
    skipped = end_of_day_after(datetime(2026, 4, 23, 12, tzinfo=UTC), 0, "Africa/Cairo")
    assert text(skipped) == "2026-04-23T22:00"


@given(MOMENTS, st.integers(1, 60), ZONES)
def test_a_date_is_a_local_midnight_after_the_whole_months_and_never_nearer_for_later_points(
    moment: datetime, months: int, zone: str
) -> None:
    until = expiry_of(moment, months, zone)
    local = (until - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert local.day == (local + timedelta(seconds=1)).day or until.astimezone(ZoneInfo(zone)).day != local.day
    assert until > moment + timedelta(days=27 * months)
    assert expiry_of(moment + timedelta(hours=30), months, zone) >= until


@given(MOMENTS, st.sampled_from(list(ExpiryPeriod)), st.integers(0, 5), ZONES)
def test_a_period_ends_after_every_moment_in_it_and_the_same_for_all_of_them(
    moment: datetime, period: ExpiryPeriod, after: int, zone: str
) -> None:
    end = end_of_period(moment, period, after, zone)
    assert end > moment
    first = end_of_period(moment, period, 0, zone)
    assert end_of_period(first - timedelta(seconds=1), period, 0, zone) == first
    assert end_of_period(first, period, 0, zone) > first


@given(st.lists(st.integers(1, 500), max_size=8), st.integers(0, 3000))
def test_what_is_taken_is_the_first_of_the_lots_and_no_more_than_was_asked(lots: list[int], points: int) -> None:
    shelf = [Dated(datetime(2026, 1, n + 1, tzinfo=UTC), many) for n, many in enumerate(lots)]
    taken = taken_from(shelf, points)
    assert sum(each.points for each in taken) == min(points, sum(lots))
    assert [each.expires_at for each in taken] == [each.expires_at for each in shelf[: len(taken)]]
    assert all(part.points == lot.points for part, lot in list(zip(taken, shelf, strict=False))[:-1])


def test_points_that_never_expire_have_no_date() -> None:
    assert date_of(Policy("UTC", ExpiryKind.NEVER, None), datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_policy_that_contradicts_itself_names_each_place() -> None:
    wrong = Policy("UTC", ExpiryKind.CALENDAR, 3, None, -1, ReturnRule.GRACE, grace_days=0, notice_days=(7, 7, 0))
    assert {problem.path for problem in problems_of_policy(wrong)} == {
        "months",
        "period",
        "periodsAfter",
        "graceDays",
        "noticeDays",
    }
    assert problems_of_policy(Policy("UTC")) == []
