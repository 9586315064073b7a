"""Rate limits: per actor and address, told in headers, stricter on what could be guessed."""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any
from uuid import UUID

import httpx
import pytest
import strawberry
from graphql import OperationDefinitionNode, parse
from starlette.requests import Request

from marketplace.app.documents import KnownDocument
from marketplace.app.errors import HttpRefusal
from marketplace.app.floods import TOLD_AFTER_S
from marketplace.app.http import GraphQLView
from marketplace.app.rates import RateRules, Rates, guesses
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.graphql import Context
from tests.app.tiny import GRAPHQL_RESPONSE, ask, code_of

AS_JSON = {"Content-Type": "application/json"}
claimed: list[str] = []


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "hello"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def claim_gift(self, token: str) -> str:
        claimed.append(token)
        return "nothing to see"


async def context(request: Request) -> Context:
    """The actor is whose number stands in the Authorization header."""
    number = request.headers.get("authorization")
    return Context(actor=Actor(ActorKind.MEMBER, UUID(int=int(number)), frozenset()) if number else None)


@asynccontextmanager
async def front(*, seen_as: str = "192.0.2.1", **rules: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client with an address, before a view with these rules."""
    view = GraphQLView(strawberry.Schema(Query, Mutation), context, rates=Rates(RateRules(**rules)))
    transport = httpx.ASGITransport(app=view, client=(seen_as, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test/graphql") as http:
        yield http


async def test_an_answer_says_what_is_left():
    async with front(address="5/minute") as http:
        first = await ask(http, "{ hello }")
        second = await ask(http, "{ hello }")

    assert first.headers["ratelimit-policy"] == '"address";q=5;w=60'
    assert re.fullmatch(r'"address";r=4;t=\d+', first.headers["ratelimit"])
    assert second.headers["ratelimit"].startswith('"address";r=3;')


async def test_an_address_over_its_limit_is_told_when_to_come_back():
    async with front(address="2/minute") as http:
        answers = [await ask(http, "{ hello }") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert code_of(refused) == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    assert refused.headers["ratelimit"].startswith('"address";r=0;')


async def test_what_is_too_often_and_much_is_not_read_to_its_end():
    async with front(address="0/minute") as http:
        little = await ask(http, "{ hello }")
        much = await ask(http, "{ hello }" + " " * 100_000)
        endless = await http.post("", content=_in_pieces(), headers=AS_JSON)

    assert [each.status_code for each in (little, much, endless)] == [429, 429, 429]
    assert [each.headers.get("connection") for each in (little, much, endless)] == [None, "close", "close"]


async def test_a_request_counts_by_what_it_sends():
    async with front(address="6/minute") as http:
        large = await ask(http, "{ hello }" + " " * 50_000)
        larger = await ask(http, "{ hello }" + " " * 90_000)
        little = await ask(http, "{ hello }")

    assert [each.status_code for each in (large, larger, little)] == [200, 429, 200]
    assert large.headers["ratelimit"].startswith('"address";r=3;')

    async with front(address="6/minute") as http:
        whole = await ask(http, "{ hello }" + " " * 90_000 * 2)
        after = await ask(http, "{ hello }")
        assert (whole.status_code, after.status_code) == (400, 429)  # too long a document, but it was looked at

    async with front(address="15/minute") as http:
        endless = [await http.post("", content=_in_pieces(), headers=AS_JSON) for _ in range(2)]
    assert [each.status_code for each in endless] == [400, 429]


async def test_who_asks_too_often_waits_a_moment_for_being_told_so_and_keeps_nobody_waiting():
    async with front(address="1/minute") as first, front(seen_as="192.0.2.2") as other:
        await ask(first, "{ hello }")
        began = monotonic()
        told = asyncio.gather(*(ask(first, "{ hello }") for _ in range(20)))
        assert (await ask(other, "{ hello }")).status_code == 200
        assert not told.done()
        assert {each.status_code for each in await told} == {429}

    assert monotonic() - began >= TOLD_AFTER_S[0]


async def _in_pieces() -> AsyncGenerator[bytes]:
    yield b"{"
    yield b"}"


async def test_429_is_429_for_old_clients_too():
    async with front(address="0/minute") as http:
        refused = await http.post("", json={"query": "{ hello }"}, headers={"Accept": "application/json"})

    assert (refused.status_code, code_of(refused)) == (429, "RATE_LIMITED")


async def test_actors_are_counted_apart_wherever_they_sit():
    async with front(actor="1/minute") as http:
        first = await http.post("", json={"query": "{ hello }"}, headers={"Authorization": "1"})
        again = await http.post("", json={"query": "{ hello }"}, headers={"Authorization": "1"})
        other = await http.post("", json={"query": "{ hello }"}, headers={"Authorization": "2"})
        nobody = await http.post("", json={"query": "{ hello }"})

    assert [each.status_code for each in (first, again, other, nobody)] == [200, 429, 200, 200]
    assert first.headers["ratelimit"].startswith('"actor";r=0;')


async def test_guesses_have_a_limit_of_their_own_and_each_alias_counts():
    claimed.clear()
    one = 'mutation { claimGift(token: "one") }'
    more = 'fragment more on Mutation { b: claimGift(token: "three") }'
    two = 'mutation { a: claimGift(token: "two") ...more } ' + more
    async with front(guesses="2/minute") as http:
        http.headers.update({"Authorization": "1", "Accept": GRAPHQL_RESPONSE})
        first = await http.post("", json={"query": one})
        refused = await http.post("", json={"query": two})
        still = await http.post("", json={"query": one})
        reading = await http.post("", json={"query": "{ hello }"})

    assert [each.status_code for each in (first, refused, still, reading)] == [200, 429, 429, 200]
    assert claimed == ["one"]
    assert refused.json()["errors"][0]["message"].startswith("Too many requests. Try again in ")


async def test_who_guesses_on_has_to_wait_longer():
    async with front(guesses="1/second;2/day") as http:
        http.headers["Authorization"] = "1"
        answers = [await ask(http, 'mutation { claimGift(token: "x") }') for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert int(answers[1].headers["retry-after"]) <= 2


def mutation(text: str) -> tuple[KnownDocument, OperationDefinitionNode]:
    document = parse(text)
    (operation,) = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    return KnownDocument(document, {None: operation}, frozenset(), 0, {}), operation


def test_redeeming_is_a_guess_only_with_a_membership_number():
    by_variable = mutation("mutation ($input: RedeemOfferInput!) { redeemOffer(input: $input) { __typename } }")
    written = mutation('mutation { redeemOffer(input: { membershipNumber: "1" }) { __typename } }')

    assert guesses(*by_variable, {"input": {"membershipNumber": "12345"}}) == 1
    assert guesses(*by_variable, {"input": {"membershipNumber": None}}) == 0
    assert guesses(*by_variable, {"input": {}}) == 0
    assert guesses(*written, {}) == 1


async def test_neighbours_of_one_network_are_one_address():
    rates = Rates(RateRules(address="1/hour"))
    await rates.admit_address("2001:db8::1")

    async with front(address="5/minute", seen_as="::ffff:192.0.2.7") as http:
        assert (await ask(http, "{ hello }")).status_code == 200
    with pytest.raises(HttpRefusal, match="Too many requests"):
        await rates.admit_address("2001:db8::2")


async def test_without_redis_each_process_goes_on_counting_for_itself():
    async with front(address="1/minute", redis_url="redis://127.0.0.1:1/0") as http:
        answers = [await ask(http, "{ hello }") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]


async def test_documents_that_were_not_seen_before_count_by_their_length():
    async with front(documents="20/minute") as http:
        unseen = [await ask(http, f"query Q{n} {{ hello }}") for n in range(5)]
        known = [await ask(http, "query Q0 { hello }") for _ in range(10)]

    assert [answer.status_code for answer in unseen] == [200, 200, 200, 200, 429]
    assert {answer.status_code for answer in known} == {200}


async def test_nothing_is_counted_without_rules():
    rates = Rates()
    assert await rates.admit_address("192.0.2.1") == {}
