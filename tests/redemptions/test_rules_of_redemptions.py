"""The pure decisions: which way a redemption can go, what an order says, when and how much."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as some

from marketplace.catalog.models import OfferKind
from marketplace.kit import money
from marketplace.members.models import Period
from marketplace.redemptions import rules
from marketplace.redemptions.addresses import Address, address_problems
from marketplace.redemptions.models import RedemptionState as State
from marketplace.storefront.cash import period_of

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


def test_final_states_lead_nowhere() -> None:
    for state, kind, goal in product((State.CANCELLED, State.FAILED, State.REFUNDED), OfferKind, State):
        assert not rules.may_become(state, kind, goal)


def test_nothing_becomes_pending_again_and_only_bookings_are_cancelled_after_they_were_fulfilled() -> None:
    for state, kind in product(State, OfferKind):
        assert not rules.may_become(state, kind, State.PENDING)
    cancellable = {kind for kind in OfferKind if rules.may_become(State.FULFILLED, kind, State.CANCELLED)}
    assert cancellable == {OfferKind.EXPERIENCE}
    assert all(rules.may_become(State.FULFILLED, kind, State.REFUNDED) for kind in OfferKind)
    assert all(rules.may_become(State.PENDING, kind, State.CANCELLED) for kind in OfferKind)


@pytest.mark.parametrize(
    ("number", "pattern", "check", "fine"),
    [
        ("4539578763621486", r"\d{16}", "luhn", True),
        ("4539578763621468", r"\d{16}", "luhn", False),
        ("AB12345674", r"[A-Z]{2}\d{8}", "luhn", True),
        ("AB12345678", r"[A-Z]{2}\d{8}", None, True),
        ("ab12345678", r"[A-Z]{2}\d{8}", None, False),
        ("anything", None, None, True),
        ("", None, None, False),
        ("x" * 61, None, None, False),
    ],
)
def test_membership_numbers(number: str, pattern: str | None, check: str | None, fine: bool) -> None:
    assert (rules.number_problem(number, pattern, check) is None) is fine


def test_cards_print_spaces() -> None:
    assert rules.tidy_number(" 4539 5787\t6362 1486 ") == "4539578763621486"
    assert rules.tidy_number(" 12 345 ", r"\d{2} \d{3}") == "12 345"


def test_a_booking_can_be_cancelled_until_some_hours_before() -> None:
    assert rules.cancellable_until(NOON, 24) == NOON - timedelta(days=1)
    assert rules.cancellable_until(NOON, 0) == NOON
    assert rules.cancellable_until(NOON, None) is None


def test_what_can_be_sold_again() -> None:
    def again(state: State, kind: OfferKind, *, revealed: bool = False, hours: int = 1) -> bool:
        starts_at = NOON + timedelta(hours=hours)
        return rules.is_resellable(state, kind, revealed=revealed, starts_at=starts_at, now=NOON)

    assert all(again(State.PENDING, kind) for kind in OfferKind)
    assert again(State.FULFILLED, OfferKind.VOUCHER)
    assert not again(State.FULFILLED, OfferKind.VOUCHER, revealed=True)
    assert again(State.FULFILLED, OfferKind.EXPERIENCE)
    assert not again(State.FULFILLED, OfferKind.EXPERIENCE, hours=0)
    assert not again(State.FULFILLED, OfferKind.MERCHANDISE)
    assert not again(State.FULFILLED, OfferKind.BRAND_CURRENCY)


@given(some.integers(0, 2**60 - 1), some.integers(0, 2**60 - 1))
def test_ticket_numbers_are_told_apart_and_can_be_read_out(one: int, other: int) -> None:
    first, second = rules.ticket_number(one), rules.ticket_number(other)
    assert (first == second) is (one == other)
    assert len(first) == 14
    assert not set(first) & set("ILOU")


@given(some.decimals("0.0001", "5", places=4), some.integers(1, 10_000), some.sampled_from(["EUR", "JPY", "KWD"]))
def test_the_least_points_for_cash_are_worth_the_smallest_unit_and_one_less_is_not(
    value: Decimal, rate_bp: int, currency: str
) -> None:
    least = rules.least_points_for_cash(value, rate_bp, currency)

    def paid(points: int) -> int:
        return int((points * value * rate_bp / 10_000).scaleb(money.minor_digits(currency)))

    assert paid(least) >= 1
    assert paid(least - 1) < 1


@pytest.mark.parametrize(
    ("moment", "zone", "start", "following"),
    [
        ("2026-11-30T10:30", "Pacific/Auckland", "2026-11-01", "2026-12-01"),
        ("2026-11-30T11:30", "Pacific/Auckland", "2026-12-01", "2027-01-01"),
        ("2026-01-31T23:30", "Europe/Amsterdam", "2026-02-01", "2026-03-01"),
        ("2026-12-31T22:30", "Europe/Amsterdam", "2026-12-01", "2027-01-01"),
    ],
)
def test_months_are_those_of_the_programs_calendar(moment: str, zone: str, start: str, following: str) -> None:
    bounds = period_of(Period.MONTH, datetime.fromisoformat(moment).replace(tzinfo=UTC), zone)
    assert [each.date().isoformat() for each in bounds] == [start, following]
    assert {each.hour for each in bounds} == {0}


def address(**other: str) -> Address:
    facts = {"name": "Ada", "line1": "Street 1", "city": "Town", "country": "NL", "postal_code": "1012LG"}
    return Address(**(facts | other)).tidy()


@pytest.mark.parametrize(
    ("country", "postal_code", "region", "missing"),
    [
        ("NL", "1012 lg", "", set[str]()),
        ("NL", "0123 AB", "", {"address.postalCode"}),
        ("US", "94105-1234", "CA", set[str]()),
        ("US", "9410", "", {"address.postalCode", "address.region"}),
        ("GB", "sw1a 1aa", "", set[str]()),
        ("NO", "0150", "", set[str]()),
        ("SE", "114 55", "", set[str]()),
        ("AE", "", "", set[str]()),
        ("IN", "११०००१", "Delhi", {"address.postalCode"}),
    ],
)
def test_addresses_by_country(country: str, postal_code: str, region: str, missing: set[str]) -> None:
    given = address(country=country.lower(), postal_code=postal_code, region=region)
    assert {problem.path for problem in address_problems(given, country)} == missing


def test_a_line_is_one_line_and_not_too_long() -> None:
    given = address(line1="x" * 121, line2="two\nlines")
    assert {problem.path for problem in address_problems(given, "NL")} == {"address.line1", "address.line2"}
