"""The disk is full under load, and there is room again: nothing lost, nothing doubled, the books clean."""

import asyncio
import os
import secrets
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import psycopg
import pytest

from marketplace.kit.private_postgres import PrivatePostgres
from tests.faults.drill import Drill, drill
from tests.faults.programs import House

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
TIMES = int(os.environ.get("FAULTS_FULL", "4"))
SEED = int(os.environ.get("FAULTS_SEED", "0")) or secrets.randbelow(1_000_000) + 1
DISK_MB = 400
SMALL = {"min_wal_size": "32MB", "max_wal_size": "64MB", "wal_recycle": "off"}
"""So that no file of the log is kept for later: each new one needs room."""
FULL = "No space left on device"
NO_LOG = ("xlogtemp", "was interrupted", "not properly shut down")
"""Signs of a log that could not go on. Nothing can be asked of them: the line that says so may find no room."""


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    """A file system of its own, held in memory, that is soon full. To mount one needs root, or `unshare -rm`."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


async def test_a_full_disk_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_FULL={TIMES}")
    with small_disk(tmp_path / "disk") as disk:
        house = House(tmp_path / "var")
        house.postgres = PrivatePostgres(disk / "postgres", settings=SMALL)
        house.database_url = house.postgres.start()
        try:
            async with drill(house, SEED) as shopping:
                await shopping.play(_fill(disk, shopping, Random(SEED)))
                await shopping.everything_is_as_told()
        finally:
            house.postgres.stop()
        log = (disk / "postgres" / "postgres.log").read_text(errors="replace")
    print({line.split("  ", 1)[-1][:90] for line in log.splitlines() if FULL in line})
    assert log.count(FULL) >= TIMES, "the disk was never really full"
    print(
        f"PostgreSQL's own log {'could not go on' if any(sign in log for sign in NO_LOG) else 'always had room'}"
    )


async def _fill(disk: Path, shopping: Drill, random: Random) -> None:
    """Fill the disk to the last byte, for some seconds, and make room again: every other time under its log."""
    filler, refused = disk / "filler", shopping.tally.retries
    for time in range(TIMES):
        await asyncio.sleep(random.uniform(2, 5))
        before = refused.total()
        await asyncio.to_thread(_fill_up, filler)
        if time % 2:
            await asyncio.to_thread(_begin_another_log, shopping.url)
        async with asyncio.timeout(120):
            while refused.total() < before + 3:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        await asyncio.sleep(random.uniform(0, 3))
        filler.unlink()
        await shopping.house.is_ready()


def _begin_another_log(url: str) -> None:
    """PostgreSQL cannot go on without a file for its log: it ends, and recovers once there is room."""
    with suppress(psycopg.Error), psycopg.connect(url, autocommit=True) as connection:
        for _ in range(5):
            connection.execute("SELECT pg_switch_wal(), pg_logical_emit_message(false, 'drill', 'full')")


def _fill_up(filler: Path) -> None:
    """Write until there is no room for one more byte."""
    for size in (1 << 20, 4096, 1):
        with filler.open("ab", buffering=0) as file, suppress(OSError):
            while file.write(b"\0" * size):
                pass
