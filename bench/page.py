"""The catalogue page, side by side in one run: `python -m bench page [--offers 1000000] [--only kept,Mercurius]`.

Each server has one core to itself; PostgreSQL, which all of them share, and the load have the other. A round asks
every server in turn, so what disturbs the machine disturbs all of them.
"""

import argparse
import asyncio
import os
import platform
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import contestants, load, offers, report, servers
from bench.contestants import Contestant, Setting
from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.kit import database, migrations
from marketplace.kit.private_postgres import PrivatePostgres

VAR: Final = Path(__file__).parents[1] / "var" / "bench"
OFFERS: Final = 100_000
CONNECTIONS: Final = 16
SECONDS: Final = 4.0
WARM_S: Final = 2.0
WARM: Final = 800
"""Each of the two hundred pages four times: what is made at first is made before the clock runs."""
AGAINST: Final = "Mercurius + graphql-jit, one join"
SECTION: Final = "The catalogue page"


@dataclass(slots=True)
class Measured:
    """One way to the page: what each round gave."""

    name: str
    rounds: list[load.Loaded] = field(default_factory=list[load.Loaded])

    def of(self, which: str) -> float:
        """The median of the rounds."""
        return median(getattr(each, which) for each in self.rounds)

    @property
    def failed(self) -> int:
        """How many answers had errors."""
        return sum(each.failed for each in self.rounds)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench page", description="The catalogue page, side by side.")
    parser.add_argument("--offers", type=int, default=OFFERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--warm", type=float, default=WARM_S, help="seconds before the clock runs")
    parser.add_argument("--port", type=int, default=8120)
    parser.add_argument("--only", default="", help="those whose name has one of these words, by commas")
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    with setting(given.offers, given.port) as where:
        found = _measured(_chosen(where, given.only), given.rounds, given.seconds, given.warm)
    rows = _rows(found)
    table = Table(*HEAD, title=f"{SECTION}: {given.offers:,} offers")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    if not given.print:
        report.write(_title(given.offers), _text(given.offers, given.rounds, rows))


@contextmanager
def setting(count: int, port: int) -> Generator[Setting]:
    """A private PostgreSQL with so many offers, made the first time, and a member's token."""
    wiring.wire()
    folder = VAR / f"offers-{count}"
    folder.mkdir(parents=True, exist_ok=True)
    servers.pin(0, servers.LOAD_CORE)
    with PrivatePostgres(folder / "postgres") as server:
        made = folder / "made"
        if not made.exists():
            asyncio.run(_fill(server.url(), count))
            made.touch()
        asyncio.run(migrations.migrate(server.url()))
        token = DevIssuer(folder / "dev-issuer").mint(offers.PROGRAM, offers.SUBJECT, audience=offers.AUDIENCE)
        yield Setting(server, folder, token, port)


async def _fill(url: str, count: int) -> None:
    """What is made of so many offers, by the migrations of its day; later ones come with each run."""
    await migrations.migrate(url)
    async with database.opened(url, role="", pool=1):
        await offers.fill(count)
        await database.execute("VACUUM ANALYZE")


def _chosen(where: Setting, only: str) -> list[Contestant]:
    """Everybody, or those that are wanted; peers that cannot run here are left out and named."""
    page = where.var / "page.json"
    page.write_bytes(b'{"data":{"offers":{"nodes":[' + b"0," * 4_000 + b"0]}}}")
    found = [*contestants.ours(where), *contestants.python_peers(where, page)]
    try:
        found += contestants.node_peers(where)
    except (OSError, subprocess.CalledProcessError) as error:
        Console().print(f"[yellow]Without the peers from npm: {error}")
    words = [word for word in only.split(",") if word]
    return [each for each in found if not words or any(word in each.name for word in words)]


def _measured(chosen: list[Contestant], rounds: int, seconds: float, warm_s: float) -> list[Measured]:
    found = {each.name: Measured(each.name) for each in chosen}
    for n in range(rounds):
        for each in chosen:
            try:
                with each.server.running(VAR / "server.log"):
                    asked = each.requests()
                    load.press(each.server.port, asked, connections=CONNECTIONS, seconds=warm_s, at_least=WARM)
                    loaded = load.press(each.server.port, asked, connections=CONNECTIONS, seconds=seconds)
            except (RuntimeError, OSError, AssertionError) as error:
                Console().print(f"[red]{each.name}: {error}")
                continue
            found[each.name].rounds.append(loaded)
            Console().print(f"{n + 1}. {each.name}: {loaded.per_second:,.0f}/s, p99 {loaded.p99_ms:.1f} ms")
    return [each for each in found.values() if each.rounds]


HEAD: Final = ["", "answers a second", "p50 ms", "p99 ms", "errors", "x Mercurius", "x PostGraphile", "x plain"]


def _rows(found: list[Measured]) -> list[list[str]]:
    by_name = {each.name: each.of("per_second") for each in found}
    against = [by_name.get(name) for name in (AGAINST, "PostGraphile 5", "Strawberry + Tortoise + DataLoader")]
    return [
        [
            each.name,
            f"{each.of('per_second'):,.0f}",
            f"{each.of('p50_ms'):.1f}",
            f"{each.of('p99_ms'):.1f}",
            str(each.failed),
            *(f"{by_name[each.name] / other:.2f}" if other else "-" for other in against),
        ]
        for each in found
    ]


def _title(count: int) -> str:
    return SECTION if count == OFFERS else f"{SECTION}, {count:,} offers"


def _text(count: int, rounds: int, rows: list[list[str]]) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    about = [
        f"Written by `make bench` ({machine}): {count:,} offers of {offers.BRANDS:,} brands,",
        f"{rounds} rounds, medians, {CONNECTIONS} connections. Each server has one core; PostgreSQL and the load",
        "(`bench/load.py`, our own) share another. An answer with `errors` is an error and no answer. Ours are",
        "through the shipped server, with a member's token, rate limits, cost and that member's own prices; the",
        "peers check none of these. Only the ratios carry over to other machines.",
        "",
        f"| {' | '.join(HEAD)} |",
        f"|{'---|' * len(HEAD)}",
    ]
    return "\n".join([*about, *(f"| {' | '.join(row)} |" for row in rows)])


if __name__ == "__main__":
    main()
