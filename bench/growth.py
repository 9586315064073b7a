"""Redemptions over HTTP beside books of two sizes: what ten million transfers cost each of them.

`python -m bench growth --make` makes both databases under `var/bench`, which takes some minutes once;
`python -m bench growth` measures them in turn, round by round, so that whatever else the machine does meets both.
"""

import argparse
import asyncio
import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

from rich.console import Console

from bench import report
from bench.redemption import CONNECTIONS, Rate, Setting, over_http, setting, shipped
from marketplace.kit import database

SECTION: Final = "What a large ledger costs a redemption"
GOAL: Final = 1.3
_TRANSFERS = "SELECT count(*) FROM transfer"


def main(words: Sequence[str] | None = None) -> None:
    """Make what is not there, measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench growth", description="Redemptions in large books.")
    parser.add_argument("--small", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--port", type=int, default=8140)
    parser.add_argument("--make", action="store_true", help="only make the databases")
    given = parser.parse_args(words)
    sizes = (given.small, given.large)
    with ExitStack() as stack:
        settings = [stack.enter_context(setting(given.port + n, size)) for n, size in enumerate(sizes)]
        if given.make:
            return
        found = [list[Rate](), list[Rate]()]
        for _ in range(given.rounds):
            for each, rates in zip(settings, found, strict=True):
                rates.append(over_http(each, given.seconds, *shipped()))
                Console().print(
                    f"{each.folder.name}: {rates[-1].per_second:,.0f}/s, p50 {rates[-1].p50_ms:.1f} ms"
                )
        transfers = [asyncio.run(_counted(each)) for each in settings]
    text = _text(transfers, found)
    Console().print(text, markup=False)
    report.write(SECTION, text)


async def _counted(given: Setting) -> int:
    async with database.opened(given.url, role="", pool=1):
        await database.execute("SET statement_timeout = 0")
        return await database.value(_TRANSFERS)


def _text(transfers: list[int], found: list[list[Rate]]) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    costs = [small.per_second / large.per_second for small, large in zip(*found, strict=True)]
    lines = [
        f"Written by `python -m bench growth` ({machine}): {len(found[0])} rounds of each in turn, medians,",
        f"{CONNECTIONS} connections, fsync on, PostgreSQL's defaults. The transfers beside are those of members",
        "who earned and redeemed for a year; whoever redeems here is as in the section on redemptions.",
        "",
        "| transfers in the ledger at the end | redemptions a second | p50 ms | p99 ms |",
        "|---|---|---|---|",
    ]
    for count, rates in zip(transfers, found, strict=True):
        p50, p99 = (median(getattr(rate, which) for rate in rates) for which in ("p50_ms", "p99_ms"))
        rate = median(each.per_second for each in rates)
        lines.append(f"| {count:,} | {rate:,.0f} | {p50:.1f} | {p99:.1f} |")
    spread = f"the median over the rounds ({min(costs):.2f} to {max(costs):.2f})"
    told = f"A redemption costs {median(costs):.2f}x, {spread}"
    return "\n".join([*lines, "", f"{told}; the goal is at most {GOAL}x.", ""])
