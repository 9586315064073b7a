"""Sliding windows: what they let in, how long they make wait, and that they stay small."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import RateLimitItem, parse

from marketplace.app import windows
from marketplace.app.windows import Windows

TEN = parse("10/minute")


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.seconds = 6_000_000.0

    def __call__(self) -> float:
        return self.seconds


@contextmanager
def counted(most: int = 100) -> Generator[tuple[Windows, Clock]]:
    clock = Clock()
    yield Windows(most, clock), clock


def admitted(found: Windows, times: int, window: RateLimitItem = TEN, who: str = "a") -> int:
    return sum(found.hit(window, "test", who).admitted for _ in range(times))


def test_as_many_as_the_limit_are_let_in_and_each_is_counted_for_itself():
    with counted() as (found, _):
        assert (admitted(found, 12), admitted(found, 12, who="b")) == (10, 10)


def test_what_is_left_is_told():
    with counted() as (found, _):
        assert [found.hit(TEN, "test", "a").remaining for _ in range(3)] == [9, 8, 7]


def test_the_window_before_counts_by_what_is_still_seen_of_it():
    with counted() as (found, clock):
        admitted(found, 10)
        clock.seconds += 60 + 30

        assert admitted(found, 12) == 5


def test_after_two_windows_nothing_is_left_of_it():
    with counted() as (found, clock):
        admitted(found, 10)
        clock.seconds += 120

        assert admitted(found, 12) == 10


@pytest.mark.parametrize("gone_s", [0, 17, 59])
def test_who_waits_as_long_as_they_are_told_is_let_in(gone_s: int):
    with counted() as (found, clock):
        clock.seconds += gone_s
        admitted(found, 10)
        refused = found.hit(TEN, "test", "a")
        clock.seconds += refused.wait_s

        assert not refused.admitted
        assert found.hit(TEN, "test", "a").admitted


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 4)), max_size=60))
def test_no_wait_that_is_told_is_too_short(steps: list[tuple[int, int]]):
    with counted() as (found, clock):
        for later_s, cost in steps:
            clock.seconds += later_s
            answer = found.hit(TEN, "test", "a", cost)
            if not answer.admitted:
                clock.seconds += answer.wait_s
                assert found.hit(TEN, "test", "a", cost).admitted


def test_what_costs_more_than_the_limit_is_never_let_in():
    with counted() as (found, _):
        answer = found.hit(TEN, "test", "a", 11)

        assert (answer.admitted, answer.wait_s) == (False, 60)


def test_there_are_never_more_counters_than_the_most():
    with counted(most=3) as (found, _):
        for who in "abcd":
            admitted(found, 10, who=who)

        assert admitted(found, 1, who="d") == 0  # the newest is known still
        assert admitted(found, 1, who="a") == 1  # the oldest is forgotten


def test_the_clock_of_the_machine_is_read():
    assert windows.Windows().hit(TEN, "test", "a").admitted
