"""What goes wrong is told in the reader's language, over whatever connection they ask."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from functools import cache
from uuid import UUID

import httpx
import orjson
import pytest
import structlog
from starlette.requests import Request
from strawberry import Schema

from marketplace.app.context import accepted_languages
from marketplace.app.errors import UNEXPECTED
from marketplace.app.http import GraphQLView
from marketplace.app.live import Live
from marketplace.app.rates import RateRules, Rates
from marketplace.app.sockets import GraphQLSocket
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.graphql import Context
from marketplace.kit.messages import LANGUAGES, say
from tests.app import tiny
from tests.app.sockets import Socket, dialled

ADA = Actor(ActorKind.MEMBER, UUID(int=1), frozenset(), languages=("nb",))
SAID = {language: say(UNEXPECTED, {}, (language,)) for language in LANGUAGES}
EVENTS = "text/event-stream"


@pytest.fixture(autouse=True)
def unwritten() -> Generator[None]:
    """A traceback takes longer to write down than all else here."""
    with structlog.testing.capture_logs():
        yield


async def context(request: Request) -> Context:
    """Ada asks, who reads Norwegian where she does not say otherwise."""
    own = ADA.languages
    return Context(actor=ADA, languages=accepted_languages(request.headers.get("accept-language")) or own)


@cache
def schema() -> Schema:
    return tiny.schema()


def serve(rates: Rates | None = None) -> GraphQLView:
    return GraphQLView(schema(), context, rates=rates)


async def by_socket(socket: Socket, query: str) -> str:
    await socket.say("subscribe", id="1", payload={"query": query})
    told = await socket.hear()
    errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
    if told["type"] == "next":
        assert (await socket.hear())["type"] == "complete"
    return errors[0]["message"]


async def over_a_socket(query: str, language: str) -> str:
    """The language is said with the token."""
    async with dialled(GraphQLSocket(serve().asking, context, Live())) as socket:
        await socket.say("connection_init", payload={"Accept-Language": language})
        await socket.hear()
        return await by_socket(socket, query)


async def in_the_handshake(query: str, language: str) -> str:
    """The language is said by the browser; what the payload says is no text."""
    app = GraphQLSocket(serve().asking, context, Live())
    async with dialled(app, **{"accept-language": language}) as socket:
        await socket.say("connection_init", payload={"accept-language": 5})
        await socket.hear()
        return await by_socket(socket, query)


async def by_request(query: str, language: str, accept: str, view: GraphQLView | None = None) -> str:
    transport = httpx.ASGITransport(app=view or serve())
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test") as http:
        headers = {"Accept": accept, "Accept-Language": language}
        answer = await http.post("/graphql", json={"query": query}, headers=headers)
    text = answer.text
    if accept == EVENTS:
        text = next(line for line in text.splitlines() if line.startswith("data: ")).removeprefix("data: ")
    return orjson.loads(text)["errors"][0]["message"]


async def by_events(query: str, language: str) -> str:
    return await by_request(query, language, EVENTS)


async def by_http(query: str, language: str) -> str:
    return await by_request(query, language, "application/json")


Way = Callable[[str, str], Awaitable[str]]
WAYS = [over_a_socket, in_the_handshake, by_events, by_http]


@pytest.mark.parametrize("way", WAYS)
async def test_a_bug_is_told_in_each_language(way: Way) -> None:
    told = {language: await way("{ broken }", language) for language in LANGUAGES}
    assert told == SAID


@pytest.mark.parametrize("way", [over_a_socket, by_events])
async def test_a_subscription_that_breaks_is_told_so_in_each_language(way: Way) -> None:
    told = {language: await way("subscription { brokenStream }", language) for language in LANGUAGES}
    assert told == SAID


@pytest.mark.parametrize("way", [over_a_socket, by_events])
async def test_an_event_that_breaks_is_told_so_in_the_language(way: Way) -> None:
    assert await way("subscription { brokenEvents { broken } }", "ru") == SAID["ru"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_refusal_is_told_in_the_language(way: Way) -> None:
    assert await way("{ missing }", "nl") == "Dit bestaat niet: aanbieding."


async def test_who_says_no_language_reads_their_own() -> None:
    rates = Rates(RateRules(actor="2/hour"))
    view = serve(rates)
    async with dialled(GraphQLSocket(view.asking, context, Live())) as socket:
        await socket.say("connection_init", payload={"accept-language": "x" * 2000})
        await socket.hear()
        assert await by_socket(socket, "{ broken }") == SAID["nb"]
        await by_socket(socket, "{ broken }")
        assert (await by_socket(socket, "{ broken }")).startswith("For mange forespørsler. Prøv igjen om ")


async def test_what_ends_a_stream_is_told_in_the_language() -> None:
    view = serve()
    told = asyncio.create_task(by_request("subscription { silence }", "sv", EVENTS, view))
    while not view.live.connections:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await view.live.go_away(2)
    assert await told == "Den här servern stängs av. Anslut igen."
