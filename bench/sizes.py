"""The catalogue page of a large catalogue against that of a small one: `python -m bench sizes`.

Both catalogues stand in their own PostgreSQL with its defaults, and a shipped server before each, on one core. The
load goes from the one to the other in short turns and begins each round with the other one, so what disturbs the
machine disturbs both; each turn is compared with the one beside it.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench import contestants, load, page, report
from bench.contestants import Contestant

SMALL, LARGE = 100_000, 1_000_000
WAYS: Final = ("no page kept", "found again")
SECTION: Final = "The catalogue page of ten times as many offers"
HEAD: Final = (
    "ours, known operation",
    f"{SMALL:,} offers, a second",
    f"{LARGE:,} offers, a second",
    "costs",
    "of",
)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench sizes")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--port", type=int, default=8170)
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    with ExitStack() as open_now:
        ours = [
            contestants.ours(open_now.enter_context(page.setting(count, given.port + at)))
            for at, count in enumerate((SMALL, LARGE))
        ]
        rows = [_row(way, [_named(way, each) for each in ours], given.rounds, given.seconds) for way in WAYS]
    table = Table(*HEAD, title=SECTION)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    if not given.print:
        report.write(SECTION, _text(rows, given.rounds, given.seconds))


def _named(way: str, among: list[Contestant]) -> Contestant:
    return next(each for each in among if way in each.name)


def _row(way: str, pair: list[Contestant], rounds: int, seconds: float) -> list[str]:
    """Both catalogues by one way, in turns."""
    found: list[list[float]] = [[], []]
    with ExitStack() as running:
        for at, each in enumerate(pair):
            running.enter_context(each.server.running(page.VAR / f"sizes-{at}.log"))
        asked = [each.requests() for each in pair]
        for each, requests in zip(pair, asked, strict=True):
            load.press(each.server.port, requests, connections=page.CONNECTIONS, seconds=2, at_least=page.WARM)
        for number in range(rounds):
            for at in (0, 1) if number % 2 else (1, 0):
                port = pair[at].server.port
                loaded = load.press(port, asked[at], connections=page.CONNECTIONS, seconds=seconds)
                if loaded.failed:
                    raise RuntimeError(f"{loaded.failed} answers had errors")
                found[at].append(loaded.per_second)
    ratios = sorted(small / large for small, large in zip(*found, strict=True))
    spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
    return [way, *(f"{median(each):,.0f}" for each in found), f"{median(ratios):.2f}x", spread]


def _text(rows: Sequence[Sequence[str]], rounds: int, seconds: float) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    lines = [
        f"Written by `python -m bench sizes` ({machine}): both catalogues",
        f"at once, each in its PostgreSQL with its defaults, {rounds} turns of {seconds:g} seconds each. What a",
        "page costs is the median over the turns, each against the one beside it. The goal is at most 1.2x.",
        "",
        f"| {' | '.join(HEAD)} |",
        f"|{'---|' * len(HEAD)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"
