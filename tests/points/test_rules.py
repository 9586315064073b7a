"""When points expire."""

from datetime import UTC, datetime

import pytest

from marketplace.points.rules import expiry_of


@pytest.mark.parametrize(
    ("earned", "months", "expires"),
    [
        ("2026-01-31T12:00", 1, "2026-02-28T23:00"),
        ("2026-03-15T12:00", 24, "2028-03-15T23:00"),
        ("2026-12-31T23:30", 1, "2027-02-01T23:00"),
    ],
)
def test_a_lot_lives_to_the_end_of_a_day_so_many_months_ahead(earned: str, months: int, expires: str) -> None:
    moment = datetime.fromisoformat(earned).replace(tzinfo=UTC)
    assert expiry_of(moment, months, "Europe/Oslo").strftime("%Y-%m-%dT%H:%M") == expires
