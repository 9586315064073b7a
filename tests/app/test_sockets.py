"""graphql-transport-ws, message by message, over a tiny schema: the codes and the caps of the protocol."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
from starlette.requests import Request

from marketplace.app.errors import HttpRefusal
from marketplace.app.http import GraphQLView
from marketplace.app.limits import Caps
from marketplace.app.live import Live, LiveCaps
from marketplace.app.rates import RateRules, Rates
from marketplace.app.sockets import GraphQLSocket
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.graphql import Context
from tests.app import tiny
from tests.app.sockets import PROTOCOL, Socket, connected, dialled

ADA = Actor(ActorKind.MEMBER, UUID(int=1), frozenset())
TICKS = {"query": "subscription { ticks }"}
ENDLESS = {"query": "subscription { endless }"}


async def context(request: Request) -> Context:
    """`ada` is somebody, no token is nobody, anything else does not work."""
    token = request.headers.get("authorization", "")
    if token not in ("", "Bearer ada"):
        raise HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "This token is not accepted.")
    return Context(actor=ADA if token else None)


def serve(caps: Caps | None = None, rates: Rates | None = None, **live: Any) -> GraphQLSocket:
    """The tiny schema over sockets."""
    view = GraphQLView(tiny.schema(), context, caps=caps, rates=rates)
    return GraphQLSocket(view.asking, context, Live(LiveCaps(**live)), init_within_s=0.2)


@asynccontextmanager
async def ada(app: GraphQLSocket | None = None) -> AsyncGenerator[Socket]:
    """Ada's socket, acknowledged."""
    async with connected(app or serve(), "ada") as socket:
        yield socket


async def test_a_subscription_is_answered_until_it_is_complete() -> None:
    async with ada() as socket:
        await socket.say("subscribe", id="1", payload=TICKS)

        assert await socket.hear() == {"id": "1", "type": "next", "payload": {"data": {"ticks": 1}}}
        assert await socket.hear() == {"id": "1", "type": "complete"}


async def test_queries_and_mutations_are_answered_once() -> None:
    async with ada() as socket:
        await socket.say("subscribe", id="q", payload={"query": "{ hello }"})

        assert (await socket.hear())["payload"] == {"data": {"hello": "hello world"}}
        assert (await socket.hear())["type"] == "complete"


async def test_the_token_may_come_in_the_handshake() -> None:
    async with dialled(serve(), authorization="Bearer ada") as socket:
        await socket.say("connection_init")
        assert (await socket.hear())["type"] == "connection_ack"


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer mallory"}, {"authorization": 5}])
async def test_nobody_stays_who_does_not_say_who_they_are(payload: Any) -> None:
    async with dialled(serve()) as socket:
        await socket.say("connection_init", payload=payload)
        assert await socket.closed() == 4403


async def test_who_says_nothing_is_not_waited_for() -> None:
    async with dialled(serve()) as socket:
        assert await socket.closed() == 4408


async def test_nothing_is_asked_before_it_is_known_who_asks() -> None:
    async with dialled(serve()) as socket:
        await socket.say("subscribe", id="1", payload=TICKS)
        assert await socket.closed() == 4401


async def test_one_introduces_oneself_once() -> None:
    async with ada() as socket:
        await socket.say("connection_init")
        assert await socket.closed() == 4429


async def test_an_id_is_for_one_operation_at_a_time() -> None:
    async with ada() as socket:
        await socket.say("subscribe", id="1", payload=ENDLESS)
        await socket.hear()
        await socket.say("complete", id="1")
        await socket.say("subscribe", id="1", payload=ENDLESS)
        await socket.hear()
        await socket.say("subscribe", id="1", payload=ENDLESS)
        assert await socket.closed() == 4409


async def test_another_protocol_is_not_spoken() -> None:
    async with dialled(serve(), subprotocols=("graphql-ws",)) as socket:
        assert await socket.closed() == 4406


BAD = [
    "nonsense",
    "[]",
    "5",
    "{}",
    '{"type": 5}',
    '{"type": "start"}',
    '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
    '{"type": "subscribe", "id": "1"}',
    '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
    '{"type": "subscribe", "id": "1", "payload": ' + "[" * 50 + "]" * 50 + "}",
    '{"type": "complete"}',
    '{"type": "ping", "x": "\\u0000"}',
    '{"type": "ping", "x": "' + "x" * 1_000_000 + '"}',
]


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:40])
async def test_what_is_no_message_ends_the_socket(text: str) -> None:
    async with ada() as socket:
        await socket.send({"type": "websocket.receive", "text": text})
        assert await socket.closed() == 4400


async def test_bytes_are_no_message() -> None:
    async with ada() as socket:
        await socket.send({"type": "websocket.receive", "bytes": b'{"type": "ping"}'})
        assert await socket.closed() == 4400


async def test_pings_are_answered_at_any_time() -> None:
    async with dialled(serve()) as socket:
        await socket.say("ping", payload={"at": 1})
        assert await socket.hear() == {"type": "pong"}
        await socket.say("pong")
        await socket.say("connection_init", payload={"Authorization": "Bearer ada"})
        assert (await socket.hear())["type"] == "connection_ack"


async def test_whoever_floods_is_shut_out() -> None:
    async with ada() as socket:
        for _ in range(250):
            await socket.say("pong")
        assert await socket.closed() == 4429


async def test_errors_are_told_under_the_id_and_end_only_that_operation() -> None:
    async with ada(serve(Caps(depth=2, cost=50))) as socket:
        for id, query, code in (
            ("invalid", "subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
            ("deep", "{ thing { inner { inner { name } } } }", "LIMIT_EXCEEDED"),
            ("dear", "{ things(first: 100) { name } }", "LIMIT_EXCEEDED"),
            ("broken", "subscription { brokenStream }", "INTERNAL"),
            ("forbidden", "subscription { forbiddenStream }", "FORBIDDEN"),
            ("unknown", None, "PERSISTED_QUERY_NOT_FOUND"),
        ):
            payload: dict[str, Any] = {"query": query}
            if query is None:
                payload = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
            await socket.say("subscribe", id=id, payload=payload)
            told = await socket.hear()
            assert (told["id"], told["type"], told["payload"][0]["extensions"]["code"]) == (id, "error", code)
            assert "hunter2" not in json.dumps(told)
        await socket.say("subscribe", id="1", payload=TICKS)
        told = await socket.hear()
        assert told["payload"]["extensions"] == {"cost": {"requested": 0, "allowed": 50}}


async def test_one_socket_holds_so_many_operations() -> None:
    async with ada(serve(subscriptions_each=2)) as socket:
        for id in ("1", "2"):
            await socket.say("subscribe", id=id, payload=ENDLESS)
            await socket.hear()
        await socket.say("subscribe", id="3", payload=ENDLESS)
        told = await socket.hear()
        assert (told["id"], told["type"], told["payload"][0]["extensions"]["code"]) == (
            "3",
            "error",
            "LIMIT_EXCEEDED",
        )


async def test_one_actor_has_so_many_sockets_and_a_seat_comes_free() -> None:
    app = serve(connections_each=1)
    async with ada(app), dialled(app) as second:
        await second.say("connection_init", payload={"authorization": "Bearer ada"})
        assert await second.closed() == 4429
    async with ada(app):
        assert app.live.connections == 1


async def test_each_operation_counts_for_the_rates() -> None:
    rates = Rates(RateRules(actor="2/minute"))
    async with ada(serve(rates=rates)) as socket:
        told: list[str] = []
        for id in ("1", "2", "3"):
            await socket.say("subscribe", id=id, payload={"query": "{ hello }"})
            message = await socket.hear()
            told.append(message["type"])
            if message["type"] == "next":
                await socket.hear()
        assert told == ["next", "next", "error"]


async def test_hanging_up_ends_all_that_ran() -> None:
    app = serve()
    async with ada(app) as socket:
        await socket.say("subscribe", id="1", payload=ENDLESS)
        await socket.hear()
        assert (app.live.connections, app.live.subscriptions) == (1, 1)
        await socket.hang_up()
    assert (app.live.connections, app.live.subscriptions) == (0, 0)


async def test_when_the_server_goes_it_says_so_and_takes_nobody_more() -> None:
    app = serve()
    async with ada(app) as socket:
        going = asyncio.create_task(app.live.go_away(2))
        assert await socket.closed() == 1001
        await going
        async with dialled(app) as late:
            await late.say("connection_init", payload={"authorization": "Bearer ada"})
            assert await late.closed() == 1013


def test_the_protocol_is_named_as_the_specification_does() -> None:
    assert PROTOCOL == "graphql-transport-ws"
