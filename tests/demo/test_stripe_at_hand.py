"""A command beside the demo finds the stand-in for Stripe that knows the demo's payments."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.app.demo import stripe
from marketplace.kit.settings import Settings, settings

STRIPE = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "STRIPE_API_BASE")


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings of a demo with a var folder of its own, on a private server."""
    for name in (*STRIPE, "DATABASE_URL"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("MARKETPLACE_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    yield Settings()
    settings.cache_clear()


def _address() -> str | None:
    return os.environ.get("STRIPE_API_BASE") or None


def test_nothing_is_started_where_no_demo_was(given: Settings) -> None:
    with stripe.at_hand(given):
        assert _address() is None


def test_a_running_demos_stand_in_is_used(given: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with stripe.stand_in(given) as wait:
        wait()
        running = _address()
        for name in STRIPE:
            monkeypatch.setenv(name, "")
        with stripe.at_hand(given):
            assert _address() == running


def test_after_the_demo_its_stand_in_is_started_again(given: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with stripe.stand_in(given) as wait:
        wait()
        before = _address()
    for name in STRIPE:
        monkeypatch.setenv(name, "")
    with stripe.at_hand(given):
        assert _address() not in (None, before)


def test_another_database_has_nothing_to_do_with_it(given: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with stripe.stand_in(given) as wait:
        wait()
        for name in STRIPE:
            monkeypatch.setenv(name, "")
        monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@elsewhere/else")
        with stripe.at_hand(Settings()):
            assert _address() is None
