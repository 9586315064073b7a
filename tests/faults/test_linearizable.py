"""A hundred thousand operations of several processes, checked against one order for each stock and wallet."""

import os
import time
from pathlib import Path

import pytest

from marketplace.app import wiring
from marketplace.kit import database, migrations
from tests.faults.histories import misfits, recorded
from tests.faults.programs import House

pytestmark = [pytest.mark.faults, pytest.mark.timeout(3600)]
OPERATIONS = int(os.environ.get("HISTORY_OPERATIONS", "100000"))


async def test_a_long_history_fits_one_order(tmp_path: Path) -> None:
    house = House(tmp_path / "var")
    wiring.wire()
    with house.up() as url:
        await migrations.migrate(url)
        async with database.opened(url):
            started = time.monotonic()
            histories = await recorded(url, OPERATIONS, processes=4, objects=24)
        seconds = time.monotonic() - started
        books = house.run("check", "books")
    total = sum(map(len, histories.values()))
    print(f"{total} operations on {len(histories)} objects in {seconds:.0f} s")
    assert total >= OPERATIONS * 0.99
    assert misfits(histories) == []
    print(f"checked in {time.monotonic() - started - seconds:.0f} s; books: {books.stdout[-80:]}")
