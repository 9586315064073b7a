"""`python -m bench.uploads [rows]`: how long a partner's file takes over the API, from bytes to the catalogue.

Each step is measured twice in one private PostgreSQL: a first file, and the same file again, which updates.
"""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.ledger import VAR
from marketplace.app import wiring
from marketplace.kit import database, migrations
from marketplace.kit.private_postgres import PrivatePostgres
from tests.client import Caller
from tests.uploads.files import a_shop, csv_of, publish, upload, upload_codes

HEADER = "sku,kind,category,title_en,title_nl,description_en,delivery,country,currency,price,published_until"


def offers(rows: int) -> bytes:
    """A file of vouchers with two languages."""
    return csv_of(
        *(
            f"SKU-{n},VOUCHER,dining,Coffee number {n},Koffie nummer {n},A cup in any of our places,CODE,NL,EUR,"
            f"{1 + n % 90}.50,2037-12-31"
            for n in range(rows)
        ),
        header=HEADER,
    )


def codes(rows: int, run: int) -> bytes:
    """A file of codes for the first thousand of them."""
    return csv_of(*(f"SKU-{n % 1000},RUN{run}-{n:08}-KAFFE" for n in range(rows)), header="sku,code")


async def _timed(shop: Caller, send: Any, content: bytes) -> tuple[float, float]:
    started = time.perf_counter()
    file = await send(shop, content)
    checked = time.perf_counter()
    published = await publish(shop, file)
    assert published["state"] == "PUBLISHED", published
    return checked - started, time.perf_counter() - checked


async def measure(url: str, rows: int) -> list[list[str]]:
    """A line for each file: what it is, seconds to check, seconds to publish."""
    await migrations.migrate(url)
    found: list[list[str]] = []
    async with database.opened(url):
        shop, _ = await a_shop()
        for what, send, content in (
            ("offers, new", upload, offers(rows)),
            ("offers, updated", upload, offers(rows)),
            ("codes", upload_codes, codes(rows, 1)),
            ("more codes", upload_codes, codes(rows, 2)),
        ):
            checked, published = await _timed(shop, send, content)
            found.append([what, f"{len(content) / 1e6:.1f} MB", f"{checked:.1f} s", f"{published:.1f} s"])
    return found


def main() -> None:
    """Measure and show it."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    wiring.wire()
    VAR.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(prefix="bench-", dir=VAR) as folder,
        PrivatePostgres(Path(folder) / "uploads") as server,
    ):
        found = asyncio.run(measure(server.url(), rows))
    table = Table("", "size", "checked", "published", title=f"Files of {rows:,} rows")
    for row in found:
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    main()
