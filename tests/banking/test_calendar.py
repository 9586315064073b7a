"""TARGET's calendar, against the closing days that the European Central Bank has published."""

from datetime import date, timedelta

import pytest

from marketplace.banking import calendar, rules

# ecb.europa.eu, "TARGET closing days": those that are no Saturday or Sunday.
CLOSED = {
    2024: "01-01 03-29 04-01 05-01 12-25 12-26",
    2025: "01-01 04-18 04-21 05-01 12-25 12-26",
    2026: "01-01 04-03 04-06 05-01 12-25",
    2027: "01-01 03-26 03-29",
}


@pytest.mark.parametrize("year", CLOSED)
def test_closed_are_just_the_published_days(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    closed = [day for day in days if not calendar.is_open(day)]
    assert [f"{day:%m-%d}" for day in closed if day.isoweekday() < 6] == CLOSED[year].split()
    assert all(day in closed for day in days if day.isoweekday() > 5)


@pytest.mark.parametrize(
    ("day", "first"),
    [("2026-11-20", "2026-11-20"), ("2026-11-21", "2026-11-23"), ("2027-03-26", "2027-03-30"),
     ("2026-12-25", "2026-12-28"), ("2027-12-31", "2027-12-31"), ("2028-01-01", "2028-01-03")],
)  # fmt: skip
def test_the_first_open_day(day: str, first: str) -> None:
    assert calendar.first_open(date.fromisoformat(day)) == date.fromisoformat(first)


def test_silence_counts_only_days_on_which_a_bank_could_have_booked() -> None:
    assert rules.silent_on(date(2026, 12, 24)) == date(2027, 1, 4)
