"""GraphQL over WebSocket: the protocol graphql-transport-ws, in its order.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md . Who connects says who they are, and what they
read, in the payload of `connection_init` (`{"authorization": "Bearer …", "accept-language": "sv"}`) or in the
headers of the handshake, and nobody stays who does not say who they are. Each operation is held to what a request
over HTTP is held to. What closes a socket is told to programs, in English; what else goes wrong is told in the
reader's language. A browser adds no cookie or token of its own to a socket, so another site's page has nothing to
borrow.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import orjson
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from marketplace.app.asking import Asking, Prepared, languages_of, refusal_of, refused
from marketplace.app.errors import HttpRefusal, RequestErrors, masked, request_error
from marketplace.app.live import Live, Seat
from marketplace.app.parameters import Parameters, decode

PROTOCOL = "graphql-transport-ws"
INIT_WITHIN_S = 10.0
MAX_ID = 255
HEADERS = {"authorization": 20_000, "accept-language": 1_000}
"""What `connection_init` may say instead of the handshake's headers, and in how many characters."""
MESSAGES_AT_MOST, MESSAGES_WITHIN_S = 200, 10.0

GOING_AWAY, TRY_AGAIN = 1001, 1013
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN = 4400, 4401, 4403
INIT_TIMEOUT, BAD_SUBPROTOCOL, SUBSCRIBER_EXISTS, TOO_MANY = 4408, 4406, 4409, 4429
_CODES = {401: FORBIDDEN, 403: FORBIDDEN, 429: TOO_MANY, 503: TRY_AGAIN}


class Closed(Exception):
    """The socket is to be closed, with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason

    @classmethod
    def by(cls, refusal: HttpRefusal) -> "Closed":
        """What an HTTP refusal is on a socket."""
        code = GOING_AWAY if refusal.code == "GOING_AWAY" else _CODES.get(refusal.status, BAD_REQUEST)
        return cls(code, refusal.message)


class GraphQLSocket:
    """An ASGI application that serves one schema over WebSockets. `context` is the one of the HTTP view."""

    def __init__(
        self,
        asking: Asking,
        context: Callable[[Request], Awaitable[object]],
        live: Live,
        *,
        init_within_s: float = INIT_WITHIN_S,
    ) -> None:
        self.asking = asking
        self.context = context
        self.live = live
        self.init_within_s = init_within_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until either side ends it."""
        await Conversation(self, WebSocket(scope, receive, send)).hold()


class Conversation:
    """One socket: first who it is, then any number of operations at once, each under the id its client chose."""

    def __init__(self, served: GraphQLSocket, socket: WebSocket) -> None:
        self._served = served
        self._socket = socket
        self._address = socket.client.host if socket.client else None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._closing: asyncio.Task[None] | None = None
        self._messages, self._since = 0, 0.0

    async def hold(self) -> None:
        """Talk until the end; then nothing of it goes on."""
        try:
            if PROTOCOL not in self._socket.scope["subprotocols"]:
                await self._socket.accept()
                raise Closed(BAD_SUBPROTOCOL, "Subprotocol not acceptable")
            await self._socket.accept(subprotocol=PROTOCOL)
            await self._served.asking.rates.admit_address(self._address)
            seat = await self._initialise()
            seat.end = lambda refusal: self._close_soon(Closed.by(refusal))
            with self._served.live.taken(seat):
                await self._say({"type": "connection_ack"})
                while True:
                    await self._obey(seat, await self._receive())
        except WebSocketDisconnect:
            pass
        except Closed as closed:
            await self._close(closed)
        except HttpRefusal as refusal:
            await self._close(Closed.by(refusal))
        finally:
            running = list(self._running.values())
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    async def _initialise(self) -> Seat:
        """Wait for `connection_init` and find out who it is; raises Closed or HttpRefusal."""
        try:
            async with asyncio.timeout(self._served.init_within_s):
                while (message := await self._receive())["type"] in ("ping", "pong"):
                    await self._pong(message)
        except TimeoutError:
            raise Closed(INIT_TIMEOUT, "Connection initialisation timeout") from None
        if message["type"] != "connection_init":
            raise Closed(UNAUTHORIZED, "Unauthorized")
        request = _as_request(self._socket.scope, _headers_of(message.get("payload")))
        context = await self._served.context(request)
        actor = getattr(context, "actor", None)
        if actor is None:
            raise Closed(FORBIDDEN, 'Send a token: connection_init with the payload {"authorization": "Bearer …"}')
        return self._served.live.seat(actor, lambda: self._served.context(request), languages_of(context))

    async def _obey(self, seat: Seat, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "ping" | "pong":
                await self._pong(message)
            case "subscribe":
                self._subscribe(seat, _id_of(message), self._parameters(message))
            case "complete":
                if (task := self._running.pop(_id_of(message), None)) is not None:
                    task.cancel()
            case "connection_init":
                raise Closed(TOO_MANY, "Too many initialisation requests")
            case _:
                raise Closed(BAD_REQUEST, "Invalid message")

    def _subscribe(self, seat: Seat, id: str, asked: Parameters) -> None:
        if id in self._running:
            raise Closed(SUBSCRIBER_EXISTS, f"Subscriber for {id} already exists"[:120])
        task = asyncio.create_task(self._operate(seat, id, asked))
        self._running[id] = task

        def done(_: object) -> None:
            if self._running.get(id) is task:
                del self._running[id]

        task.add_done_callback(done)

    async def _operate(self, seat: Seat, id: str, asked: Parameters) -> None:
        """One operation from its start to its `complete` or `error`."""
        try:
            if len(self._running) > self._served.live.caps.subscriptions_each:
                most = self._served.live.caps.subscriptions_each
                raise request_error(f"One socket holds up to {most} operations.", "LIMIT_EXCEEDED")
            await self._served.asking.rates.admit_address(self._address)
            await self._served.asking.rates.admit_actor(seat.actor)
            prepared = await self._served.asking.prepare(asked, seat.actor, self._address, self._socket.scope)
            await self._answer(seat, id, prepared)
            await self._say({"id": id, "type": "complete"})
        except RequestErrors as errors:
            await self._fail(id, refused(errors, asked.operation_name, seat.languages)["errors"])
        except HttpRefusal as refusal:
            if refusal.status == 401:
                self._close_soon(Closed.by(refusal))
            else:
                await self._fail(id, refusal_of(refusal, seat.languages)["errors"])
        except Exception as error:  # noqa: BLE001  # nothing leaves unmasked
            await self._fail(id, [masked(error, seat.languages)])

    async def _fail(self, id: str, errors: list[dict[str, Any]]) -> None:
        await self._say({"id": id, "type": "error", "payload": errors})

    async def _answer(self, seat: Seat, id: str, prepared: Prepared) -> None:
        if not prepared.is_subscription:
            body = await self._served.asking.answer(prepared, await seat.renewed())
            await self._say({"id": id, "type": "next", "payload": body})
            return
        with self._served.live.subscribed():
            async for body in self._served.asking.events(prepared, seat.renewed):
                await self._say({"id": id, "type": "next", "payload": body})

    def _parameters(self, message: Mapping[str, Any]) -> Parameters:
        try:
            return Parameters.of(message.get("payload"), self._served.asking.caps)
        except HttpRefusal as refusal:
            raise Closed(BAD_REQUEST, refusal.message) from None

    async def _receive(self) -> Mapping[str, Any]:
        """The next message, an object with a `type`; raises Closed for what is none, or for too many of them."""
        received = await self._socket.receive()
        if received["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(received.get("code", 1005))
        self._must_not_flood()
        text = received.get("text")
        if text is None or len(text) > self._served.asking.caps.body_bytes:
            raise Closed(BAD_REQUEST, "Invalid message")
        try:
            decoded = decode(text.encode(errors="surrogatepass"), what="The message")
        except HttpRefusal as refusal:
            raise Closed(BAD_REQUEST, refusal.message) from None
        message = cast("dict[str, Any]", decoded)
        if not isinstance(decoded, dict) or not isinstance(message.get("type"), str):
            raise Closed(BAD_REQUEST, "Invalid message")
        return message

    def _must_not_flood(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._since > MESSAGES_WITHIN_S:
            self._messages, self._since = 0, now
        self._messages += 1
        if self._messages > MESSAGES_AT_MOST:
            raise Closed(TOO_MANY, "Too many messages")

    async def _pong(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "ping":
            await self._say({"type": "pong"})

    async def _say(self, message: Mapping[str, Any]) -> None:
        """Send a message once the client has taken those before; a socket that is gone is seen by its reader."""
        if self._closing is None:
            with suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.send_text(orjson.dumps(message).decode())

    def _close_soon(self, closed: Closed) -> None:
        """End the socket from outside of the task that reads it; that one then sees it gone."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(closed))

    async def _close(self, closed: Closed) -> None:
        with suppress(RuntimeError, WebSocketDisconnect):  # it was closed already
            await self._socket.close(closed.code, closed.reason.encode()[:120].decode(errors="ignore"))


def _id_of(message: Mapping[str, Any]) -> str:
    id = message.get("id")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID:
        raise Closed(BAD_REQUEST, "Invalid message: `id` must be a text of 1 to 255 characters")
    return id


def _headers_of(payload: object) -> dict[str, str]:
    """The headers that the payload of `connection_init` gives; raises Closed for a payload that is no object."""
    if payload is None:
        return {}
    if not isinstance(payload, dict):
        raise Closed(BAD_REQUEST, "Invalid message: `payload` must be an object")
    given = {name.lower(): value for name, value in cast("dict[str, object]", payload).items()}
    return {
        name: value
        for name, most in HEADERS.items()
        if isinstance(value := given.get(name), str) and len(value) <= most
    }


def _as_request(scope: Scope, told: Mapping[str, str]) -> Request:
    """The handshake as the request it was, with the headers of the payload instead of its own."""
    named = {name.encode(): value.encode("latin-1", errors="replace") for name, value in told.items()}
    headers = [(name, value) for name, value in scope["headers"] if name not in named]
    kept = {name: scope[name] for name in ("path", "query_string", "client", "server", "state") if name in scope}
    return Request({"type": "http", "method": "GET", **kept, "headers": [*headers, *named.items()]})
