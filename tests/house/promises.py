"""What the models say the database holds, and what it really holds."""

from typing import Any, cast

from tortoise import Tortoise
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint

from marketplace.kit import database


def models() -> list[Any]:
    """Every model of every room."""
    return [model for room in cast(Any, Tortoise).apps.values() for model in room.values()]


def table_of(model: Any) -> str:
    return model._meta.db_table


def promised_checks() -> set[tuple[str, str]]:
    """(table, constraint) of every CHECK."""
    return {
        (table_of(model), constraint.name)
        for model in models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }


def promised_partial_uniques() -> set[tuple[str, str]]:
    """(table, index) of every unique constraint that has a name, or holds for a part of the rows."""
    return {
        (table_of(model), constraint.name)
        for model in models()
        for constraint in model._meta.constraints
        if not isinstance(constraint, CheckConstraint)
    }


def promised_uniques() -> set[tuple[str, frozenset[str]]]:
    """(table, columns) of everything that is unique: keys, single columns and groups."""
    found: set[tuple[str, frozenset[str]]] = set()
    for model in models():
        meta = model._meta
        groups = [tuple(group) for group in meta.unique_together]
        groups += [(name,) for name, field in meta.fields_map.items() if getattr(field, "unique", False)]
        for group in groups:
            found.add((table_of(model), frozenset(_column(meta, name) for name in group)))
    return found


def promised_references() -> dict[tuple[str, str], tuple[str, str]]:
    """(table, column) -> (referred table, what a deletion does) of every foreign key."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for model in models():
        meta = model._meta
        for name in sorted(meta.fk_fields | meta.o2o_fields):
            field = meta.fields_map[name]
            on_delete = cast(OnDelete, field.on_delete).value
            found[table_of(model), field.source_field or name] = (table_of(field.related_model), on_delete)
    return found


def _column(meta: Any, name: str) -> str:
    field = meta.fields_map[name]
    return meta.fields_db_projection.get(name) or field.source_field or name


_CONSTRAINTS = """
SELECT r.relname AS table, c.conname AS name, c.contype::text AS type, f.relname AS refers,
    c.confdeltype::text AS on_delete, c.convalidated AS valid, pg_get_constraintdef(c.oid) AS text,
    (SELECT array_agg(a.attname::text) FROM pg_attribute a
     WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)) AS columns
FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid
WHERE r.relnamespace = 'public'::regnamespace AND r.relname NOT LIKE 'procrastinate%'"""
_UNIQUE_INDEXES = """
SELECT r.relname AS table, i.relname AS name, x.indpred IS NOT NULL AS partial,
    (SELECT array_agg(a.attname::text) FROM pg_attribute a
     WHERE a.attrelid = x.indrelid AND a.attnum = ANY (x.indkey)) AS columns
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class r ON r.oid = x.indrelid
WHERE x.indisunique AND x.indisvalid AND r.relnamespace = 'public'::regnamespace"""


async def constraints() -> list[dict[str, Any]]:
    """Every constraint of our tables: CHECK is c, foreign key f, unique u, primary key p, exclusion x."""
    return await database.rows(_CONSTRAINTS)


async def unique_indexes() -> list[dict[str, Any]]:
    """Every unique index."""
    return await database.rows(_UNIQUE_INDEXES)
