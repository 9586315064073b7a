"""The Starlette application: authentication, parameters, idempotency and faults around each endpoint."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from marketplace.payments.stand_in import faults, idempotency, params
from marketplace.payments.stand_in.call import Call, Endpoint, Options
from marketplace.payments.stand_in.control import ORDERS, Control
from marketplace.payments.stand_in.errors import Json, StripeRefusal
from marketplace.payments.stand_in.forms import parse
from marketplace.payments.stand_in.hosted import Hosted
from marketplace.payments.stand_in.idempotency import Answer
from marketplace.payments.stand_in.resources import (
    accounts,
    balance,
    customers,
    events,
    invoices,
    payment_intents,
    payouts,
    refunds,
    transfers,
)
from marketplace.payments.stand_in.store import PLATFORM, Store, new_id
from marketplace.payments.stand_in.webhooks import Courier

ROOMS = (accounts, balance, customers, events, invoices, payment_intents, payouts, refunds, transfers)
HANG_S = 300


class Dropped(Response):
    """Promises a body and closes the connection instead: the client cannot know what happened."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


class Server:
    """Answers Stripe's endpoints out of one store."""

    def __init__(self, store: Store, options: Options) -> None:
        self.store, self.options = store, options
        self.courier = Courier(store, options)
        self._keys_in_use: set[tuple[str, str]] = set()

    def route(self, endpoint: Endpoint) -> Route:
        async def handle(request: Request) -> Response:
            return await self._handle(endpoint, request)

        return Route(endpoint.path, handle, methods=[endpoint.method])

    async def _handle(self, endpoint: Endpoint, request: Request) -> Response:
        request_id = new_id("req")
        headers = {"Request-Id": request_id, "Stripe-Version": request.headers.get("stripe-version", "")}
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        if key:
            headers["Idempotency-Key"] = key
        fault = faults.for_request(self.store, request.method, request.url.path)
        kind = fault["kind"] if fault else ""
        if kind in {"hang_before", "drop_before"}:
            return await self._silence(request, kind)
        try:
            call = await self._call(endpoint, request, request_id, key)
            answer = await self._answer(endpoint, call, request.url.path, fault)
        except StripeRefusal as refusal:
            answer = Answer(refusal.status, refusal.body)
        self.courier.wake()
        if kind in {"hang_after", "drop_after"}:
            return await self._silence(request, kind)
        if answer.original_request:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.original_request}
        return JSONResponse(_shown(answer.body), answer.status, headers)

    async def _call(self, endpoint: Endpoint, request: Request, request_id: str, key: str | None) -> Call:
        """The checked request; what is refused here is never saved under the key."""
        _authenticate(request.headers)
        text = request.url.query if request.method == "GET" else (await request.body()).decode("utf-8", "replace")
        given = parse(text)
        typed = params.checked(endpoint.params, given) if endpoint.params else params.nothing(given)
        if key:
            idempotency.check_length(key)
        account = request.headers.get("stripe-account") or PLATFORM
        if account != PLATFORM and self.store.find("account", account) is None:
            raise StripeRefusal(
                403,
                f"The provided key does not have access to account '{account}' (or it does not exist).",
                code="account_invalid",
            )
        return Call(
            store=self.store, options=self.options, account=account, params=typed, key=key,
            path=dict(request.path_params), base_url=str(request.base_url).rstrip("/"), request_id=request_id,
        )  # fmt: skip

    async def _answer(self, endpoint: Endpoint, call: Call, path: str, fault: Json | None) -> Answer:
        if call.key is None:
            await _linger(fault)
            return self._transact(endpoint, call, path, fault)
        lock = (call.account, call.key)
        if lock in self._keys_in_use:
            raise idempotency.in_use(call.key)
        self._keys_in_use.add(lock)
        try:
            await _linger(fault)
            return self._transact(endpoint, call, path, fault)
        finally:
            self._keys_in_use.discard(lock)

    def _transact(self, endpoint: Endpoint, call: Call, path: str, fault: Json | None) -> Answer:
        """Replay, or work and save the answer: one transaction."""
        with self.store.transaction():
            answer = call.key and idempotency.replay(self.store, call.account, call.key, path, call.params)
            if not answer:
                answer = self._work(endpoint, call, fault)
                if call.key and (fault is None or fault["kind"] != "status" or fault.get("saved")):
                    idempotency.save(
                        self.store, call.account, call.key, path, call.params, answer, call.request_id
                    )
            self._log(endpoint, call, path, answer)
        return answer

    def _work(self, endpoint: Endpoint, call: Call, fault: Json | None) -> Answer:
        if fault and fault["kind"] == "status":
            refusal = faults.as_refusal(fault)
            return Answer(refusal.status, refusal.body)
        refused: StripeRefusal | None = None
        try:
            with self.store.transaction():
                try:
                    return Answer(200, endpoint.work(call))
                except StripeRefusal as refusal:
                    if not refusal.keep_changes:
                        raise
                    refused = refusal
        except StripeRefusal as refusal:
            refused = refusal
        return Answer(refused.status, refused.body)

    def _log(self, endpoint: Endpoint, call: Call, path: str, answer: Answer) -> None:
        self.store.execute(
            "INSERT INTO requests (id, method, path, account, key, params, status, replayed) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            call.request_id, endpoint.method, path, call.account, call.key, json.dumps(call.params),
            answer.status, int(answer.original_request is not None),
        )  # fmt: skip

    async def _silence(self, request: Request, kind: str) -> Response:
        """No answer: the connection closes at once, or stays open until the client gives up."""
        if kind.startswith("hang"):
            for _ in range(HANG_S * 10):
                if await request.is_disconnected():
                    break
                await asyncio.sleep(0.1)
        return Dropped()


async def _linger(fault: Json | None) -> None:
    if fault and fault["kind"] == "slow":
        await asyncio.sleep(float(fault.get("seconds", 1.0)))


def _authenticate(headers: Mapping[str, str]) -> None:
    """docs.stripe.com/api/authentication: a secret test key as bearer."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise StripeRefusal(401, "You did not provide an API key.")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise StripeRefusal(401, f"Invalid API Key provided: {key[:8]}****")


def _shown(body: Any) -> Any:
    """Without the stand-in's own notes."""
    if isinstance(body, dict):
        shown = cast("Json", body)
        return {name: _shown(item) for name, item in shown.items() if not name.startswith("stand_in_")}
    return body


async def _unknown(request: Request, problem: Exception) -> Response:
    message = f"Unrecognized request URL ({request.method}: {request.url.path})."
    return JSONResponse({"error": {"type": "invalid_request_error", "message": message}}, 404)


def build(state: Path | str, options: Options) -> Starlette:
    """The whole stand-in over one state file."""
    store = Store(state)
    server = Server(store, options)
    hosted = Hosted(store, options, server.courier)
    control = Control(store, options, server.courier)
    routes = [
        *(server.route(endpoint) for room in ROOMS for endpoint in room.ENDPOINTS),
        Route("/setup/e/{account}/{token}", hosted.visit, methods=["GET", "POST"]),
        Route("/i/{token}", hosted.invoice, methods=["GET", "POST"]),
        *(Route(f"/_stand_in{path}", control.endpoint(order), methods=[method])
          for (method, path), order in ORDERS.items()),
    ]  # fmt: skip

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        tasks = [asyncio.create_task(server.courier.run())]
        if options.payout_after_s is not None:
            tasks.append(asyncio.create_task(_pay_out(server)))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        store.close()

    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _unknown, 405: _unknown})


async def _pay_out(server: Server) -> None:
    """The daily payout schedule, in seconds instead of days."""
    call = Call(store=server.store, options=server.options, account=PLATFORM, params={})
    while True:
        await asyncio.sleep(max(0.2, (server.options.payout_after_s or 0) / 2))
        with server.store.transaction():
            payouts.run_schedule(call)
        server.courier.wake()
