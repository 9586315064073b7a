"""One hot offer claimed a hundred thousand times in a row: `python -m bench claims`. Does it get slower?

The shipped server has one core; PostgreSQL, with its defaults, and the load have the other. After each stretch of
claims of the hot item a short one goes over all items on the same server, so that a machine that changes is told
from an offer that does.
"""

import argparse
import asyncio
import os
import platform
from collections.abc import Sequence
from statistics import median
from typing import Final

from rich.console import Console

from bench import load, redemption, report

CLAIMS: Final = 100_000
STRETCH_S: Final = 20.0
BESIDE_S: Final = 4.0
SECTION: Final = "One offer claimed a hundred thousand times"
Stretch = tuple[int, float, float]
"""Claims so far, hot claims a second, and redemptions of all items a second right after."""


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench claims")
    parser.add_argument("--claims", type=int, default=CLAIMS)
    parser.add_argument("--port", type=int, default=8135)
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    with redemption.setting(given.port) as shop:
        found = _claimed(shop, given.claims)
    text = _text(found)
    Console().print(text)
    if not given.print:
        report.write(SECTION, text)


def _claimed(shop: redemption.Setting, claims: int) -> list[Stretch]:
    found: list[Stretch] = []
    made = 0.0
    with shop.server(*redemption.shipped()).running(shop.folder / "server.log"):
        hot, spread = shop.requests(hot=True), shop.requests()
        load.press(shop.port, spread, connections=redemption.CONNECTIONS, seconds=redemption.WARM_S)
        before = asyncio.run(redemption.counted(shop.url))
        while made < claims:
            rates = [
                load.press(shop.port, asked, connections=redemption.CONNECTIONS, seconds=seconds)
                for asked, seconds in ((hot, STRETCH_S), (spread, BESIDE_S))
            ]
            if any(each.failed for each in rates):
                raise RuntimeError(f"answers with errors: {rates}")
            made = asyncio.run(redemption.counted(shop.url)) - before
            found.append((int(made), rates[0].per_second, rates[1].per_second))
            Console().print(f"{made:,.0f}: {rates[0].per_second:.0f}/s hot, {rates[1].per_second:.0f}/s spread")
    return found


def _text(found: Sequence[Stretch]) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    third = max(1, len(found) // 3)
    first, last = (
        tuple(median(stretch[at] for stretch in part) for at in (1, 2)) for part in (found[:third], found[-third:])
    )
    rows = [
        f"| the {which} third of {len(found)} stretches | {hot:,.0f} | {spread:,.0f} | {hot / spread:.2f} |"
        for which, (hot, spread) in (("first", first), ("last", last))
    ]
    lines = [
        f"Written by `python -m bench claims` ({machine}): {found[-1][0]:,} redemptions,",
        f"{redemption.CONNECTIONS} connections, fsync on. Each {STRETCH_S:.0f} seconds of one hot item are",
        f"followed by {BESIDE_S:.0f} seconds of all items on the same server.",
        "",
        "| medians, a second | hot | spread | hot to spread |",
        "|---|---|---|---|",
        *rows,
        "",
        f"The last third of the hot ones is {last[0] / first[0]:.2f} of the first; measured against what is",
        f"beside it, {last[0] / last[1] / (first[0] / first[1]):.2f}.",
    ]
    return "\n".join(lines) + "\n"
