"""The stand-in itself: what it refuses to understand, and that it forgets nothing when killed."""

import asyncio
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from marketplace.payments.answers import Refused
from marketplace.payments.client import StripeGateway
from marketplace.payments.stand_in.app import ROOMS
from marketplace.payments.stand_in.forms import parse
from marketplace.payments.stand_in.params import adapter
from tests.payments.conftest import unique
from tests.payments.stand_in import KEY, StandIn, free_port

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("form", "code", "param"),
    [
        (
            {"amount": 1, "currency": "eur", "destination": "acct_1", "amuont": 1},
            "parameter_unknown",
            "amuont",
        ),
        ({"amount": 1, "currency": "eur"}, "parameter_missing", "destination"),
        ({"amount": "x", "currency": "eur", "destination": "a"}, "parameter_invalid_integer", "amount"),
        ({"currency": "eur", "destination": "a"}, "parameter_missing", "amount"),
        (
            {"amount": 1, "currency": "eur", "destination": "a", "api_key": "k"},
            "parameter_unknown",
            "api_key",
        ),
        ({"amount": 0, "currency": "eur", "destination": "a"}, "parameter_invalid_integer", "amount"),
    ],
)
async def test_only_the_sdks_own_parameters_are_allowed(
    stand_in: StandIn, form: dict[str, Any], code: str, param: str
):
    answer = await post(stand_in, "/v1/transfers", form)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", code, param)
    assert answer.headers["request-id"].startswith("req_")
    assert (await get(stand_in, "/v1/transfers")).json()["data"] == []


async def test_nested_parameters_are_checked_too(stand_in: StandIn):
    form = {"type": "express", "capabilities[transfers][requested]": "true", "capabilities[teleport]": "x"}

    answer = await post(stand_in, "/v1/accounts", form)

    assert answer.json()["error"]["code"] == "parameter_unknown"
    assert answer.json()["error"]["param"] == "capabilities[teleport]"


async def test_a_refused_parameter_does_not_use_up_its_key(stand_in: StandIn):
    headers = {"Idempotency-Key": unique()}
    wrong = await post(stand_in, "/v1/accounts", {"type": "express", "x": "1"}, headers)
    right = await post(stand_in, "/v1/accounts", {"type": "express", "country": "DE"}, headers)
    again = await post(stand_in, "/v1/accounts", {"type": "express", "country": "DE"}, headers)

    assert (wrong.status_code, right.status_code) == (400, 200)
    assert "idempotent-replayed" not in right.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == right.headers["request-id"]
    assert again.json() == right.json()


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer pk_test_1", "Basic abc", "Bearer sk_live_1"])
async def test_no_secret_test_key_no_answer(stand_in: StandIn, authorization: str):
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"{stand_in.url}/v1/balance", headers={"Authorization": authorization})

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "invalid_request_error"


async def test_an_unknown_address_is_said_to_be_so(stand_in: StandIn):
    answer = await get(stand_in, "/v1/unicorns")

    assert answer.status_code == 404
    assert "Unrecognized request URL" in answer.json()["error"]["message"]


async def test_a_stranger_account_is_not_acted_for(stand_in: StandIn, gateway: StripeGateway):
    with pytest.raises(Refused, match="account_invalid"):
        await gateway.balance("acct_nobody")


async def test_killed_and_started_again_it_still_knows_everything(tmp_path: Path):
    state, key = tmp_path / "state" / "stripe.sqlite", unique()
    with process(state) as (stand_in, gateway):
        account = await gateway.create_connected_account(country="DE", key=unique(), metadata={})
        await stand_in.order(f"accounts/{account.id}/onboard")
        await stand_in.balance(5000)
        sent = await send(gateway, account.id, key)
        await gateway.close()

    with process(state) as (stand_in, gateway):
        assert (await gateway.balance()).available == {"EUR": 4000}
        assert await gateway.find_transfers("group") == [sent]
        assert await send(gateway, account.id, key) == sent
        assert len(await gateway.find_transfers("group")) == 1
        await gateway.close()


async def test_killed_in_the_middle_it_has_done_all_or_nothing(tmp_path: Path):
    state = tmp_path / "stripe.sqlite"
    with process(state) as (stand_in, gateway):
        account = await gateway.create_connected_account(country="DE", key=unique(), metadata={})
        await stand_in.order(f"accounts/{account.id}/onboard")
        await stand_in.balance(100_000)
        sending = [asyncio.create_task(send(gateway, account.id, f"key-{n}")) for n in range(40)]
        await asyncio.sleep(0.15)
    done = await asyncio.gather(*sending, return_exceptions=True)
    await gateway.close()

    with process(state) as (stand_in, gateway):
        found = await gateway.find_transfers("group")
        available = (await gateway.balance()).available["EUR"]
        theirs = (await gateway.balance(account.id)).available["EUR"]
        await gateway.close()

    assert available == 100_000 - 1000 * len(found)
    assert theirs == 1000 * len(found)
    assert {sent.id for sent in done if not isinstance(sent, BaseException)} <= {sent.id for sent in found}


def test_every_endpoint_knows_its_parameters():
    for endpoint in (endpoint for room in ROOMS for endpoint in room.ENDPOINTS):
        if endpoint.params:
            adapter(endpoint.params)


def test_brackets_nest_and_numbers_make_lists():
    assert parse("a[b][c]=1&a[b][d]=2&expand[0]=x&expand[1]=y&more[]=p&more[]=q&e=") == {
        "a": {"b": {"c": "1", "d": "2"}},
        "expand": ["x", "y"],
        "more": ["p", "q"],
        "e": "",
    }


@contextmanager
def process(state: Path) -> Generator[tuple[StandIn, StripeGateway]]:
    """The stand-in as a process of its own, killed without warning at the end."""
    port = free_port()
    arguments = [
        sys.executable,
        "-m",
        "marketplace.payments.stand_in",
        "--port",
        str(port),
        "--state",
        str(state),
    ]
    running = subprocess.Popen(arguments, env={"PYTHONPATH": "src"})
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/_stand_in/requests")
                break
            except httpx.TransportError:
                assert running.poll() is None
                time.sleep(0.05)
        yield StandIn(url), StripeGateway(KEY, api_base=url, timeout_s=5, max_network_retries=0)
    finally:
        running.kill()
        running.wait()


async def send(gateway: StripeGateway, account: str, key: str):
    return await gateway.send_transfer(
        amount=1000, currency="EUR", destination=account, transfer_group="group", key=key
    )


async def post(
    stand_in: StandIn, path: str, form: dict[str, Any], headers: dict[str, str] | None = None
) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        bearer = {"Authorization": f"Bearer {KEY}", **(headers or {})}
        return await http.post(f"{stand_in.url}{path}", data=form, headers=bearer)


async def get(stand_in: StandIn, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(f"{stand_in.url}{path}", headers={"Authorization": f"Bearer {KEY}"})
