"""Requests seen before are answered by what they say and what the database says now, and by nothing older."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from structlog.testing import capture_logs

from marketplace.app.asgi import create_app
from marketplace.catalog.models import Item, Offer, Stock
from marketplace.kit import clock, plans
from marketplace.kit.settings import Settings
from marketplace.members.models import Member, PointValue, Program, TierLevel
from tests.app.application import ask, caller, member_token
from tests.builders import a_member, a_program, an_item, an_offer
from tests.statements import recorded

pytestmark = pytest.mark.usefixtures("db")
ISSUER = "urn:rewards-marketplace:dev-issuer:AIR"
PAGE = """query Page($first: Int) { offers(first: $first) { nodes {
    id title brand { name } availability { inStock } pointsPrice { points } } pageInfo { endCursor } } }"""


def app_that_keeps(folder: Path, kept_bytes: int, believed_ms: int = 250) -> Starlette:
    return create_app(Settings(var_dir=folder, kept_pages_bytes=kept_bytes, kept_pages_believed_ms=believed_ms))


@pytest.fixture(params=["no page kept", "found again"])
def exact(request: pytest.FixtureRequest, tmp_path: Path) -> Starlette:
    """An application that asks the database for each page, or whether the page it keeps is still the same."""
    return app_that_keeps(tmp_path, 0 if request.param == "no page kept" else 1_000_000, 0)


@pytest.fixture
async def member() -> Member:
    return await a_member(await a_program(code="AIR", issuer=ISSUER), subject="m-1")


@pytest.fixture
async def item() -> Item:
    return await an_item(await an_offer(title={"en": "Coffee"}), stock=2, price_minor=1000)


@pytest.fixture
def token(tmp_path: Path) -> str:
    return member_token(tmp_path, "AIR", "m-1")


async def looked(app: Starlette, token: str, times: int = 1) -> Any:
    """The first offer, after asking so often with the very same request."""
    async with caller(app, token) as http:
        for _ in range(times - 1):
            await ask(http, PAGE, first=5)
        return (await ask(http, PAGE, first=5))["offers"]["nodes"][0]


async def test_a_page_seen_before_is_priced_by_what_is_so_now(
    exact: Starlette, tmp_path: Path, token: str, member: Member, item: Item
):
    app = exact
    plainly = await looked(create_app(Settings(var_dir=tmp_path, planned_reads=False)), token)
    assert await looked(app, token, 4) == plainly
    assert plainly["pointsPrice"] == {"points": 1000}

    gold = await TierLevel.get(program_id=member.program_id, code="gold")
    await Member.filter(id=member.id).update(tier_id=gold.id)
    assert (await looked(app, token))["pointsPrice"] == {"points": 910}

    today = clock.today("Europe/Amsterdam")
    await PointValue.create(program_id=member.program_id, valid_from=today, value="0.02")
    assert (await looked(app, token))["pointsPrice"] == {"points": 455}

    await Item.filter(id=item.id).update(price_minor=2000)
    assert (await looked(app, token))["pointsPrice"] == {"points": 910}

    await Offer.filter(id=item.offer_id).update(title={"en": "Tea"})
    assert (await looked(app, token))["title"] == "Tea"


async def test_a_page_seen_before_takes_the_quick_way(exact: Starlette, token: str, member: Member, item: Item):
    app = exact
    await looked(app, token, 3)
    with capture_logs() as logs:
        await looked(app, token, 5)

    assert [entry for entry in logs if entry["event"] == "not_answered_directly"] == []


async def test_the_last_unit_is_seen_to_go_at_once(exact: Starlette, token: str, member: Member, item: Item):
    app = exact
    assert (await looked(app, token, 4))["availability"] == {"inStock": True}

    await Stock.filter(item_id=item.id).update(taken=1)
    assert (await looked(app, token))["availability"] == {"inStock": True}
    await Stock.filter(item_id=item.id).update(taken=2)
    assert (await looked(app, token))["availability"] == {"inStock": False}


async def test_who_has_left_is_refused_at_once(exact: Starlette, token: str, member: Member, item: Item):
    app = exact
    await looked(app, token, 4)

    await Member.filter(id=member.id).update(status="ERASED")
    async with caller(app, token) as http:
        assert (await http.post("/graphql", json={"query": PAGE, "variables": {"first": 5}})).status_code == 401


async def test_a_kept_page_is_made_again_when_something_has_changed(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app, moment = app_that_keeps(tmp_path, 1_000_000), clock.now()
    with clock.at(moment):
        await looked(app, token, 4)
        made = plans.answered["planned"]
        assert (await looked(app, token, 2))["title"] == "Coffee"
        assert plans.answered["planned"] == made, "the page was kept"

    await Offer.filter(id=item.offer_id).update(title={"en": "Tea"})
    with clock.at(moment + timedelta(milliseconds=300)):
        assert (await looked(app, token))["title"] == "Tea"


async def test_another_page_of_a_list_takes_the_quick_way_at_once(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 0)
    await looked(app, token, 2)
    async with caller(app, token) as http:
        await ask(http, PAGE, first=6)
        with recorded() as sent, capture_logs() as logs:
            answer = await ask(http, PAGE, first=7)
            await asyncio.sleep(0.01)
    assert answer["offers"]["nodes"][0]["title"] == "Coffee"
    assert len(sent) == 2, "who asks, and which rows; " + "\n".join(each.sql for each in sent)
    assert [entry for entry in logs if entry["event"] == "not_answered_directly"] == []


async def test_a_page_that_is_found_again_is_not_made_again(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 1_000_000, 0)
    await looked(app, token, 4)
    made = plans.answered["planned"]
    with recorded() as sent:
        assert (await looked(app, token, 3))["title"] == "Coffee"
        await asyncio.sleep(0.01)  # the driver tells of a statement a moment later
    assert plans.answered["planned"] == made, "nothing was made"
    assert len([each for each in sent if "string_agg" in each.sql]) == 3, "the database was asked"


async def test_a_page_is_found_again_for_another_member_of_the_same_standpoint_alone(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 1_000_000, 0)
    program = await Program.get(id=member.program_id)
    await a_member(program, subject="m-2")
    await a_member(program, subject="m-3", tier="gold")
    alike, dearer = member_token(tmp_path, "AIR", "m-2"), member_token(tmp_path, "AIR", "m-3")
    await looked(app, token, 4)
    for other, points in ((alike, 1000), (dearer, 910), (token, 1000), (alike, 1000)):
        assert (await looked(app, other, 2))["pointsPrice"] == {"points": points}


async def test_a_page_that_shows_what_is_the_members_own_is_not_kept(
    tmp_path: Path, token: str, member: Member, item: Item
):
    await Item.filter(id=item.id).update(max_per_member=1)
    app = app_that_keeps(tmp_path, 1_000_000)
    with clock.at(clock.now()):
        await looked(app, token, 4)
        made = plans.answered["planned"]

        await looked(app, token)

    assert plans.answered["planned"] == made + 1


@pytest.mark.parametrize("believed_ms", [0, 250])
async def test_an_offer_that_ends_leaves_a_kept_page(
    tmp_path: Path, token: str, member: Member, item: Item, believed_ms: int
):
    app, moment = app_that_keeps(tmp_path, 1_000_000, believed_ms), clock.now()
    await an_item(
        await an_offer(
            title={"en": "Soon over"}, popularity=9, published_until=moment + timedelta(milliseconds=100)
        )
    )
    with clock.at(moment):
        assert (await looked(app, token, 4))["title"] == "Soon over"

    with clock.at(moment + timedelta(milliseconds=500)):
        assert (await looked(app, token))["title"] == "Coffee"


async def test_what_goes_by_the_wallet_is_the_same_however_often_it_is_asked(
    tmp_path: Path, token: str, member: Member, item: Item
):
    """Their wallet is empty."""
    app, query = app_that_keeps(tmp_path, 1_000_000), "{ offers { nodes { whyNot { code pointsToGo } } } }"
    async with caller(app, token) as http:
        answers = [await ask(http, query) for _ in range(4)]

    assert (
        answers == [{"offers": {"nodes": [{"whyNot": {"code": "INSUFFICIENT_POINTS", "pointsToGo": 1000}}]}}] * 4
    )


async def test_a_page_by_get_is_known_again_and_says_when_nothing_has_changed(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 1_000_000)
    url = {"query": PAGE, "variables": '{"first": 5}'}
    async with caller(app, token) as http:
        answers = [await http.get("/graphql", params=url) for _ in range(4)]
        tag = answers[-1].headers["etag"]
        unchanged = await http.get("/graphql", params=url, headers={"If-None-Match": tag})
        await Offer.filter(id=item.offer_id).update(title={"en": "Tea"})
        await asyncio.sleep(0.3)  # other processes look a quarter of a second later at most, as this one does
        changed = await http.get("/graphql", params=url, headers={"If-None-Match": tag})

    assert len({answer.content for answer in answers}) == 1
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (changed.status_code, changed.json()["data"]["offers"]["nodes"][0]["title"]) == (200, "Tea")


async def test_what_is_known_of_a_get_is_not_believed_of_a_body(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 0)
    async with caller(app, token) as http:
        url = {"query": "{ offers { nodes { sku } } }"}
        found = [await http.get("/graphql", params=url) for _ in range(3)][-1]
        body = b"GET " + found.request.url.query
        posted = await http.post("/graphql", content=body, headers={"Content-Type": "application/json"})

    assert (found.status_code, posted.status_code) == (200, 400)


async def test_a_get_that_a_link_could_send_is_refused_however_well_it_is_known(
    tmp_path: Path, token: str, member: Member, item: Item
):
    app = app_that_keeps(tmp_path, 0)
    url = {"query": "{ offers { nodes { sku } } }"}
    async with caller(app, token) as http:
        for _ in range(3):
            await http.get("/graphql", params=url)
        by_a_link = await http.get("/graphql", params=url, headers={"Accept": "text/html, */*"})

    assert by_a_link.status_code == 400
