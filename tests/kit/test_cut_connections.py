"""What a transaction says whose connection is cut: that the database is away, wherever it was just then."""

import asyncio
from pathlib import Path

import asyncpg
import psycopg
import pytest

from marketplace.kit import database
from marketplace.kit.connections import connect

pytestmark = pytest.mark.usefixtures("db")


async def cut_off(database_url: str, pid: int) -> None:
    """End a session, as a network or a restart would."""
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as other:
        await other.execute("SELECT pg_terminate_backend(%s)", [pid])


async def cut_between_two_statements(database_url: str) -> None:
    async with database.transaction():
        await cut_off(database_url, await database.value("SELECT pg_backend_pid()"))
        await asyncio.sleep(0.2)
        await database.value("SELECT 1")


async def cut_during_a_statement(database_url: str) -> None:
    async with database.transaction():
        pid = await database.value("SELECT pg_backend_pid()")
        cutting = asyncio.create_task(cut_off(database_url, pid))
        try:
            await database.value("SELECT pg_sleep(5)")
        finally:
            await cutting


async def err() -> None:
    async with database.transaction():
        raise asyncpg.InterfaceError("this is ours")


async def test_between_two_statements(database_url: str) -> None:
    with pytest.raises(ConnectionError) as raised:
        await cut_between_two_statements(database_url)
    assert database.is_away(raised.value)


async def test_during_a_statement(database_url: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as raised:
        await cut_during_a_statement(database_url)
    assert database.is_away(raised.value)


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError) as raised:
        await connect(host=str(tmp_path), user="postgres", database="marketplace")
    assert database.is_away(raised.value)


async def test_a_bug_stays_a_bug() -> None:
    with pytest.raises(asyncpg.InterfaceError) as raised:
        await err()
    assert not database.is_away(raised.value)


async def test_what_the_driver_says_of_a_connection_that_was_lost_in_the_middle() -> None:
    closed = asyncpg.InterfaceError("cannot call Transaction.rollback(): the underlying connection is closed")
    confused = asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")
    ours = asyncpg.InterfaceError("cannot perform operation: another operation is in progress")
    assert [database.is_away(each) for each in (closed, confused, ours)] == [True, True, False]
