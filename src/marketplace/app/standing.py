"""How the installation stands, as gauges: connections, jobs that wait, and whether the books agree."""

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prometheus_client import Gauge
from tortoise.connection import get_connection

from marketplace.app import rooms
from marketplace.kit import clock, database, metrics
from marketplace.kit.checks import what_is_new
from marketplace.kit.models import BooksCheck

KNOWN_FOR_S = 10.0
WEEK = timedelta(days=7)


def _gauge(name: str, about: str, *labels: str) -> Gauge:
    """What is the same whichever process reads it."""
    return Gauge(f"marketplace_{name}", about, labels, multiprocess_mode="mostrecent")


outbox = _gauge("outbox_messages", "Messages that the relay has not taken, due or not.")
outbox_age = _gauge("outbox_oldest_due_seconds", "How long the oldest due message waits.")
queued = _gauge("jobs", "Jobs in the queue, by status.", "status")
deliveries = _gauge("webhook_deliveries", "Webhooks of the last week, by state.", "state")
changes = _gauge("changes_waiting", "Changes that the relay has not announced.")
drift = _gauge("books_violations", "Rows that broke a promise at the last check of the books.", "check")
checked = _gauge("books_checked_timestamp_seconds", "When the books were last checked.")
_OUTBOX = """
SELECT count(*) AS waiting, extract(epoch FROM $1::timestamptz - min(due_at))::float8 AS age
FROM (SELECT due_at FROM outbox_message ORDER BY due_at LIMIT 100000) m"""
_JOBS = "SELECT status::text AS status, count(*) AS jobs FROM procrastinate_jobs GROUP BY status"
_DELIVERIES = """
SELECT state, count(*) AS deliveries FROM webhook_delivery WHERE id >= $1 GROUP BY state"""
_CHANGES = "SELECT count(*) AS waiting FROM (SELECT FROM change LIMIT 100000) c"
_CHECKED = """
SELECT name, violations, checked_at FROM books_check
WHERE checked_at = (SELECT max(checked_at) FROM books_check)"""
_LAST = """
SELECT checked_at, sum(violations) AS violations FROM books_check
WHERE checked_at = (SELECT max(checked_at) FROM books_check) GROUP BY checked_at"""
SUNDAY = 6
_seen_at = -KNOWN_FOR_S


async def observe(known_for_s: float = KNOWN_FOR_S) -> None:
    """Read the gauges again, those of the database if that is some seconds ago: scraping often costs nothing."""
    global _seen_at
    if time.monotonic() - _seen_at >= known_for_s:
        _seen_at = time.monotonic()
        await _observe_database()
    _observe_pool()


async def _observe_database() -> None:
    (found,) = await database.rows(_OUTBOX, clock.now())
    outbox.set(found["waiting"])
    outbox_age.set(max(0.0, found["age"] or 0.0))
    for row in await database.rows(_JOBS):
        queued.labels(row["status"]).set(row["jobs"])
    for row in await database.rows(_DELIVERIES, _first_id_of(clock.now() - WEEK)):
        deliveries.labels(row["state"]).set(row["deliveries"])
    changes.set(await database.value(_CHANGES))
    for row in await database.rows(_CHECKED):
        drift.labels(row["name"]).set(row["violations"])
        checked.set(row["checked_at"].timestamp())


def _first_id_of(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment (RFC 9562, section 5.7): its milliseconds stand first."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _observe_pool() -> None:
    client: Any = get_connection("default")
    pool = client._pool
    if pool is not None:
        metrics.pool.labels("open").set(pool.get_size())
        metrics.pool.labels("idle").set(pool.get_idle_size())


async def check_books() -> None:
    """Prove the books from the rows, and keep what came out: one row for each check, of this moment.

    Rows that never change were proved the night before, so only newer ones are looked at; all of them are on
    Sundays, and as long as anything is wrong.
    """
    moment = clock.now()
    with what_is_new(await _proved_until(moment)):
        for check in rooms.checks():
            count = 0
            async for _ in check():
                count += 1
            await BooksCheck.create(name=check.__name__, violations=count, checked_at=moment)


async def _proved_until(moment: datetime) -> datetime | None:
    """Up to when all was found right the last time, with a day to spare; None when all has to be looked at."""
    last = await database.row(_LAST)
    if last is None or last["violations"] or moment.weekday() == SUNDAY:
        return None
    return last["checked_at"] - timedelta(days=1)
