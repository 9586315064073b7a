"""Running jobs: a relay moves what is due from the outbox to procrastinate, whose workers run it.

The same relay announces what has changed (`announcer.py`).

A job runs at least once. One that fails is tried again, later each time; one whose worker died is found by
its missing heartbeat and handed out again.
"""

import asyncio
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import procrastinate
import structlog
from procrastinate import PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status
from prometheus_client import start_http_server
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from marketplace.app import wiring
from marketplace.app.announcer import announce_once
from marketplace.kit import clock, database, jobs, tracing
from marketplace.kit.settings import settings

QUEUE = "jobs"
BATCH = 500
IDLE_S = 0.05
RETRY = RetryStrategy(max_attempts=10, exponential_wait=2)
log = structlog.get_logger()

_TAKE = """
DELETE FROM outbox_message WHERE id IN (
    SELECT id FROM outbox_message WHERE due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED
) RETURNING task, payload"""


def conninfo(url: str) -> str:
    """psycopg's form of a database URL, as the application's role."""
    parts = database.credentials(url)
    return make_conninfo(
        host=parts["host"],
        port=parts["port"],
        user=parts["user"],
        password=parts["password"],
        dbname=parts["database"],
        options=f"-c role={database.APP_ROLE}",
    )


def make_app(url: str) -> procrastinate.App:
    """A procrastinate app that knows every room's jobs."""
    wiring.wire()
    app = procrastinate.App(connector=PsycopgConnector(conninfo=conninfo(url), min_size=1, max_size=4))
    for name, handler in jobs.handlers().items():
        app.task(name=name, queue=QUEUE, retry=RETRY)(jobs.observed(name, handler))
    for job in jobs.periodics().values():
        task = app.task(name=job.name, queue=QUEUE, queueing_lock=job.name, lock=job.name)(
            _timed(jobs.observed(job.name, job.handler))
        )
        app.periodic(cron=job.cron)(task)
    app.periodic(cron="* * * * *")(
        app.task(name="kit.rescue_stalled", queue=QUEUE, queueing_lock="kit.rescue_stalled")(rescuer(app))
    )
    return app


def _timed(handler: jobs.Handler) -> Callable[[int], Awaitable[None]]:
    async def run(timestamp: int) -> None:
        await handler()

    return run


def rescuer(app: procrastinate.App) -> Callable[[int], Awaitable[None]]:
    """What hands out the jobs of dead workers again, each whatever becomes of the others."""

    async def rescue(timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs():
            log.warning("job rescued", task=job.task_name)
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:  # its next round waits already, for the lock that this one holds
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)

    return rescue


async def relay_once(app: procrastinate.App, connection: AsyncConnection[Any]) -> int:
    """Move one batch of due messages to the queue, in one transaction; returns how many."""
    async with connection.transaction():
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(_TAKE, (clock.now(), BATCH))
        waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in await cursor.fetchall():
            waiting[row["task"]].append(row["payload"])
        for task, payloads in waiting.items():
            await app.configure_task(task, queue=QUEUE, connection=connection).batch_defer_async(*payloads)
    return sum(map(len, waiting.values()))


async def relay(app: procrastinate.App, url: str) -> None:
    """Move messages and announce changes for ever; a lost connection is opened again."""
    while True:
        try:
            async with await AsyncConnection.connect(conninfo(url), autocommit=True) as connection:
                while True:
                    announced = await announce_once(connection)
                    if announced + await relay_once(app, connection) < BATCH:
                        await asyncio.sleep(IDLE_S)
        except Exception as error:  # noqa: BLE001 (a relay that stops would stop everything behind it)
            log.warning("relay stumbled", error=type(error).__name__)
        await asyncio.sleep(1)


async def _run_jobs(app: procrastinate.App, concurrency: int) -> None:
    """Run jobs until cancelled. A worker of procrastinate ends when its database goes away: start another."""
    while True:
        try:
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                shutdown_graceful_timeout=20,
                delete_jobs="successful",
                fetch_job_polling_interval=2.0,
                install_signal_handlers=False,
            )
            log.warning("worker ended")
        except Exception as error:  # noqa: BLE001 (whatever ended it, work goes on)
            log.warning("worker stumbled", error=type(error).__name__)
        await asyncio.sleep(1)


async def work(url: str, *, concurrency: int = 8) -> None:
    """Run the relay and a worker until SIGTERM or SIGINT; jobs that are running may finish."""
    tracing.configure("marketplace-worker")
    app = make_app(url)
    if port := settings().worker_metrics_port:
        start_http_server(port, "127.0.0.1")
    async with database.opened(url), app.open_async():
        relaying = asyncio.create_task(relay(app, url))
        running = asyncio.create_task(_run_jobs(app, concurrency))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await running
        finally:
            relaying.cancel()
            tracing.close()
