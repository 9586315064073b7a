"""The interleavings of `tests/journeys/test_any_interleaving.py`, many and long."""

import os
from typing import Any

import pytest

from tests.journeys.test_any_interleaving import Interleaving, Queueing, Telling, told

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]


@pytest.mark.parametrize("kind", [Interleaving, Queueing])
async def test_many_long_interleavings_keep_the_books(kind: type[Telling], db: None, opened_database: Any) -> None:
    await told(kind, opened_database, many=int(os.environ.get("INTERLEAVINGS", "60")), deeds=60)
