"""Thousands who ask for what is gone are told so at once: the same words, and never to whom they are not true."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from marketplace.access import registry
from marketplace.app.identity import Identity
from marketplace.app.persisted import PersistedOperations
from marketplace.app.rates import Rates
from marketplace.app.sold_out import SoldOut
from marketplace.catalog.models import Item
from marketplace.kit import ids
from marketplace.kit.actor import Actor
from tests import builders
from tests.app.application import caller, make_app, member_token
from tests.redemptions.world import give_points, pay_in, support
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")
ISSUER = "urn:rewards-marketplace:dev-issuer:AIR"
FIELD = "redeemOffer(input: $input) { ... on Redemption { id } ... on UserError { code message } }"
REDEEM = f"mutation($input: RedeemOfferInput!) {{ {FIELD} }}"


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    return make_app(tmp_path)


@pytest.fixture
async def cup(db: None) -> Item:
    """The last one of something, and three members who want it."""
    program = await builders.a_program(code="AIR", issuer=ISSUER)
    await pay_in(program, 500_00)
    for number in range(3):
        await give_points(await builders.a_member(program, subject=f"m-{number}"), program, 5_000)
    return await builders.a_voucher(["ONLY"])


async def redeem(http: httpx.AsyncClient, item: Item, key: str, query: str = REDEEM, **fields: object) -> Any:
    given = {"idempotencyKey": key, "itemId": ids.public("item", item.id), "expectedPoints": 1000} | fields
    return (await http.post("/graphql", json={"query": query, "variables": {"input": given}})).json()


async def sold_out(app: Starlette, tmp_path: Path, cup: Item) -> Any:
    """The last one is taken, and two have been refused since: the answer is known. What the winner was told."""
    async with caller(app, member_token(tmp_path, "AIR", "m-0")) as winner:
        won = await redeem(winner, cup, "won")
    async with caller(app, member_token(tmp_path, "AIR", "m-1")) as http:
        for number in range(3):
            said = await redeem(http, cup, f"late-{number}")
            assert said["data"]["redeemOffer"]["code"] == "OFFER_SOLD_OUT"
    return won


async def test_whoever_comes_late_is_told_the_same_without_a_transaction(
    app: Starlette, tmp_path: Path, cup: Item
):
    await sold_out(app, tmp_path, cup)
    async with caller(app, member_token(tmp_path, "AIR", "m-2")) as http:
        first = await redeem(http, cup, "a")
        with recorded() as sent:
            second = await redeem(http, cup, "b")
        assert first == second
        assert first["data"]["redeemOffer"]["code"] == "OFFER_SOLD_OUT"
        assert len(sent) == 2, "who they are, and that it is in vain"
        assert not any("operation_record (id" in each.sql or each.sql.startswith("BEGIN") for each in sent)


async def test_a_crowd_is_answered_by_what_one_of_them_is_told(app: Starlette, tmp_path: Path, cup: Item):
    await sold_out(app, tmp_path, cup)
    async with caller(app, member_token(tmp_path, "AIR", "m-2")) as http:
        await redeem(http, cup, "a")
        with recorded() as sent:
            crowd = [
                redeem(http, cup, f"crowd-{number}", device="never asked from before") for number in range(20)
            ]
            said = await asyncio.gather(*crowd)
        assert said == [said[0]] * 20
        assert said[0]["data"]["redeemOffer"]["code"] == "OFFER_SOLD_OUT"
        assert len(sent) <= 5, "who they are and that it is in vain, and the same for the one that is executed"


async def test_a_repeat_of_what_won_answers_what_it_won(app: Starlette, tmp_path: Path, cup: Item):
    won = await sold_out(app, tmp_path, cup)
    async with caller(app, member_token(tmp_path, "AIR", "m-0")) as http:
        assert await redeem(http, cup, "won") == won
        changed = await redeem(http, cup, "won", device="another")
        assert changed["data"]["redeemOffer"]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_what_comes_back_is_there_for_the_very_next(app: Starlette, tmp_path: Path, cup: Item):
    won = await sold_out(app, tmp_path, cup)
    desk = await support()
    await desk.do("refundRedemption", "", redemptionId=won["data"]["redeemOffer"]["id"], reason="x")
    async with caller(app, member_token(tmp_path, "AIR", "m-2")) as http:
        assert (await redeem(http, cup, "next"))["data"]["redeemOffer"]["id"]


async def test_only_that_very_question_is_answered_so(app: Starlette, tmp_path: Path, cup: Item):
    await sold_out(app, tmp_path, cup)
    other = await builders.a_voucher(["A", "B"])
    both = f"mutation($input: RedeemOfferInput!, $other: RedeemOfferInput!) {{ {FIELD} b: {FIELD} }}".replace(
        "b: redeemOffer(input: $input)", "b: redeemOffer(input: $other)"
    )
    async with caller(app, member_token(tmp_path, "AIR", "m-2")) as http:
        for number in range(2):
            given = {"itemId": ids.public("item", cup.id), "expectedPoints": 1000}
            variables = {
                "input": given | {"idempotencyKey": f"x-{number}"},
                "other": given | {"idempotencyKey": f"y-{number}", "itemId": ids.public("item", other.id)},
            }
            said = (await http.post("/graphql", json={"query": both, "variables": variables})).json()["data"]
            assert said["redeemOffer"]["code"] == "OFFER_SOLD_OUT"
            assert said["b"]["id"], "what stands beside it happens all the same"
    async with caller(app, member_token(tmp_path, "AIR", "m-2"), **{"Accept-Language": "sv"}) as http:
        svenska = (await redeem(http, cup, "sv"))["data"]["redeemOffer"]["message"]
    async with caller(app, member_token(tmp_path, "AIR", "m-2")) as http:
        assert (await redeem(http, cup, "en"))["data"]["redeemOffer"]["message"] != svenska
        long = await redeem(http, cup, "x" * 300)
        assert long["data"]["redeemOffer"]["code"] == "INVALID_INPUT"
        typed = await redeem(http, cup, "z", expectedPoints="many")
        assert typed["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_nobody_is_told_anything_without_a_valid_token(app: Starlette, tmp_path: Path, cup: Item):
    await sold_out(app, tmp_path, cup)
    async with caller(app, member_token(tmp_path, "AIR", "m-2") + "x") as http:
        assert (await redeem(http, cup, "a"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    async with caller(app) as http:
        assert (await redeem(http, cup, "a"))["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_body_that_is_no_such_request_goes_its_ordinary_way(app: Starlette, tmp_path: Path, cup: Item):
    await sold_out(app, tmp_path, cup)
    token = member_token(tmp_path, "AIR", "m-2")
    async with caller(app, token, **{"Content-Type": "application/json"}) as http:
        for body in (
            b"",
            b"null",
            b"[]",
            b"{",
            b'{"query": 1}',
            b'{"query": "{ __typename }", "variables": {"a": 1}}',
        ):
            assert (await http.post("/graphql", content=body)).status_code in (200, 400)


class Unreachable(Identity):
    """Who asks cannot be looked up: the database is away."""

    asked = 0

    async def actor(self, authorization: str | None) -> Actor | None:
        self.asked += 1
        raise ConnectionRefusedError


async def test_what_cannot_be_looked_at_beforehand_goes_on_to_graphql_whole(tmp_path: Path, cup: Item):
    await sold_out(make_app(tmp_path), tmp_path, cup)
    seen: list[bytes] = []

    async def view(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        seen.append(await request.body())
        await JSONResponse({"asked": "graphql"})(scope, receive, send)

    identity = Unreachable()
    door = SoldOut(view, identity, Rates(), PersistedOperations(registry.document_of))
    transport = httpx.ASGITransport(app=door)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        said = await redeem(http, cup, "x")

    assert identity.asked == 1
    assert said == {"asked": "graphql"}
    assert b"redeemOffer" in seen[0]
