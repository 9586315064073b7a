"""The tour tells what is not as it should be, and goes on."""

import io
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from marketplace.app.tour import cast
from marketplace.app.tour.client import Client, Unanswered, Watch
from marketplace.app.tour.stage import Stage

REFUSED = {"__typename": "OfferSoldOut", "code": "OFFER_SOLD_OUT", "message": "This is sold out."}


def a_stage() -> tuple[Stage, io.StringIO]:
    page = io.StringIO()
    return Stage(screen=Console(file=page, width=200)), page


def somebody(answer: dict[str, Any] | None = None) -> Client:
    """A client of a server that always answers the same."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=answer or {}))
    return Client(httpx.Client(transport=transport, base_url="http://test"), Watch(), "Astrid")


def test_what_was_expected_is_shown_and_no_failure() -> None:
    stage, page = a_stage()

    stage.chapter("One", lambda: _does(stage, REFUSED, "OfferSoldOut"))

    assert stage.failures == []
    assert "OfferSoldOut: This is sold out." in page.getvalue()
    assert "✓" in page.getvalue()


@pytest.mark.parametrize("expected", ["Redemption", "NotFound"])
def test_another_type_is_a_failure(expected: str) -> None:
    stage, page = a_stage()

    stage.chapter("One", lambda: _does(stage, REFUSED, expected))

    assert len(stage.failures) == 1
    assert f"expected {expected}" in stage.failures[0]
    assert "✗" in page.getvalue()


def test_another_fact_is_a_failure() -> None:
    stage, _ = a_stage()
    answer = {"__typename": "Redemption", "state": "PENDING"}

    stage.chapter("One", lambda: _does(stage, answer, "Redemption", state="FULFILLED"))

    assert len(stage.failures) == 1
    assert "state is 'PENDING'" in stage.failures[0]


def test_a_chapter_that_breaks_off_is_a_failure_and_the_next_one_is_played() -> None:
    stage, page = a_stage()

    stage.chapter("One", lambda: list[None]()[0])
    stage.chapter("Two", lambda: stage.equal("Astrid", "counts", 2, 2))

    assert [failure.partition(":")[0] for failure in stage.failures] == ["One"]
    assert "counts" in page.getvalue()
    assert stage.expectations == 2


def test_errors_where_data_was_expected_are_told_by_name() -> None:
    errors = {"errors": [{"message": "No.", "extensions": {"code": "FORBIDDEN"}}]}

    with pytest.raises(Unanswered, match=r"Astrid was told: No\. \(FORBIDDEN\)"):
        somebody(errors).ask("{ me { id } }")


def test_an_error_of_another_kind_is_a_failure() -> None:
    stage, _ = a_stage()
    errors = {"errors": [{"message": "No.", "extensions": {"code": "INTERNAL"}}]}

    stage.chapter("One", lambda: stage.turned_away(somebody(), "asks", errors, "FORBIDDEN"))
    stage.chapter("Two", lambda: stage.turned_away(somebody(), "asks", {"data": {}}, "FORBIDDEN"))

    assert len(stage.failures) == 2


def test_requests_are_counted_by_the_field_they_ask_for() -> None:
    client = somebody({"data": {"redeemOffer": {}, "me": {}}})

    client.do("redeemOffer", "... on Redemption { id }", itemId="item_1")
    client.ask("{ me { id } }")
    client.ask("query Me($id: ID!) { me { id } }")

    assert {kind: len(times) for kind, times in client.watch.times_s.items()} == {"redeemOffer": 1, "me": 2}


def test_something_else_on_the_port_is_not_taken_for_the_demo(tmp_path: Path) -> None:
    with httpx.Client(base_url="http://127.0.0.1:1") as http, pytest.raises(cast.NoDemo, match=r"demo\.json"):
        cast.assemble(http, tmp_path)


def _does(stage: Stage, answer: dict[str, Any], is_a: str, **facts: Any) -> None:
    stage.does(somebody(), "takes the last one", answer, is_a, **facts)
