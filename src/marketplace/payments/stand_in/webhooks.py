"""Events and their signed delivery.

docs.stripe.com/webhooks: an event is POSTed as JSON with `Stripe-Signature: t=...,v1=...`, any
answer but 2xx is tried again with growing pauses, order is not promised and an event may come
twice. docs.stripe.com/connect/webhooks: an event of a connected account carries `account`.
Deliveries are rows written with the change that caused them, so a killed stand-in forgets none.
"""

import asyncio
import contextlib
import hashlib
import hmac
import json
import sqlite3
import time

import httpx
from stripe import api_version

from marketplace.payments.stand_in import faults
from marketplace.payments.stand_in.call import Call, Options
from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.store import PLATFORM, Store

MAX_ATTEMPTS = 16
OUT_OF_ORDER_GAP_S = 0.3


def emit(call: Call, kind: str, obj: Json, *, account: str = PLATFORM, previous: Json | None = None) -> Json:
    """State an event (docs.stripe.com/api/events/object) and queue its delivery."""
    data: Json = {"object": obj, **({"previous_attributes": previous} if previous else {})}
    fields: Json = {
        "api_version": api_version, "data": data, "livemode": False, "pending_webhooks": 1, "type": kind,
        "request": {"id": call.request_id, "idempotency_key": call.key},
    }  # fmt: skip
    if account != PLATFORM:
        fields["account"] = account
    event = call.store.new("event", "evt", account, **fields)
    if webhook_url(call.store, call.options) is not None:
        _queue(call.store, event)
    return event


def webhook_url(store: Store, options: Options) -> str | None:
    """The endpoint: the one the control surface named last, or the one given at the start."""
    return store.setting("webhook_url", options.webhook_url or "") or None


def _queue(store: Store, event: Json) -> None:
    fault = faults.for_event(store, event["type"]) or {}
    kind, now = fault.get("kind"), time.time()
    if kind != "out_of_order":
        store.execute("UPDATE deliveries SET held = 0, due = ? WHERE held = 1", now + OUT_OF_ORDER_GAP_S)
    if kind == "drop":
        return
    if kind == "forged":
        _put(store, _forgery(event), now, forged=True)
    late = float(fault.get("seconds", 2.0)) if kind == "late" else 0.0
    _put(store, event, now + late, held=kind == "out_of_order")
    if kind == "twice":
        _put(store, event, now + late)


def _put(store: Store, event: Json, due: float, *, forged: bool = False, held: bool = False) -> None:
    store.execute(
        "INSERT INTO deliveries (event, payload, due, forged, held) VALUES (?, ?, ?, ?, ?)",
        event["id"], json.dumps(event, indent=2), due, int(forged), int(held),
    )  # fmt: skip


def _forgery(event: Json) -> Json:
    obj: Json = {**event["data"]["object"], "amount": 99_999_999}
    return {**event, "id": f"{event['id']}_forged", "data": {"object": obj}}


def signature(payload: str, secret: str, at: int) -> str:
    """docs.stripe.com/webhooks/signature: HMAC-SHA256 of `timestamp.payload`, hex, as v1."""
    digest = hmac.new(secret.encode(), f"{at}.{payload}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Courier:
    """Posts what is due; woken after each request, and by the clock for retries."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        async with httpx.AsyncClient(timeout=self._options.webhook_timeout_s) as http:
            while True:
                self._awake.clear()
                while due := self._due():
                    await self._deliver(http, due)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), timeout=0.1)

    def _due(self) -> sqlite3.Row | None:
        found = self._store.rows(
            "SELECT * FROM deliveries WHERE done = 0 AND held = 0 AND due <= ? ORDER BY due, seq LIMIT 1",
            time.time(),
        )
        return found[0] if found else None

    async def _deliver(self, http: httpx.AsyncClient, row: sqlite3.Row) -> None:
        secret = "whsec_forged" if row["forged"] else self._options.webhook_secret
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(row["payload"], secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = await http.post(
                str(webhook_url(self._store, self._options)), content=row["payload"].encode(), headers=headers
            )
            status = answer.status_code
        except httpx.HTTPError:
            status = 0
        self._record(row, status)

    def _record(self, row: sqlite3.Row, status: int) -> None:
        attempts = row["attempts"] + 1
        done = 200 <= status < 300 or bool(row["forged"]) or attempts >= MAX_ATTEMPTS
        pause = self._options.webhook_retry_s * 2 ** min(attempts - 1, 12)
        self._store.execute(
            "UPDATE deliveries SET attempts = ?, answer = ?, done = ?, due = ? WHERE seq = ?",
            attempts, status, int(done), time.time() + pause, row["seq"],
        )  # fmt: skip
