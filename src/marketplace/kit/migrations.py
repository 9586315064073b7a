"""Migrations: applied under an advisory lock, written with every constraint the models declare.

Tortoise puts the constraints of a new model into its state but not into the database, so `write` adds them as
SQL. One folder a room under `migrations/`.
"""

import asyncio
from collections.abc import Container
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any, cast

import asyncpg
from tortoise import Tortoise
from tortoise.apps import Apps
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.migrations.executor import MigrationTarget
from tortoise.migrations.operations import AlterModelOptions, CreateModel
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.writer import MigrationWriter

from marketplace.kit import database, migrating

LOCK = 7_236_451
LOCK_TRIES = 600


async def migrate(url: str, target: str | None = None) -> None:
    """Bring the database to the newest state, or one room to a named migration (`room.0001_initial`).

    Runs as the role that logs in. Raises TimeoutError when another migration holds the lock for a minute.
    """
    connection: Any = await cast(Any, asyncpg).connect(**database.credentials(url))
    try:
        for _ in range(LOCK_TRIES):
            if await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
                break
            await asyncio.sleep(0.1)
        else:
            raise TimeoutError("another migration has been running for a minute")
        try:
            await migrating.run(database.config(url, role="", pool=1), _targets(target))
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for statement in grants({row["tablename"] for row in tables}):
                await connection.execute(statement)
        finally:
            await Tortoise.close_connections()
    finally:
        await connection.close()


def _targets(target: str | None) -> list[MigrationTarget]:
    if target is None:
        return [MigrationTarget(app_label=room, name="__latest__") for room in database.ROOMS]
    room, _, name = target.partition(".")
    return [MigrationTarget(app_label=room, name=name or "__latest__")]


def grants(tables: Container[str]) -> list[str]:
    """What the application's role may do with these tables: only SELECT and INSERT on what is append-only."""
    role = database.APP_ROLE
    models = [model for app in Tortoise.apps.values() for model in app.values()]  # pyright: ignore
    kept = [table_of(model) for model in models if getattr(model, "append_only", False)]
    kept = sorted(table for table in kept if table in tables)
    revoked = [f"REVOKE UPDATE, DELETE, TRUNCATE ON {', '.join(kept)} FROM {role}"] if kept else []
    return [
        f"DO $$ BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$",
        f"GRANT {role} TO CURRENT_USER",
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        *revoked,
    ]


def table_of(model: Any) -> str:
    """The table behind a model."""
    return model._meta.db_table


def constraint_sql(table: str, constraint: CheckConstraint | UniqueConstraint) -> tuple[str, str]:
    """The statement that makes a constraint, and the one that takes it away."""
    if isinstance(constraint, CheckConstraint):
        add = f'ALTER TABLE "{table}" ADD CONSTRAINT "{constraint.name}" CHECK ({constraint.check})'
        return add, f'ALTER TABLE "{table}" DROP CONSTRAINT "{constraint.name}"'
    names = ", ".join(f'"{name}"' for name in constraint.fields)
    where = f" WHERE {constraint.condition}" if constraint.condition else ""
    add = f'CREATE UNIQUE INDEX "{constraint.name}" ON "{table}" ({names}){where}'
    return add, f'DROP INDEX "{constraint.name}"'


class Writer(MigrationWriter):
    """Tortoise's writer, which also makes the constraints of new models, all in one operation at the end.

    One, because Tortoise copies the state of all models before each operation.
    """

    def as_string(self) -> str:
        """The whole file."""
        text = super().as_string()
        created = [operation for operation in self.operations if isinstance(operation, CreateModel)]
        tables = [(options["table"], options.get("constraints", ())) for options in map(_options, created)]
        pairs = [constraint_sql(table, each) for table, constraints in tables for each in constraints]
        if not pairs:
            return text
        adds = ", ".join(repr(add) for add, _ in pairs)
        drops = ", ".join(repr(drop) for _, drop in reversed(pairs))
        end = text.rindex("\n    ]")
        return f"{text[:end]}\n        ops.RunSQL([{adds}], [{drops}]),{text[end:]}"


def _options(operation: CreateModel) -> dict[str, Any]:
    return operation.options or {}


def _is_noise(operation: Any, app: str, before: Any) -> bool:
    """Tortoise sees a change of options where a primary key is a foreign key, though nothing changed."""
    if not isinstance(operation, AlterModelOptions):
        return False
    old: dict[str, Any] = before.models[app, operation.name].options
    return {**old, "pk_attr": ""} == {**operation.options, "pk_attr": ""}


def _complete(writer: MigrationWriter, before: Any) -> MigrationWriter:
    return Writer(
        writer.name,
        writer.app_label,
        [operation for operation in writer.operations if not _is_noise(operation, writer.app_label, before)],
        dependencies=writer.dependencies,
        initial=writer.initial,
        migrations_module=writer.migrations_module,
    )


class _Detector(MigrationAutodetector):
    """Tortoise's, over states that are rendered when asked, and what the migrations come to is asked once."""

    _before: State | None = None

    async def before(self) -> State:
        """The models as the migrations leave them."""
        if self._before is None:
            self._before = migrating.nothing(cast(Any, self).apps_config)
            for key in self._full_plan():
                await cast(Any, self.loader.graph.nodes[key]).apply(self._before, dry_run=True)
        return self._before

    async def _project_state(self) -> State:
        return await self.before()


async def changes() -> list[MigrationWriter]:
    """The migrations that the models need and the folder does not have yet."""
    config = database.config("postgresql:///unused")
    await Tortoise.init(config=config, init_connections=False)
    detector = _Detector(cast(Apps, Tortoise.apps), config["apps"])
    found = await detector.changes()
    before = await detector.before()
    return [writer for writer in (_complete(writer, before) for writer in found) if writer.operations]


async def write(name: str = "") -> list[Path]:
    """Write the missing migrations, named after their one idea; returns their files."""
    for room in database.ROOMS:
        folder = Path(cast(str, import_module("migrations").__file__)).parent / room
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    files: list[Path] = []
    while writers := await changes():  # one at a time, so that the next can name it as what it stands on
        writer = writers[0]
        if name and not writer.initial:
            writer.name = f"{writer.name[:4]}_{name}"
        files.append(writer.write())
        invalidate_caches()
    return files
