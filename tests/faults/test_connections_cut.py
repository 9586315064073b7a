"""Connections to PostgreSQL are cut under load, also while they commit: everybody is told the truth in the end."""

import asyncio
import os
import secrets
from pathlib import Path
from random import Random
from urllib.parse import parse_qs, urlsplit

import pytest

from marketplace.app.demo.children import free_port
from tests.faults.cutting import Cutter, cutting
from tests.faults.drill import drill
from tests.faults.programs import House

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
CUTS = int(os.environ.get("FAULTS_CUTS", "60"))
"""So many before a COMMIT, so many after one, and so many anywhere, at least."""
SEED = int(os.environ.get("FAULTS_SEED", "0")) or secrets.randbelow(1_000_000) + 1
KINDS = ("before commit", "after commit", "anywhere")


async def test_connections_cut_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_CUTS={CUTS}")
    port, house = free_port(), House(tmp_path / "var")
    house.database_url = f"postgresql://postgres@127.0.0.1:{port}/marketplace"
    with house.postgres as postgres:
        socket = Path(parse_qs(urlsplit(postgres.url()).query)["host"][0]) / ".s.PGSQL.5432"
        async with cutting(socket, port, Random(SEED)) as cutter, drill(house, SEED) as shopping:
            await shopping.play(_cut(cutter))
            cutter.before_commit = cutter.after_commit = 0.0
            print(dict(cutter.cuts))
            await shopping.everything_is_as_told()


async def _cut(cutter: Cutter) -> None:
    """A few at a time, so that the programs also work for a while."""
    cutter.before_commit = cutter.after_commit = 0.04
    while min(cutter.cuts[kind] for kind in KINDS) < CUTS:
        await asyncio.sleep(cutter.random.uniform(0.1, 0.6))
        cutter.cut(0.15)
