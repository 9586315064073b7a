"""How fast the books answer: with ten thousand transfers and with a million, one after the other in one run."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID

import httpx
from starlette.requests import Request

from bench import books
from marketplace.app import wiring
from marketplace.app.http import GraphQLView
from marketplace.app.rooms import checks
from marketplace.app.schema import schema
from marketplace.kit import database, migrations
from marketplace.kit.actor import MEMBER_SCOPES, Actor, ActorKind
from marketplace.kit.graphql import Context
from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.ledger import digests, export
from marketplace.ledger.export import Format

SIZES: Final = (10_000, 1_000_000)
VAR: Final = Path(__file__).parents[1] / "var"
ASKED: Final = 60
"""So many members are asked for; the median counts."""
_WALLET = "{ me { wallet { available held expiringSoon nextExpiry } } }"
_PAGE = """query($after: String) { me { wallet { movements(first: 20, after: $after) {
    nodes { id points reason at } pageInfo { endCursor hasNextPage } } } } }"""
_SAMPLE = "SELECT id, program_id FROM member ORDER BY md5(id::text) LIMIT $1"


@dataclass
class Measured:
    """What was measured with books of one size, in seconds."""

    transfers: int = 0
    seconds: dict[str, float] = field(default_factory=dict[str, float])
    by_check: dict[str, float] = field(default_factory=dict[str, float])
    violations: int = 0


class Member:
    """A member's app, in this process."""

    def __init__(self, id: UUID, program: UUID) -> None:
        actor = Actor(ActorKind.MEMBER, id, MEMBER_SCOPES, program, ("en",))

        async def context(request: Request) -> Context:
            return Context(actor=actor, languages=actor.languages)

        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=GraphQLView(schema(), context)), base_url="http://bench"
        )

    async def ask(self, query: str, **variables: object) -> Any:
        """The data; fails on any error."""
        response = await self._http.post("/graphql", json={"query": query, "variables": variables})
        answer = response.json()
        assert "errors" not in answer, answer
        return answer["data"]


def measure() -> list[Measured]:
    """Make the books of each size in a private PostgreSQL of their own, and ask them."""
    wiring.wire()
    VAR.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=VAR) as folder:
        return [_of_size(Path(folder) / str(size), size) for size in SIZES]


def _of_size(folder: Path, size: int) -> Measured:
    with PrivatePostgres(folder) as server:
        return asyncio.run(_measured(server.url(), size))


async def _measured(url: str, size: int) -> Measured:
    await migrations.migrate(url)
    found = Measured()
    async with database.opened(url, role="", pool=1):
        await database.execute("SET statement_timeout = 0")
        found.seconds["making the books"] = (await _timed(lambda: books.fill(size)))[0]
        await database.execute("VACUUM ANALYZE")
    async with database.opened(url):
        found.transfers = await database.value("SELECT count(*) FROM transfer")
        found.seconds["sealing a year of days"] = (await _timed(digests.seal))[0]
        await _ask_members(found)
        await _check(found)
        found.seconds["export, beancount"] = (await _timed(_export))[0]
    return found


async def _timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = await work()
    return time.perf_counter() - started, result


async def _ask_members(found: Measured) -> None:
    people = [Member(row["id"], row["program_id"]) for row in await database.rows(_SAMPLE, ASKED)]
    await people[0].ask(_WALLET)
    await people[0].ask(_PAGE)
    times: dict[str, list[float]] = {"wallet": [], "movements, first page": [], "movements, fourth page": []}
    for person in people:
        times["wallet"].append((await _timed(lambda person=person: person.ask(_WALLET)))[0])
        after: str | None = None
        for page in range(4):
            seconds, data = await _timed(lambda person=person, after=after: person.ask(_PAGE, after=after))
            if page in (0, 3):
                times["movements, fourth page" if page else "movements, first page"].append(seconds)
            after = data["me"]["wallet"]["movements"]["pageInfo"]["endCursor"] or after
    found.seconds |= {what: median(each) for what, each in times.items()}


async def _check(found: Measured) -> None:
    for check in checks():
        seconds, broken = await _timed(lambda check=check: _violations(check))
        found.by_check[check.__name__.removeprefix("check_").replace("_", " ")] = seconds
        found.violations += broken
    found.seconds["check books"] = sum(found.by_check.values())


async def _violations(check: Any) -> int:
    return len([violation async for violation in check()])


async def _export() -> int:
    count = 0
    async for _ in export.lines(Format.BEANCOUNT):
        count += 1
    return count
