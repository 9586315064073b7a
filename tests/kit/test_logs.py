"""Logs: readable by machines in production, and never a member's data or a code."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import structlog

from marketplace.kit import logs

TELLING_KEYS = """
    email recipient_email memberEmail emails name first_name fullName address shipping_address phone code
    codes token claim_token accessToken secret client_secret password Authorization api_key Set-Cookie iban
    membership_number message payload variables input database_url ip street postal_code signature
"""
MEMBER = UUID("01976e2c-0000-7000-8000-000000000001")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What the logs wrote; the logging of the test run itself is put back afterwards."""
    root = logging.getLogger()
    handlers, level, before = root.handlers[:], root.level, structlog.get_config()
    sink = io.StringIO()
    logs.configure(production=True, stream=sink)
    yield sink
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def last_line(stream: io.StringIO) -> dict[str, Any]:
    return json.loads(stream.getvalue().splitlines()[-1])


def test_production_writes_one_json_object_per_line(stream: io.StringIO) -> None:
    structlog.get_logger("redemptions").info("redeemed", member_id=MEMBER, points=500, åäö="кофе")
    line = last_line(stream)
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "redeemed", "logger": "redemptions", "level": "info",
        "member_id": str(MEMBER), "points": 500, "åäö": "кофе",
    }  # fmt: skip


def test_development_writes_lines_to_read(stream: io.StringIO) -> None:
    logs.configure(production=False, stream=stream)
    structlog.get_logger().warning("slow", email="ada@example.org")
    assert "slow" in stream.getvalue()
    assert "ada@example.org" not in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("key", TELLING_KEYS.split())
def test_a_value_under_a_telling_key_is_hidden(stream: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "Ada Lovelace"}, deeper=[{key: {"of": "Ada Lovelace"}}])
    assert "Lovelace" not in stream.getvalue()
    assert last_line(stream)[key] == logs.HIDDEN


@pytest.mark.parametrize(
    "key", ["task_name", "operation", "member_id", "status", "check", "currency_code", "points", "refusal"]
)
def test_a_value_under_an_ordinary_key_is_shown(stream: io.StringIO, key: str) -> None:
    structlog.get_logger().info("x", **{key: "REDEEMED"})
    assert last_line(stream)[key] == "REDEEMED"


@pytest.mark.parametrize(
    "secret",
    [
        "ada@example.org",
        "mk_live_abc123_9f8e7d6c5b4a",
        "sk_test_51Habcdefgh",
        "whsec_abcdefgh12345",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "Bearer abcdefgh12345678",
        "app:hunter2",
        "SE45 5000 0000 0583 9825 7466",
        "SE4550000000058398257466",
    ],
)
def test_a_secret_inside_a_text_is_hidden(stream: io.StringIO, secret: str) -> None:
    text = f"postgresql://{secret}@db/x" if secret.startswith("app:") else f"could not use {secret}, sorry"
    structlog.get_logger().info(text, detail=[text])
    logging.getLogger("library").warning("said %s", text)
    assert secret not in stream.getvalue()
    assert logs.HIDDEN in last_line(stream)["event"]


def test_an_exception_is_shown_without_the_row_that_caused_it(stream: io.StringIO) -> None:
    try:
        raise ValueError("DETAIL: Key (reference)=(Ada 1815) already exists.")
    except ValueError as error:
        structlog.get_logger().exception("failed", error=error)
    assert "Ada" not in stream.getvalue()
    assert "Key (reference)=([hidden]) already exists" in last_line(stream)["exception"]
    assert "ValueError" in last_line(stream)["error"]


def test_an_object_shows_its_type_only(stream: io.StringIO) -> None:
    @dataclass
    class Somebody:
        given: str

    structlog.get_logger().info("enrolled", who=Somebody("Ada"), several=(Somebody("Ada"),))
    assert last_line(stream)["who"] == "<Somebody>"
    assert last_line(stream)["several"] == ["<Somebody>"]


def test_a_library_s_record_shows_no_extras(stream: io.StringIO) -> None:
    logging.getLogger("library").warning("went on", extra={"job": {"email": "ada@example.org"}})
    assert "ada" not in stream.getvalue()
    assert last_line(stream)["event"] == "went on"


def test_an_access_line_has_no_query_and_no_client_address(stream: io.StringIO) -> None:
    line = '%s - "%s %s HTTP/%s" %d'
    access = logging.getLogger("uvicorn.access")
    access.propagate = True  # a server that ran in this process may have silenced it
    access.setLevel(logging.INFO)
    access.info(line, "192.0.2.1:5", "GET", "/graphql?query={me}", "1.1", 200)
    assert last_line(stream)["event"] == '- - "GET /graphql HTTP/1.1" 200'


def test_an_access_log_that_the_server_turned_off_stays_off(stream: io.StringIO) -> None:
    access = logging.getLogger("uvicorn.access")
    access.propagate = False  # as uvicorn does, and then asks `hasHandlers`
    logs.configure(production=True, stream=stream)
    assert not access.hasHandlers()
    access.propagate = True
    logs.configure(production=True, stream=stream)
    assert access.hasHandlers()
