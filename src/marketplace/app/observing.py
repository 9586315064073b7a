"""Seen from outside: every request counted, timed and traced, and `/metrics` for Prometheus."""

import hmac
import os
import time
from functools import lru_cache
from typing import Any

from opentelemetry.trace import SpanKind
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.app import standing
from marketplace.kit import metrics, tracing

OPERATION = "operation"
_TELLING_PATHS = frozenset({"/graphql", "/health/live", "/health/ready", "/metrics"})
_names = metrics.Names()


def name_operation(scope: Scope, name: str | None) -> None:
    """Say which GraphQL operation a request asks for, once its document is known to be valid."""
    scope.setdefault("state", {})[OPERATION] = _names.label(name)


class Observed:
    """Counts, times and traces each HTTP request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if not tracing.active():
            try:
                await self.app(scope, receive, send_and_see)
            finally:
                _count(scope, status, time.perf_counter() - began)
            return
        carrier = {tracing.CARRIER: given} if (given := Headers(scope=scope).get(tracing.CARRIER)) else {}
        with tracing.span(f"{scope['method']} {_path(scope)}", SpanKind.SERVER, carrier) as span:
            try:
                await self.app(scope, receive, send_and_see)
            finally:
                _count(scope, status, time.perf_counter() - began)
                if span is not None:
                    operation = scope.get("state", {}).get(OPERATION)
                    span.set_attribute("http.response.status_code", status)
                    if operation:
                        span.update_name(f"GraphQL {operation}")
                        span.set_attribute("graphql.operation.name", operation)


def _path(scope: Scope) -> str:
    path = scope["path"]
    return path if path in _TELLING_PATHS else "other"


def _count(scope: Scope, status: int, seconds: float) -> None:
    _timer(scope.get("state", {}).get(OPERATION) or _path(scope), status).observe(seconds)


@lru_cache(maxsize=4096)
def _timer(name: str, status: int) -> Histogram:
    return metrics.requests.labels(name, str(status))


def route(token: str | None, *, open_to_all: bool) -> Route:
    """`/metrics`, for whoever has the token; without one only where it is open to all."""

    async def serve(request: Request) -> Response:
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not open_to_all and not (token and hmac.compare_digest(given.encode(), token.encode())):
            return PlainTextResponse("Not found\n", status_code=404)
        await standing.observe()
        return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", serve)


def _registry() -> Any:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    MultiProcessCollector(together)
    return together
