"""The application around GraphQL: health, pages, request ids; and all of it over a real server."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import orjson
import pytest
import uvicorn
from graphql import parse, validate
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from marketplace.app import examples
from marketplace.app.schema import schema
from tests.app.application import caller, make_app

DEMO = {"url": "http://localhost:8000", "tokens": {"partner": "mk_live_demo_token"}}


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    return make_app(tmp_path)


@pytest.mark.usefixtures("db")
async def test_health_says_whether_we_live_and_are_ready(app: Starlette):
    async with caller(app) as http:
        assert (await http.get("/health/live")).json() == {"status": "live"}
        assert (await http.get("/health/ready")).json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("given", "kept"), [("my-request-0001", True), ("short", False), ("x" * 65, False), ("a b\tc<d>", False)]
)
async def test_a_request_has_an_id_the_callers_own_if_it_is_sound(app: Starlette, given: str, kept: bool):
    async with caller(app, **{"X-Request-Id": given}) as http:
        answered = (await http.get("/health/live")).headers["x-request-id"]

    assert (answered == given) is kept
    assert re.fullmatch("[A-Za-z0-9._-]{8,64}", answered)


async def test_the_landing_page_says_what_is_not_real_and_how_to_try(app: Starlette, tmp_path: Path):
    (tmp_path / "demo.json").write_bytes(orjson.dumps(DEMO))
    async with caller(app) as http:
        page = await http.get("/")

    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "no partnership with any of them exists" in " ".join(page.text.split())
    assert "Bearer mk_live_demo_token" in page.text
    assert 'href="graphiql"' in page.text
    assert not re.search(r"""(src|href)=["'](https?:)?//""", page.text)


async def test_the_landing_page_stands_without_a_demo(app: Starlette):
    async with caller(app) as http:
        page = await http.get("/")

    assert page.status_code == 200
    assert "Bearer &lt;partner-token&gt;" in page.text


async def test_graphiql_and_all_it_needs_come_from_our_own_files(app: Starlette, tmp_path: Path):
    (tmp_path / "demo.json").write_bytes(orjson.dumps(DEMO))
    async with caller(app) as http:
        page = await http.get("/graphiql")
        start = (await http.get("/graphiql/start.json")).json()
        needed: list[str] = re.findall(r"""(?:src|href)="([^"]+)\"""", page.text)
        statuses = [(await http.get(f"/{path}")).status_code for path in needed]

    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert len(needed) >= 6
    assert statuses == [200] * len(needed)
    assert len(start["tabs"]) == len(examples.load())
    assert any("mk_live_demo_token" in tab["headers"] for tab in start["tabs"])


@pytest.mark.parametrize("example", examples.load(), ids=lambda each: each.title)
def test_every_example_is_valid(example: examples.Example):
    graphql_schema = schema()._schema  # pyright: ignore[reportPrivateUsage]

    assert validate(graphql_schema, parse(example.operation)) == []
    assert example.actor in {"anybody", "member", "partner", "program", "operator"}


async def test_stripes_webhooks_have_their_door(app: Starlette):
    async with caller(app) as http:
        unsigned = await http.post("/webhooks/stripe", content=b"{}")

    assert unsigned.status_code == 400


async def test_a_bug_outside_of_graphql_is_an_incident_and_nothing_else(tmp_path: Path):
    async def broken(request: Request) -> Response:
        raise RuntimeError("password=hunter2")

    app = make_app(tmp_path, routes=[Route("/broken", broken)])
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as http:
        response = await http.get("/broken")

    assert response.status_code == 500
    assert re.fullmatch("[0-9a-f]{16}", response.json()["incident"])
    assert "hunter2" not in response.text


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncGenerator[str]:
    """The application served by uvicorn on a port of its own; yields its URL."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(tmp_path), log_config=None, lifespan="on")
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve(sockets=[listener]))
    while not running.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    running.should_exit = True
    await task


@pytest.mark.usefixtures("db")
async def test_a_real_server_speaks_the_same(server: str):
    async with httpx.AsyncClient(base_url=server, timeout=20) as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }"})
        ready = await http.get("/health/ready")
        asked, plainly = {"query": "mutation { x }"}, {"Accept": "application/json"}
        by_get = await http.get("/graphql", params=asked, headers=plainly)
        wrong = await http.post("/graphql", content=b"x", headers={"Content-Type": "text/plain"})
        deep = await http.post("/graphql", content=b"[" * 500_000, headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()["data"]) == (200, {"__typename": "Query"})
    assert ready.status_code == 200
    assert by_get.status_code == 200  # no such field, told the way old clients understand
    assert (wrong.status_code, deep.status_code) == (415, 400)


@pytest.mark.usefixtures("db")
async def test_a_body_over_the_cap_is_refused_before_it_has_all_arrived(server: str):
    host, port = server.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n\r\n"
    )
    await writer.drain()

    status = await asyncio.wait_for(reader.readline(), 5)

    assert status.startswith(b"HTTP/1.1 413 ")
    writer.close()


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("size", [1_200_000, 30_000_000])
async def test_a_client_that_sends_too_much_gets_to_read_why(server: str, size: int):
    async with httpx.AsyncClient(base_url=server, timeout=20) as http:
        refused = await http.post("/graphql", content=b" " * size, headers={"Content-Type": "application/json"})
        after = await http.post("/graphql", json={"query": "{ __typename }"})

    assert refused.status_code == 413
    assert after.status_code == 200
