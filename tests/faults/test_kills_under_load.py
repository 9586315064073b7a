"""kill -9 of server, worker and postgres under load: nothing lost, nothing doubled, the books clean, all told."""

import os
import secrets
from pathlib import Path
from random import Random

import pytest

from tests.faults.drill import drill
from tests.faults.programs import House

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
KILLS = int(os.environ.get("FAULTS_KILLS", "54"))
SEED = int(os.environ.get("FAULTS_SEED", "0")) or secrets.randbelow(1_000_000) + 1


async def test_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_KILLS={KILLS}")
    house = House(tmp_path / "var")
    async with drill(house, SEED) as shopping:
        await shopping.play(house.kill_at_random(Random(SEED), KILLS))
        await shopping.everything_is_as_told()
    assert house.killed.total() >= KILLS
