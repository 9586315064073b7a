"""Migrations say what the models say, and each of them can be taken back."""

import asyncio
import subprocess
import sys
from collections.abc import Generator
from typing import Any, cast

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.executor import MigrationTarget

from marketplace.kit import database, migrating, migrations
from tests.conftest import other_database, state_of_migrations

LEFT = """
SELECT kind, name FROM (
    SELECT 'relation' AS kind, c.relname::text AS name, c.oid, 'pg_class'::regclass AS class FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'S', 'v', 'm')
    UNION ALL
    SELECT 'function', p.proname::text, p.oid, 'pg_proc'::regclass FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'type', t.typname::text, t.oid, 'pg_type'::regclass FROM pg_type t
    WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd')
) found
WHERE name NOT LIKE 'tortoise_migrations%' AND NOT EXISTS (
    SELECT FROM pg_depend d WHERE d.objid = found.oid AND d.classid = found.class AND d.deptype = 'e')
ORDER BY kind, name"""
SHAPE = """
SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' '
    || coalesce(column_default, '') AS line
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT table_name || ' ' || privilege_type || ' ' || grantee FROM information_schema.table_privileges
WHERE table_schema = 'public'
ORDER BY 1"""


async def run(url: str, sql: str) -> list[tuple[Any, ...]]:
    connection: Any = await cast(Any, asyncpg).connect(**database.credentials(url))
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def take_all_back(url: str) -> None:
    """Every migration of every room backwards, in one plan."""
    first = [MigrationTarget(app_label=room, name="__first__") for room in reversed(database.ROOMS)]
    try:
        await migrating.run(database.config(url, role="", pool=1), first)
    finally:
        await Tortoise.close_connections()


@pytest.fixture
def scratch(server_url: str, database_url: str, worker_id: str) -> Generator[str]:
    """A migrated database of this test's own, copied from the template that `database_url` came from."""
    name, template = f"scratch_{worker_id}", f"template_{state_of_migrations()}_ready"
    asyncio.run(run(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    asyncio.run(run(server_url, f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield other_database(server_url, name)
    asyncio.run(run(server_url, f"DROP DATABASE {name} WITH (FORCE)"))


def test_the_models_need_no_migration_that_nobody_wrote() -> None:
    assert [writer.app_label for writer in asyncio.run(migrations.changes())] == []


def migrated_by_two_at_once(url: str) -> None:
    code = (
        "import asyncio, sys; from marketplace.kit import migrations; asyncio.run(migrations.migrate(sys.argv[1]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(2)]
    assert [each.wait(400) for each in both] == [0, 0]


@pytest.mark.timeout(900)
def test_every_migration_can_be_taken_back_and_is_made_again_once_by_two_at_once(scratch: str) -> None:
    """One story, because making the whole database takes seconds each time."""
    before = asyncio.run(run(scratch, SHAPE))
    assert len(before) > 500

    asyncio.run(migrations.migrate(scratch, "redemptions.0001_initial"))
    assert asyncio.run(run(scratch, "SELECT 1 FROM pg_tables WHERE tablename = 'code_reveal'")) == []

    asyncio.run(take_all_back(scratch))
    assert asyncio.run(run(scratch, LEFT)) == []
    assert asyncio.run(run(scratch, "SELECT app, name FROM tortoise_migrations")) == []

    migrated_by_two_at_once(scratch)
    assert asyncio.run(run(scratch, SHAPE)) == before
    applied = asyncio.run(run(scratch, "SELECT app, name, count(*) FROM tortoise_migrations GROUP BY 1, 2"))
    assert {count for _, _, count in applied} == {1}
