"""A catalogue with something of everything, asked by everybody, planned and plainly."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from starlette.requests import Request

from marketplace.app.http import GraphQLView
from marketplace.app.schema import schema
from marketplace.catalog.models import Offer, OfferKind
from marketplace.kit import clock, ids
from marketplace.kit.actor import Actor
from marketplace.kit.graphql import Context
from marketplace.members.models import Member
from marketplace.partners.models import Brand
from tests.builders import a_brand, a_market, a_member, a_partner, a_program, a_rate, an_item, an_offer
from tests.client import as_member, as_operator, as_partner, as_program

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NO_ID = ids.parse("operator", "operator_" + "0" * 32)
_actors: dict[str, Actor | None] = {}


async def _planned(request: Request) -> Context:
    actor = _actors[request.headers["authorization"]]
    return Context(actor=actor, languages=actor.languages if actor else ("en",))


async def _plainly(request: Request) -> Context:
    context = await _planned(request)
    context.planned = False
    return context


@cache
def _view(planned: bool) -> GraphQLView:
    return GraphQLView(schema(), _planned if planned else _plainly)


async def ask(actor: Actor | None, query: str, *, planned: bool, **variables: object) -> str:
    """The answer as it was sent, its errors by their place: they are told in the order in which they were met.

    Incident ids are left out, two bugs are never one incident.
    """
    name = str(id(actor))
    _actors[name] = actor
    transport = httpx.ASGITransport(app=_view(planned))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        body = {"query": query, "variables": variables}
        with clock.at(NOW):
            response = await client.post("/graphql", json=body, headers={"authorization": name})
    answer: dict[str, Any] = response.json()
    for error in answer.get("errors", ()):
        error["extensions"].pop("incident", None)
    answer.get("errors", []).sort(key=json.dumps)
    return json.dumps(answer)


@dataclass(frozen=True)
class World:
    """Who asks, and an offer that has everything."""

    actors: tuple[Actor | None, ...]
    offer: str


async def a_world() -> World:
    """Offers of all kinds in two markets, for two programs' members, a partner, a program, an operator, nobody."""
    with clock.at(NOW - timedelta(days=100)):
        brand = await a_brand(await a_partner(currency="SEK"), countries=["NL", "SE"], website="https://x.test")
        await a_market("SE", "SEK", ("sv",))
        await a_rate("EUR", "SEK", "11.25")
        offers = [await an_offer(kind) for kind in OfferKind if kind is not OfferKind.VOUCHER]
        voucher = await _voucher(brand)
        for place, offer in enumerate(offers):
            starts = NOW + timedelta(days=place) if offer.kind == OfferKind.EXPERIENCE else None
            await an_item(
                offer, stock=place, starts_at=starts, price_minor=500 + place, units=50, max_per_member=1
            )
            await an_item(offer, country="SE", currency="SEK", attributes={"size": "L", "stock": 3})
        await an_item(await an_offer(sku="NO-RATE", min_tier_rank=1), currency="JPY", price_minor=900)
        await an_item(await an_offer(sku="SOON", published_from=NOW + timedelta(days=2), segment="vip"))
        await an_offer(sku="DRAFT", status="DRAFT", brand=brand)
        return World(await _everybody(brand), ids.public("offer", voucher.id))


async def _voucher(brand: Brand) -> Offer:
    texts = {"nb": "Kaffe for to", "en": "Coffee for two"}
    until = NOW + timedelta(days=9)
    voucher = await an_offer(brand=brand, popularity=9, title=texts, published_until=until)
    await an_item(voucher, price_minor=1000, max_price_minor=5000, step_minor=500, face_minor=1200)
    await an_item(voucher, codes=["ONE-1", "TWO-2"], price_minor=100_000)
    await an_item(voucher, country="SE", currency="SEK", price_minor=1995)
    return voucher


async def _everybody(brand: Brand) -> tuple[Actor | None, ...]:
    program = await a_program()
    gold = await a_member(program, tier="gold", segments=["vip"])
    abroad: Member = await a_member(await a_program(home_currency="NOK", countries=["SE"]), country="SE")
    callers = (
        as_member(gold.id, program.id, "nb-NO", "en"),
        as_member(abroad.id, abroad.program_id),
        as_program(program.id),
        as_partner(brand.partner_id),
        as_operator(NO_ID),
    )
    return (*(caller.actor for caller in callers), None)
