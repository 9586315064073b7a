"""A process that reads a bank's file and is killed before a chosen line: `python -m tests.faults.bank_reader URL`.

Its orders are `FILE LINE HOW`, as those of `settler.py`.
"""

import asyncio
import sys
from pathlib import Path

from marketplace.app.bank_cli import read_one
from marketplace.kit import database
from tests.faults.settler import ROOT, main

WATCHED = tuple(
    f"{ROOT}/{part}"
    for part in ("app/bank_cli", "banking/", "billing/", "settlement/", "ledger/steps", "kit/operations")
)


async def read(url: str, file: str) -> None:
    """As `marketplace bank read` does."""
    async with database.opened(url, pool=2):
        await read_one("bank.xml", await asyncio.to_thread(Path(file).read_bytes))


if __name__ == "__main__":
    main(sys.argv[1], read, WATCHED)
