"""Jobs: work done apart from the request, at least once, so each of them must bear a repeat.

A room registers handlers with `@job("redemptions.fulfil")`; periodic ones with `@periodic`. Workers run them
through procrastinate (`app/worker.py`); `drain` runs what is due in this process, for tests and the demo's
history.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

import orjson
import structlog
from opentelemetry.trace import SpanKind

from marketplace.kit import clock, database, metrics, tracing

Handler = Callable[..., Awaitable[None]]
log = structlog.get_logger()
_handlers: dict[str, Handler] = {}
_periodic: dict[str, "Periodic"] = {}


@dataclass(frozen=True, slots=True)
class Periodic:
    """A job that runs by the clock: a cron expression of five fields, UTC."""

    name: str
    cron: str
    handler: Callable[[], Awaitable[None]]


def job(name: str) -> Callable[[Handler], Handler]:
    """Register a handler under `room.verb`."""

    def register(handler: Handler) -> Handler:
        if name in _handlers:
            raise ValueError(f"two jobs are called {name}")
        _handlers[name] = handler
        return handler

    return register


def periodic(name: str, cron: str) -> Callable[[Callable[[], Awaitable[None]]], Callable[[], Awaitable[None]]]:
    """Register a handler that runs by the clock, on one worker at a time."""

    def register(handler: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        _periodic[name] = Periodic(name, cron, handler)
        return handler

    return register


def handlers() -> Mapping[str, Handler]:
    """Every registered job by name."""
    return _handlers


def periodics() -> Mapping[str, Periodic]:
    """Every job that runs by the clock, by name."""
    return _periodic


def observed(name: str, handler: Handler) -> Handler:
    """A handler that is counted, timed and traced, below the work that asked for it."""

    @wraps(handler)
    async def run(**payload: Any) -> None:
        carrier = {tracing.CARRIER: above} if (above := payload.pop(tracing.CARRIER, None)) else {}
        began, outcome = time.perf_counter(), "failed"
        try:
            with tracing.span(f"job {name}", SpanKind.CONSUMER, carrier):
                await handler(**payload)
            outcome = "done"
        finally:
            metrics.jobs.labels(name, outcome).observe(time.perf_counter() - began)

    return run


_TAKE = """
DELETE FROM outbox_message WHERE id = (
    SELECT id FROM outbox_message WHERE due_at <= $1 ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING task, payload"""


async def drain(limit: int = 10_000) -> int:
    """Run every job that is due, in this process, one after the other; returns how many ran."""

    for done in range(limit):
        taken: dict[str, Any] | None = await database.row(_TAKE, clock.now())
        if taken is None:
            return done
        payload = taken["payload"]
        arguments = orjson.loads(payload) if isinstance(payload, str) else payload
        await observed(taken["task"], _handlers[taken["task"]])(**arguments)
    raise RuntimeError(f"more than {limit} jobs: one of them calls for itself without end")
