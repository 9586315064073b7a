"""The interleavings of `tests/journeys/test_any_interleaving.py`, many and long."""

import os
from typing import Any

import pytest

from tests.journeys.test_any_interleaving import told

pytestmark = [pytest.mark.faults, pytest.mark.timeout(7200)]


async def test_many_long_interleavings_keep_the_books(db: None, opened_database: Any) -> None:
    await told(opened_database, many=int(os.environ.get("INTERLEAVINGS", "60")), deeds=60)
