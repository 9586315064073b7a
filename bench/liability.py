"""Points liability over millions of lots: counting the days once, and asking as finance does.

`python -m bench liability [--transfers 12000000]`, on books as `python -m bench growth` makes them (a lot for
every five transfers). A question is a whole GraphQL request in this process, the median of five, and its points
are held against the wallets and holds of the books.
"""

import argparse
import asyncio
import os
import platform
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID

from rich.console import Console

from bench import report
from bench.redemption import setting
from marketplace.finance import counting
from marketplace.finance.checks import points_by_program
from marketplace.finance.models import CountedDay, PointsChange
from marketplace.kit import clock, database
from tests.client import as_operator

SECTION: Final = "What points may still cost, of millions of lots"
ASKED: Final = 5
_ASK: Final = """query($asOf: DateTime) { pointsLiability(asOf: $asOf) { programCode usedByAge
    total { lots points available held expectedBreakage worth { amount } }
    buckets { fromDays part { points } } cohorts { month part { points } } } }"""
_BOOKS: Final = """
SELECT coalesce(sum(b.balance), 0)::bigint FROM balance b JOIN account a ON a.id = b.account_id
WHERE a.purpose IN ('WALLET', 'HELD')"""


def main(words: Sequence[str] | None = None) -> None:
    """Make the books if they are not there, count, ask, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench liability", description="Points liability.")
    parser.add_argument("--transfers", type=int, default=12_000_000)
    parser.add_argument("--port", type=int, default=8139)
    given = parser.parse_args(words)
    with setting(given.port, given.transfers) as found:
        text = asyncio.run(_measured(found.url))
    Console().print(text, markup=False)
    report.write(SECTION, text)


async def _measured(url: str) -> str:
    async with database.opened(url):
        lots = await database.value("SELECT count(*) FROM lot")
        began = time.perf_counter()
        days = await counting.count_days()
        counted = time.perf_counter() - began
        rows, kept = await PointsChange.all().count(), await CountedDay.all().count()
        finance, now = as_operator(UUID(int=7), "finance"), clock.now()
        asked: dict[str, float] = {}
        for what, moment in (("now", now), ("half a year ago, at noon", _noon(now - timedelta(days=180)))):
            asked[what] = await _seconds(finance, moment)
        apart = sum((await points_by_program(clock.now())).values()) - await database.value(_BOOKS)
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    told = f", all {days} of them in {counted:.1f} s, {counted / days:.2f} s a day" if days else ""
    return "\n".join(
        [
            f"Written by `python -m bench liability` ({machine}): {lots:,} lots of members who earned and",
            f"redeemed for a year. {kept} days are counted{told}; they keep {rows:,} rows.",
            "",
            "| `pointsLiability` as of | seconds |",
            "|---|---|",
            *(f"| {what} | {seconds:.2f} |" for what, seconds in asked.items()),
            "",
            f"The points now differ from the books' wallets and holds by {apart}.",
        ]
    )


def _noon(moment: Any) -> Any:
    return moment.replace(hour=12, minute=0, second=0, microsecond=0)


async def _seconds(finance: Any, moment: Any) -> float:
    seconds: list[float] = []
    for _ in range(ASKED):
        began = time.perf_counter()
        await finance.get(_ASK, asOf=moment.isoformat())
        seconds.append(time.perf_counter() - began)
    return median(seconds)
