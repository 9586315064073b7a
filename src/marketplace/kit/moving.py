"""Migrations' operations for a table that another room takes over: the rows stay where they are."""

from typing import Any

from tortoise.migrations.operations import CreateModel, DeleteModel


class TakeOver(CreateModel):
    """The model belongs to this room from here on; its table is there already."""

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        """Nothing: the table is there."""

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        """Nothing: the table stays."""


class HandOver(DeleteModel):
    """The model belongs to another room from here on; its table stays."""

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        """Nothing: the table stays."""

    async def database_backward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        """Nothing: the table is there."""
