"""Outbox, relay and worker, for real: what a committed change asked for is done, and only that."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from marketplace.app import worker
from marketplace.kit import database, jobs, outbox

pytestmark = pytest.mark.usefixtures("db")
done: list[str] = []
failures: list[str] = []


@jobs.job("tests.note")
async def note(word: str) -> None:
    done.append(word)


@jobs.job("tests.stumble_once")
async def stumble_once(word: str) -> None:
    if word not in failures:
        failures.append(word)
        raise RuntimeError("the first time fails")
    done.append(word)


async def until(condition: str) -> None:
    async with asyncio.timeout(20):
        while condition not in done:  # noqa: ASYNC110 (a job's doing is polled, as an app would)
            await asyncio.sleep(0.05)


async def test_what_was_committed_runs_and_what_was_rolled_back_does_not(database_url: str) -> None:
    async with database.transaction():
        await outbox.enqueue("tests.note", word="kept")
    with suppress(ZeroDivisionError):
        async with database.transaction():
            await outbox.enqueue("tests.note", word="dropped")
            raise ZeroDivisionError
    await outbox.enqueue("tests.stumble_once", word="again")
    await outbox.enqueue("tests.note", delay=timedelta(hours=1), word="later")
    app = worker.make_app(database_url)
    async with app.open_async():
        relaying = asyncio.create_task(worker.relay(app, database_url))
        working = asyncio.create_task(
            app.run_worker_async(
                queues=[worker.QUEUE], install_signal_handlers=False, fetch_job_polling_interval=0.2
            )
        )
        await until("kept")
        await until("again")
        for task in (working, relaying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    assert sorted(done) == ["again", "kept"]
    assert await database.value("SELECT count(*) FROM outbox_message") == 1


async def test_a_job_that_nobody_knows_is_refused_at_once() -> None:
    with pytest.raises(LookupError, match=r"tests\.unheard_of"):
        await outbox.enqueue("tests.unheard_of")


@jobs.periodic("tests.tick", cron="0 0 1 1 *")
async def tick() -> None:
    done.append("ticked")


LOCKS: dict[str, Any] = {"queue": worker.QUEUE, "lock": "tests.tick", "queueing_lock": "tests.tick"}
_KILLED = "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE status = 'todo'"


async def test_a_round_that_died_does_not_keep_the_next_one_from_running(database_url: str) -> None:
    """The dead round holds the lock that the next one waits for, and the next one its place in the queue."""
    app = worker.make_app(database_url)
    async with app.open_async():
        await app.configure_task("tests.tick", **LOCKS).defer_async(timestamp=1)
        await app.configure_task("tests.note", queue=worker.QUEUE).defer_async(word="orphan")
        await database.execute(_KILLED)
        await app.configure_task("tests.tick", **LOCKS).defer_async(timestamp=2)

        await worker.rescuer(app)(3)

        await app.run_worker_async(queues=[worker.QUEUE], install_signal_handlers=False, wait=False)
    assert done[-2:] in (["ticked", "orphan"], ["orphan", "ticked"])
