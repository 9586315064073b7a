"""How fast the catalogue answers: one page, plainly and planned, as an operation seen before and as a new one.

Through the whole application as it is shipped: a member's JWT verified, the caps held, that member's own prices.
The requests are ASGI calls in this process, so only the application and PostgreSQL are measured.
`python -m bench.catalogue` runs it alone.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson
from starlette.applications import Starlette

from bench import offers
from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.app.asgi import create_app
from marketplace.kit import database, migrations
from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.kit.settings import Settings

VAR: Final = Path(__file__).parent.parent / "var" / "bench"
ROUNDS: Final = 3
CONNECTIONS: Final = 16
SECONDS: Final = 4.0
LISTED: Final = "id sku kind status title description imageUrl brand { id name imageUrl }"
PAGES: Final = {
    "12 fields and the brand": f"{LISTED} category {{ code name }} provenance {{ source updatedAt }}",
    "the same with the member's own prices": f"""{LISTED} category {{ code name }} availability {{ inStock open }}
        pointsPrice {{ points listPoints tier worth {{ amount currency }} }} whyNot {{ code }}""",
}
QUERY: Final = "query Page {{ offers(first: 20) {{ nodes {{ {} }} pageInfo {{ endCursor hasNextPage }} }} }}"
_new: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the same page."""

    name: str
    app: Starlette
    seen_before: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """One page by one way, the median of the rounds."""

    page: str
    way: str
    per_second: float
    ratio: float


def measure(count: int = 100_000) -> list[Measured]:
    """Make a catalogue of `count` offers in a private PostgreSQL, and ask it each way in turn."""
    wiring.wire()
    VAR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=VAR) as folder, PrivatePostgres(Path(folder) / "pg") as server:
        return asyncio.run(_measured(server.url(), Path(folder), count))


async def _measured(url: str, folder: Path, count: int) -> list[Measured]:
    await migrations.migrate(url)
    async with database.opened(url, role="", pool=1):
        member = await offers.fill(count)
        await database.execute("VACUUM ANALYZE")
    async with database.opened(url):
        plain, planned = (create_app(Settings(var_dir=folder, planned_reads=planned)) for planned in (False, True))
        issuer = DevIssuer(folder / "dev-issuer")
        token = issuer.mint(member.program, member.subject, audience=offers.AUDIENCE)
        ways = [
            Way("plain, new document", plain, seen_before=False),
            Way("plain", plain, seen_before=True),
            Way("planned, new document", planned, seen_before=False),
            Way("planned, known operation", planned, seen_before=True),
        ]
        return [each for page, fields in PAGES.items() for each in await _page(page, fields, ways, token)]


async def _page(page: str, fields: str, ways: list[Way], token: str) -> list[Measured]:
    query = QUERY.format(fields)
    [first, *others] = [await _ask(way.app, query, token) for way in ways]
    assert all(answer == first for answer in others), "planned and plain answers differ"
    rates: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            rates[way.name].append(await _rate(way, query, token))
    plain = median(rates["plain"])
    return [Measured(page, name, median(each), median(each) / plain) for name, each in rates.items()]


async def _rate(way: Way, query: str, token: str) -> float:
    """Answers a second, with so many requests under way at a time."""
    until = time.perf_counter() + SECONDS
    answered = 0

    async def client() -> None:
        nonlocal answered
        while time.perf_counter() < until:
            text = query if way.seen_before else f"{query} # {next(_new)}"
            await _ask(way.app, text, token)
            answered += 1

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return answered / (time.perf_counter() - started)


async def _ask(app: Callable[..., Awaitable[None]], query: str, token: str) -> bytes:
    """The body of an answer without errors."""
    body = orjson.dumps({"query": query})
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"content-type": "application/json", "authorization": f"Bearer {token}", "host": "bench"}
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/graphql",
        "raw_path": b"/graphql",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
    }
    await app(scope, receive, send)
    answer = b"".join(message.get("body", b"") for message in sent)
    assert b'"errors"' not in answer, answer[:500]
    return answer


def rows(found: list[Measured]) -> list[list[str]]:
    """The table: page, way, answers a second, and how many times the plain way that is."""
    return [[each.page, each.way, f"{each.per_second:,.0f}", f"{each.ratio:.1f}"] for each in found]


if __name__ == "__main__":
    import sys

    for row in rows(measure(*map(int, sys.argv[1:]))):
        print(" | ".join(row))
