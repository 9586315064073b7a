"""Waiting until all the work that was asked for is done."""

import asyncio
import time

from marketplace.kit import clock, database
from tests.faults.programs import House

DRAINED_WITHIN_S = 420.0
_WAITING = "SELECT count(*) FROM outbox_message WHERE due_at <= $1"
_AT_WORK = """
SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
AND task_name NOT IN (SELECT DISTINCT task_name FROM procrastinate_periodic_defers)"""
_ON_ITS_WAY = """
SELECT (
    SELECT count(*) FROM outbound_transfer WHERE state IN ('PLANNED', 'IN_FLIGHT', 'UNKNOWN', 'WAITING_FOR_FUNDS')
) + (SELECT count(*) FROM stripe_event WHERE processed_at IS NULL)"""
_FAILED = "SELECT task_name, attempts FROM procrastinate_jobs WHERE status = 'failed'"


async def drained(house: House) -> float:
    """Wait until no message is due, no job is left, and none was given up; returns the seconds it took."""
    started = time.monotonic()

    async with asyncio.timeout(DRAINED_WITHIN_S):
        while True:
            house.start_all()
            left = [
                await database.value(_WAITING, clock.now()),
                await database.value(_AT_WORK),
                await database.value(_ON_ITS_WAY),
            ]
            if not any(left):
                break
            await asyncio.sleep(1)
    assert await database.rows(_FAILED) == []
    return time.monotonic() - started
