"""The web application: GraphQL over HTTP and sockets, health, pages, images, webhooks; over one open database."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from marketplace.access import registry
from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import context, observing, pictures, rooms, runtime
from marketplace.app.downloads import Downloads
from marketplace.app.errors import UNAVAILABLE, masked
from marketplace.app.headers import REQUEST_ID, RequestHeaders
from marketplace.app.http import GraphQLView
from marketplace.app.identity import Identity
from marketplace.app.kept_pages import KeptPages
from marketplace.app.limits import Caps
from marketplace.app.live import Live, LiveCaps
from marketplace.app.pages import Pages
from marketplace.app.papers import Papers
from marketplace.app.parameters import PREFLIGHT_HEADERS
from marketplace.app.persisted import PersistedOperations
from marketplace.app.rates import RateRules, Rates
from marketplace.app.schema import schema
from marketplace.app.server import leaving_in_order
from marketplace.app.sockets import GraphQLSocket
from marketplace.app.sold_out import SoldOut
from marketplace.kit import database, logs, tracing
from marketplace.kit.changes import hub
from marketplace.kit.graphql import Context
from marketplace.kit.settings import Settings, settings
from marketplace.payments import gateway

GRAPHQL = "/graphql"
READY_WITHIN_S = 2.0
SWITCH_S = 0.0005  # long documents are read beside the event loop, which must not wait 5 ms for each turn
CORS_KNOWN_FOR_S = 7200
DatabaseUrl = Callable[[], AbstractContextManager[str]]
log = structlog.get_logger()


def caps_of(given: Settings) -> Caps:
    """The caps of this installation."""
    return Caps(
        body_bytes=given.max_body_bytes,
        upload_bytes=given.max_upload_bytes,
        depth=given.max_query_depth,
        tokens=given.max_query_tokens,
        aliases=given.max_query_aliases,
        page_size=given.max_page_size,
        cost=given.max_query_cost,
        operation_timeout_s=given.operation_timeout_s,
    )


def rates_of(given: Settings) -> Rates:
    """The rate limits of this installation: on in production, and where it says so."""
    if not (given.production if given.rate_limits is None else given.rate_limits):
        return Rates()
    return Rates(
        RateRules(
            actor=given.actor_rate,
            address=given.address_rate,
            guesses=given.guess_rate,
            documents=given.document_rate,
            redis_url=given.redis_url.get_secret_value() if given.redis_url else None,
        )
    )


def live_caps_of(given: Settings) -> LiveCaps:
    """How many connections of this installation may stay open."""
    return LiveCaps(
        connections=given.max_connections,
        connections_each=given.max_connections_per_actor,
        subscriptions_each=given.max_subscriptions_per_connection,
    )


def create_app(
    given: Settings, *, database_url: DatabaseUrl | None = None, routes: Sequence[BaseRoute] = ()
) -> Starlette:
    """The application of one installation.

    It opens the database for as long as it runs, where `database_url` says; without that it uses
    the database that is already open in this process, as tests do.
    """
    dev_issuer = None if given.production else DevIssuer(given.var_dir / "dev-issuer")
    identity = Identity(dev_issuer=dev_issuer)

    async def context_of(request: Request) -> Context:
        built = await context.build(request, identity)
        built.planned = given.planned_reads
        return built

    async def recall(request: Request) -> Context | None:
        return await context.recall(request, identity)

    live = Live(live_caps_of(given))
    rates = rates_of(given)
    persisted = PersistedOperations(registry.document_of, only_registered=given.only_registered_operations)
    view = GraphQLView(
        schema(),
        context_of,
        caps=caps_of(given),
        persisted=persisted,
        rates=rates,
        recall=recall if given.planned_reads else None,
        kept_pages=KeptPages(given.kept_pages_bytes, timedelta(milliseconds=given.kept_pages_believed_ms)),
        introspection=not given.production,
        suggestions=not given.production,
        live=live,
    )
    door = SoldOut(view, identity, rates, persisted)
    pages = Pages(
        demo_file=None if given.production else given.var_dir / "demo.json", graphiql=not given.production
    )
    served: list[BaseRoute] = [
        Route(GRAPHQL, door),
        WebSocketRoute(GRAPHQL, GraphQLSocket(view.asking, context_of, live)),
        Route("/health/live", is_live),
        Route("/health/ready", ready),
        observing.route(
            given.metrics_token.get_secret_value() if given.metrics_token else None,
            open_to_all=not given.production,
        ),
        *Downloads(context_of, rates).routes(),
        *Papers(context_of, rates).routes(),
        *pages.routes(),
        *pictures.routes(),
        *(route for module in rooms.modules("webhook") for route in module.ROUTES),
        *routes,
    ]
    if dev_issuer is not None:
        served.append(Route("/dev/issuer/{program}/jwks.json", dev_issuer.serve_jwks))
        served.append(Route("/schema.graphql", print_schema))
    return Starlette(
        routes=served,
        middleware=[
            Middleware(observing.Observed),
            Middleware(RequestHeaders),
            *_cors(given.cors_origins),
            Middleware(_GraphQLFirst, view=door),
        ],
        exception_handlers=dict.fromkeys((Exception, *database.AWAY), unexpected),
        lifespan=_lifespan(given, live, database_url),
    )


class _GraphQLFirst:
    """Gives the one address that nearly everybody asks to its view, before the routes are looked through."""

    def __init__(self, app: ASGIApp, view: ASGIApp) -> None:
        self._app = app
        self._view = view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        is_graphql = scope["type"] == "http" and scope["path"] == GRAPHQL
        await (self._view if is_graphql else self._app)(scope, receive, send)


def _cors(origins: Sequence[str]) -> list[Middleware]:
    """Who may read our answers from a browser: nobody unless an origin is named."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", REQUEST_ID, *PREFLIGHT_HEADERS],
            expose_headers=[REQUEST_ID, "ETag", "RateLimit", "RateLimit-Policy", "Retry-After"],
            max_age=CORS_KNOWN_FOR_S,
        )
    ]


def application() -> Starlette:
    """The application by this process's settings, for `uvicorn --factory`.

    Without DATABASE_URL it starts or joins the private PostgreSQL of the var folder.
    """
    given = settings()
    logs.configure(production=given.production, level=given.log_level)
    sys.setswitchinterval(SWITCH_S)
    tracing.configure("marketplace-api")
    return create_app(given, database_url=runtime.database_url)


def _lifespan(given: Settings, live: Live, database_url: DatabaseUrl | None) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as until_stopped:
            if database_url is not None:
                url = until_stopped.enter_context(database_url())
                direct = given.database_direct_url.get_secret_value() if given.database_direct_url else url
                await until_stopped.enter_async_context(database.opened(url, pool=given.pool_size))
                until_stopped.enter_context(_meanwhile(hub.listen(direct)))
                until_stopped.enter_context(leaving_in_order(live))
                runtime.keep_what_is_loaded()
            until_stopped.enter_context(_meanwhile(live.watch()))
            until_stopped.push_async_callback(gateway.close)
            until_stopped.callback(tracing.close)
            yield

    return lifespan


@contextmanager
def _meanwhile(work: Coroutine[Any, Any, None]) -> Generator[None]:
    """Let something run beside while the block does."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()


async def is_live(request: Request) -> Response:
    """Whether the process answers."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Whether the database answers in time; 503 when it does not, so that a balancer looks elsewhere."""
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            await database.value("SELECT 1")
    except Exception as error:  # noqa: BLE001  # whatever it is, we are not ready
        log.warning("not_ready", reason=type(error).__name__)
        return JSONResponse({"status": "unavailable"}, status_code=503)
    return JSONResponse({"status": "ready"})


async def print_schema(request: Request) -> Response:
    """The schema in GraphQL's own language."""
    return PlainTextResponse(schema().as_str())


async def unexpected(request: HTTPConnection, error: Exception) -> Response:
    """What nobody outside of GraphQL foresaw: 503 while the database is away, and who asked may ask again.

    Anything else is a bug of ours: an incident id, and nothing else.
    """
    if not isinstance(request, Request):
        raise error  # a socket is closed by its server
    told = masked(error, context.accepted_languages(request.headers.get("accept-language")), path=request.url.path)
    said = {"message": told["message"], **told["extensions"]}
    if said["code"] == UNAVAILABLE:
        return JSONResponse(said, status_code=503, headers={"Retry-After": "1", "Cache-Control": "no-store"})
    return JSONResponse(said, status_code=500)
