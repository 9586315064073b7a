"""Redemptions over HTTP, beside the same statements in pgbench and the same redemption in plain ORM statements.

`python -m bench redemption [--seconds 15] [--long]`. The server, or pgbench in its place, has one core; PostgreSQL
and the load have the other. Every redemption is a whole one: scope, claim, price, lots, the program's money, the
partner's payable and commission with VAT, stock, an encrypted code's position, audit.
"""

import argparse
import asyncio
import itertools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import orjson
from rich.console import Console

from bench import books, load, report, servers, shop
from bench.replay import IDS_A_ROUND, Script, ids_in
from bench.servers import Server
from bench.shop import Shop
from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.kit import database, ids, migrations
from marketplace.kit.database import APP_ROLE
from marketplace.kit.private_postgres import FAST_AND_FORGETFUL, PrivatePostgres, bin_dir
from tests.client import Caller, as_member
from tests.statements import recorded

VAR: Final = Path(__file__).parents[1] / "var" / "bench"
FILLING: Final = {**FAST_AND_FORGETFUL, "max_wal_size": "16GB", "wal_level": "minimal", "max_wal_senders": "0"}
"""While a database is made nobody would miss it; it is measured with PostgreSQL's defaults."""
SCRIPTS: Final = 64
CONNECTIONS: Final = 16
WARM_S: Final = 3.0
SECTION: Final = "Redemptions"
REDEEM: Final = """mutation($input: RedeemOfferInput!) { redeemOffer(input: $input) {
    __typename ... on Redemption { id state points } ... on UserError { code message } } }"""
_MADE = "SELECT count(*) FROM redemption WHERE state = 'FULFILLED'"


@dataclass(frozen=True, slots=True)
class Setting:
    """A database with a shop, and where servers find it."""

    postgres: PrivatePostgres
    folder: Path
    shop: Shop
    port: int

    @property
    def url(self) -> str:
        """The database of the shop."""
        return self.postgres.url()

    def server(self, *command: str) -> Server:
        """A server in front of the shop."""
        env = {
            "DATABASE_URL": self.url,
            "PORT": str(self.port),
            "MARKETPLACE_VAR_DIR": str(self.folder),
            "MARKETPLACE_RATE_LIMITS": "true",
            "MARKETPLACE_ACTOR_RATE": "100000000/minute",
            "MARKETPLACE_ADDRESS_RATE": "100000000/minute",
            "MARKETPLACE_LOG_LEVEL": "WARNING",
        }
        return Server(command, self.port, next(self.requests()), env)

    def requests(self, *, hot: bool = False) -> Iterator[bytes]:
        """Redemptions of members in turn, each with a key of its own; of one item, or of all of them in turn."""
        run, items = uuid4().hex, self.shop.items[:1] if hot else self.shop.items
        heads = [{"Authorization": f"Bearer {token}"} for token in self.shop.tokens]
        for number, head, item in zip(itertools.count(), itertools.cycle(heads), itertools.cycle(items)):
            given = {"idempotencyKey": f"{run}-{number}", "itemId": item, "expectedPoints": shop.PRICE}
            yield load.http("/graphql", orjson.dumps({"query": REDEEM, "variables": {"input": given}}), head)


@contextmanager
def setting(port: int, transfers: int = 0) -> Generator[Setting]:
    """A private PostgreSQL with a shop, and with so many transfers beside it; made the first time."""
    wiring.wire()
    folder = VAR / f"shop-{transfers}"
    folder.mkdir(parents=True, exist_ok=True)
    servers.pin(0, servers.LOAD_CORE)
    issuer = DevIssuer(folder / "dev-issuer")
    made = folder / "made"
    if not made.exists():
        shutil.rmtree(folder / "postgres", ignore_errors=True)
        with PrivatePostgres(folder / "postgres", settings=FILLING) as server:
            asyncio.run(_fill(server.url(), issuer, transfers))
        made.touch()
    with PrivatePostgres(folder / "postgres") as server:
        asyncio.run(migrations.migrate(server.url()))
        yield Setting(server, folder, asyncio.run(_found(server.url(), issuer)), port)


async def _fill(url: str, issuer: DevIssuer, transfers: int) -> None:
    await migrations.migrate(url)
    async with database.opened(url, role="", pool=1):
        await database.execute("SET statement_timeout = 0")
        if transfers:
            await books.fill(transfers)
        await shop.make(issuer)
        await database.execute("VACUUM ANALYZE")
        await database.execute("CHECKPOINT")


async def _found(url: str, issuer: DevIssuer) -> Shop:
    async with database.opened(url):
        return await shop.found(issuer)


@dataclass(frozen=True, slots=True)
class Rate:
    """Redemptions a second, by what the database has, and how long they took."""

    per_second: float
    p50_ms: float
    p99_ms: float


def over_http(given: Setting, seconds: float, *command: str, hot: bool = False) -> Rate:
    """Redeem against a server on its one core; what was answered must be what the database has."""
    server = given.server(*command)
    with server.running(given.folder / "server.log"):
        asked = given.requests(hot=hot)
        load.press(given.port, asked, connections=CONNECTIONS, seconds=WARM_S)
        before = asyncio.run(counted(given.url))
        found = load.press(given.port, asked, connections=CONNECTIONS, seconds=seconds)
        made = asyncio.run(counted(given.url)) - before
    told = found.per_second * seconds
    assert not found.failed, found
    assert abs(made - told) <= told / 50 + 2 * CONNECTIONS, (found, made)
    return Rate(found.per_second, found.p50_ms, found.p99_ms)


async def counted(url: str) -> int:
    """How many redemptions the database has."""
    async with database.opened(url, pool=1):
        return await database.value(_MADE)


def shipped() -> tuple[str, ...]:
    """Our server as `marketplace serve` runs it."""
    return (str(Path(sys.executable).with_name("marketplace")), "serve")


def plain() -> tuple[str, ...]:
    """The same server with a redemption of plain ORM statements."""
    return (sys.executable, "-m", "bench.plain_redemption")


def pgbench(given: Setting, seconds: float) -> Rate:
    """The statements of a redemption alone, from pgbench on the server's core."""
    folder = given.folder / "scripts"
    folder.mkdir(exist_ok=True)
    scripts = asyncio.run(_recorded(given, folder))
    host = parse_qs(urlsplit(given.url).query)["host"][0]
    base = (int(asyncio.run(counted(given.url))) + 1) * IDS_A_ROUND
    command = [str(bin_dir() / "pgbench"), "-n", "-M", "prepared", "-c", str(CONNECTIONS)]
    command += ["-T", str(int(seconds)), "-D", f"base={base}", "-h", host, "-U", "postgres"]
    command += [word for path in scripts for word in ("-f", str(path))]
    command.append(database.credentials(given.url)["database"])
    env = os.environ | {"PGOPTIONS": f"-c role={APP_ROLE}"}
    servers.pin(0, servers.SERVER_CORE)
    try:
        ran = subprocess.run(
            command,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        servers.pin(0, servers.LOAD_CORE)
    tps = re.search(r"tps = ([\d.]+)", ran.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", ran.stdout)
    if ran.returncode or tps is None or failed is None or int(failed[1]):
        raise RuntimeError(ran.stdout[-1500:] + ran.stderr[-3000:])
    latency = re.search(r"latency average = ([\d.]+)", ran.stdout)
    return Rate(float(tps[1]), float(latency[1]) if latency else 0, 0)


async def _recorded(given: Setting, folder: Path) -> list[Path]:
    """A script for each of some members, from a redemption that each of them really makes."""
    paths: list[Path] = []
    async with database.opened(given.url, pool=1):
        await database.value("SELECT 1")
        for number, member in enumerate(given.shop.members[:SCRIPTS]):
            phone = as_member(member, given.shop.program)
            item = given.shop.items[number % len(given.shop.items)]
            await _redeemed(phone, item, uuid4().hex)
            key = uuid4().hex
            with recorded() as sent:
                made = await _redeemed(phone, item, key)
            position = await database.value("SELECT code_position FROM redemption WHERE id = $1", made)
            script = Script(sent, _new(ids_in(sent), made), key, position)
            paths.append(folder / f"{number}.sql")
            paths[-1].write_text(script.text())
    return paths


async def _redeemed(phone: Caller, item: str, key: str) -> UUID:
    fields = {"itemId": item, "expectedPoints": shop.PRICE, "idempotencyKey": key}
    answer = await phone.do("redeemOffer", "... on Redemption { id }", **fields)
    return ids.parse("redemption", str(answer["id"]))


def _new(found: set[UUID], made: UUID) -> set[UUID]:
    """Which of these ids the redemption made itself: UUIDv7 of its moment."""
    return {id for id in found if id.version == 7 and abs((id.int >> 80) - (made.int >> 80)) < 400}


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench redemption", description="Redemptions, side by side.")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--port", type=int, default=8130)
    parser.add_argument("--only", default="", help="some of: shipped, hot, plain, pgbench")
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    with setting(given.port) as shop_:
        ways = {
            "shipped": lambda: over_http(shop_, given.seconds, *shipped()),
            "hot": lambda: over_http(shop_, given.seconds, *shipped(), hot=True),
            "plain": lambda: over_http(shop_, given.seconds, *plain()),
            "pgbench": lambda: pgbench(shop_, given.seconds),
        }
        found: dict[str, list[Rate]] = {name: [] for name in ways if not given.only or name in given.only}
        for _ in range(given.rounds):
            for name, rates in found.items():
                rates.append(ways[name]())
                Console().print(f"{name}: {rates[-1].per_second:,.0f}/s, p99 {rates[-1].p99_ms:.1f} ms")
    middle = {name: median(rate.per_second for rate in rates) for name, rates in found.items()}
    if not given.print and not given.only:
        report.write(SECTION, _text(middle, found, given.rounds))


def _text(middle: dict[str, float], found: dict[str, list[Rate]], rounds: int) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    names = {
        "shipped": "the shipped server, spread over all items",
        "hot": "the same, one hot item",
        "plain": "the same server, a redemption of plain ORM statements",
        "pgbench": "pgbench, the shipped redemption's statements",
    }
    lines = [
        f"Written by `python -m bench redemption` ({machine}): {rounds} rounds, medians,",
        f"{CONNECTIONS} connections, fsync on. The server, or pgbench in its place, has one core; PostgreSQL and",
        "the load share the other.",
        "",
        "| | redemptions a second | p50 ms | p99 ms |",
        "|---|---|---|---|",
    ]
    for name, told in names.items():
        p50, p99 = (median(getattr(rate, which) for rate in found[name]) for which in ("p50_ms", "p99_ms"))
        lines.append(f"| {told} | {middle[name]:,.0f} | {p50:.1f} | {p99:.1f} |")
    goals = [
        ("shipped to pgbench", middle["shipped"] / middle["pgbench"], 0.35),
        ("shipped to plain ORM", middle["shipped"] / middle["plain"], 4.0),
        ("hot to spread", middle["hot"] / middle["shipped"], 0.9),
    ]
    lines += ["", "| ratio | measured | goal at least |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {ratio:.2f} | {goal} |" for name, ratio, goal in goals)])


if __name__ == "__main__":
    main()
