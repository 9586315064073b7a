"""`python -m bench`: measures the catalogue page, redemptions, a settlement and the books.

Each is written to a section of `bench/results.md` and can be measured alone: `python -m bench page`, `hostile`,
`redemption`, `settlement` or `books`. What takes long to make is measured only when it is named: `python -m bench
growth`, redemptions beside 10,000,000 transfers, `sizes`, the page of 1,000,000 offers against that of 100,000,
`claims`, one offer claimed 100,000 times, and `liability`, points of millions of lots.
"""

import os
import platform
import sys

from rich.console import Console
from rich.table import Table

from bench import claims, growth, hostile, ledger, liability, page, redemption, report, settlement, sizes
from bench.ledger import Measured


def main() -> None:
    """Measure what is named, or everything, and write it down."""
    which = sys.argv[1] if len(sys.argv) > 1 else ""
    if which in ("", "page"):
        page.main(sys.argv[2:])
    if which in ("", "hostile"):
        hostile.main(sys.argv[2:])
    if which in ("", "redemption"):
        redemption.main(sys.argv[2:])
    if which in ("", "settlement"):
        settlement.main(sys.argv[2:])
    if which in ("", "books"):
        books()
    if which == "liability":
        liability.main(sys.argv[2:])
    if which == "claims":
        claims.main(sys.argv[2:])
    if which == "sizes":
        sizes.main(sys.argv[2:])
    if which == "growth":
        growth.main(sys.argv[2:])


def books() -> None:
    """Measure the ledger, show it and write it down."""
    found = ledger.measure()
    rows = [*_rows(found, "seconds"), *_slowest(found)]
    head = ["", *(f"{each.transfers:,} transfers" for each in found), "ratio"]
    table = Table(*head, title="The ledger")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    report.write("How fast the books answer", _text(found, head, rows))


def _rows(found: list[Measured], which: str) -> list[list[str]]:
    small, large = (getattr(each, which) for each in found)
    return [
        [what, shown(small.get(what)), shown(seconds), _ratio(small.get(what), seconds)]
        for what, seconds in large.items()
    ]


def _slowest(found: list[Measured], count: int = 6) -> list[list[str]]:
    rows = dict(sorted(found[-1].by_check.items(), key=lambda each: -each[1])[:count])
    return [[f"check: {row[0]}", *row[1:]] for row in _rows(found, "by_check") if row[0] in rows]


def shown(seconds: float | None) -> str:
    """A time in a unit that fits."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _ratio(small: float | None, large: float) -> str:
    return f"{large / small:.1f}" if small else "-"


def _text(found: list[Measured], head: list[str], rows: list[list[str]]) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    broken = sum(each.violations for each in found)
    lines = [
        "Written by `make bench`: both sizes in one run, one after the other, each in a private PostgreSQL",
        f"with its defaults ({machine}).",
        f"A wallet and a page are whole GraphQL requests in this process, the median over {ledger.ASKED} members.",
        "`check books` runs every check of every room, the digests of a year of days included; the export is",
        f"the whole file. The checks found {broken} violations.",
        "",
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
