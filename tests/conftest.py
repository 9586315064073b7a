"""A real PostgreSQL for every test: one private server, one database a worker, emptied before each test."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from marketplace.app import wiring
from marketplace.kit import database, memory, migrations
from marketplace.kit.private_postgres import FAST_AND_FORGETFUL, PrivatePostgres

ROOT = Path(__file__).parents[1]
# Deleting the few rows of a test takes a fiftieth of the time in which TRUNCATE makes hundreds of files anew; a
# table that has grown large is made anew, so that what was deleted does not pile up in it.
EMPTY = """
DO $$
DECLARE name text; size bigint; large text := '';
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name, size IN SELECT oid::regclass, pg_relation_size(oid) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'tortoise_migrations'
            AND pg_relation_size(oid) > 0
    LOOP
        IF size > 1000000 THEN large := large || ',' || name; ELSE EXECUTE 'DELETE FROM ' || name; END IF;
    END LOOP;
    IF large <> '' THEN EXECUTE 'TRUNCATE ' || substr(large, 2) || ' CASCADE'; END IF;
    PERFORM setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename NOT LIKE 'tortoise%';
END $$"""
# Nothing is known of tables that are filled and emptied again, as of new ones: a vacuum that saw one empty would
# have PostgreSQL believe that it stays so.
SETTINGS = FAST_AND_FORGETFUL | {"autovacuum": "off"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def other_database(url: str, name: str) -> str:
    """The same server's database of another name."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


@pytest.fixture(scope="session")
def server_url() -> Generator[str]:
    """A server for the whole session: DATABASE_URL, or a private one shared by the workers."""
    with ExitStack() as stack:
        url = os.environ.get("DATABASE_URL")
        if not url:
            server = PrivatePostgres(ROOT / "var" / "test-postgres", settings=SETTINGS)
            url = stack.enter_context(server).url()
        yield url


def state_of_migrations() -> str:
    files = sorted((ROOT / "migrations").rglob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


async def make_database(server_url: str, worker: str) -> str:
    """A migrated database of this worker's own, copied from a template made once for these migrations."""
    template, name = f"template_{state_of_migrations()}", f"test_{worker}_{os.getpid()}"
    admin: Any = await cast(Any, asyncpg).connect(**database.credentials(server_url))
    try:
        await admin.execute("SELECT pg_advisory_lock(424242)")
        if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", f"{template}_ready"):
            await admin.execute(f"DROP DATABASE IF EXISTS {template}")
            await admin.execute(f"CREATE DATABASE {template}")
            await migrations.migrate(other_database(server_url, template))
            await admin.execute(f"ALTER DATABASE {template} RENAME TO {template}_ready")
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}_ready")
    finally:
        await admin.close()
    return other_database(server_url, name)


@pytest.fixture(scope="session")
def database_url(server_url: str, worker_id: str) -> Generator[str]:
    """This worker's own database."""
    url = asyncio.run(make_database(server_url, worker_id))
    yield url

    async def drop() -> None:
        admin: Any = await cast(Any, asyncpg).connect(**database.credentials(server_url))
        await admin.execute(f"DROP DATABASE {database.credentials(url)['database']} WITH (FORCE)")
        await admin.close()

    asyncio.run(drop())


@pytest.fixture(scope="session")
async def opened_database(database_url: str) -> AsyncGenerator[Any]:
    wiring.wire()
    owner: Any = await cast(Any, asyncpg).connect(**database.credentials(database_url))
    async with database.opened(database_url):
        yield owner
    await owner.close()


@pytest.fixture
async def db(opened_database: Any) -> None:
    """The application's database, empty."""
    await opened_database.execute(EMPTY)
    memory.forget()
