"""A migration's operation for a column that may not be empty, on a table that has rows already."""

from typing import Any

from tortoise.migrations.operations import AddField


class AddFilledField(AddField):
    """Add a column, with the field's default in every row that stands there; afterwards the column has none.

    Tortoise's own AddField leaves those rows empty, which a column that may not be empty refuses: a
    migration that works on an empty database and on no other.
    """

    async def database_forward(
        self, app_label: str, old_state: Any, new_state: Any, state_editor: Any | None = None
    ) -> None:
        """Make the column, filled."""
        if state_editor is None:
            return
        model: Any = new_state.apps.get_model(f"{app_label}.{self.model_name}")
        field: Any = model._meta.fields_map[self.name]
        before, fill = field.db_default, field.default
        field.db_default = fill() if callable(fill) else fill
        try:
            await state_editor.add_field(model, self.name)
        finally:
            field.db_default = before
        table, column = model._meta.db_table, model._meta.fields_db_projection[self.name]
        await state_editor._run_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" DROP DEFAULT')
