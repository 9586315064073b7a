"""Migrations meet tables with rows in them."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tortoise.migrations.operations import AddField

FOLDER = Path(__file__).parents[2] / "migrations"
NAMES = [f"migrations.{path.parent.name}.{path.stem}" for path in sorted(FOLDER.glob("*/0*.py"))]


@pytest.mark.parametrize("name", NAMES)
def test_a_new_column_says_what_the_rows_of_before_get(name: str) -> None:
    operations: list[Any] = import_module(name).Migration.operations
    plain: list[Any] = [each for each in operations if type(each) is AddField]
    empty = [each.name for each in plain if not each.field.null and not each.field.has_db_default()]
    assert empty == [], "use AddFilledField of marketplace.kit.filling"
