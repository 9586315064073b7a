"""Columns as the tables of every room write them, so that each choice is made once."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from tortoise import fields
from tortoise.fields.base import OnDelete
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from marketplace.kit.ids import new_id

Unique = UniqueConstraint


def key() -> fields.Field[UUID]:
    """The primary key, a UUIDv7."""
    return fields.UUIDField(primary_key=True, default=new_id)


def ref(model: str, *, null: bool = False, index: bool = True) -> Any:
    """A foreign key; what is referred to cannot be deleted."""
    options: Any = {"related_name": False, "on_delete": OnDelete.RESTRICT, "null": null, "db_index": index}
    return cast(Any, fields).ForeignKeyField(model, **options)


def ref_key(model: str) -> Any:
    """A primary key that is the foreign key of the row this one belongs to."""
    options: Any = {"related_name": False, "on_delete": OnDelete.RESTRICT, "primary_key": True}
    return cast(Any, fields).OneToOneField(model, **options)


def ref_once(model: str) -> Any:
    """A foreign key that no two rows share."""
    options: Any = {"related_name": False, "on_delete": OnDelete.RESTRICT}
    return cast(Any, fields).OneToOneField(model, **options)


def ref_once_or_none(model: str) -> Any:
    """A foreign key that no two rows share and that may be missing."""
    options: Any = {"related_name": False, "on_delete": OnDelete.RESTRICT, "null": True}
    return cast(Any, fields).OneToOneField(model, **options)


def text(length: int = 255, *, unique: bool = False, default: str | None = None) -> fields.Field[str]:
    """Short text that is always there."""
    if default is None:
        return fields.CharField(max_length=length, unique=unique)
    return fields.CharField(max_length=length, unique=unique, default=default)


def text_or_none(length: int = 255, *, unique: bool = False) -> fields.Field[str | None]:
    """Short text that may be missing."""
    return fields.CharField(max_length=length, null=True, unique=unique)


def prose() -> fields.Field[str]:
    """Text of any length."""
    return fields.TextField(default="")


def whole(default: int | None = None) -> fields.Field[int]:
    """A whole number of 64 bits: points, or money in minor units."""
    return fields.BigIntField() if default is None else fields.BigIntField(default=default)


def whole_or_none() -> fields.Field[int | None]:
    """A whole number of 64 bits that may be missing."""
    return fields.BigIntField(null=True)


def exact() -> fields.Field[Decimal]:
    """A rate or a value per point, with ten decimals."""
    return fields.DecimalField(max_digits=28, decimal_places=10)


def exact_or_none() -> fields.Field[Decimal | None]:
    """A rate that may be missing."""
    return fields.DecimalField(max_digits=28, decimal_places=10, null=True)


def moment() -> fields.Field[datetime]:
    """A point in time, set from the clock."""
    return fields.DatetimeField()


def moment_or_none() -> fields.Field[datetime | None]:
    """A point in time that may not have come."""
    return fields.DatetimeField(null=True)


def day() -> fields.Field[date]:
    """A calendar day."""
    return fields.DateField()


def day_or_none() -> fields.Field[date | None]:
    """A calendar day that may be missing."""
    return fields.DateField(null=True)


def flag(default: bool = False) -> fields.Field[bool]:
    """Yes or no."""
    return fields.BooleanField(default=default)


def texts() -> fields.Field[dict[str, str]]:
    """Localised text: BCP 47 tag to text."""
    return fields.JSONField[dict[str, str]](default=dict)


def facts() -> fields.Field[dict[str, Any]]:
    """A small object whose shape its room knows."""
    return fields.JSONField[dict[str, Any]](default=dict)


def names() -> fields.Field[list[str]]:
    """A list of short texts."""
    return fields.JSONField[list[str]](default=list)


def one_of(table: str, column: str, values: Iterable[StrEnum]) -> CheckConstraint:
    """The column holds one of the enum's values."""
    allowed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(check=f"{column} IN ({allowed})", name=f"{table}_{column}_known")


def holds(table: str, promise: str, check: str) -> CheckConstraint:
    """A CHECK with a name that says what it promises."""
    return CheckConstraint(check=check, name=f"{table}_{promise}")
