"""Runs Tortoise's migrations without its cost for each operation: it copies and renders every model anew.

Nearly all operations ask the copy for nothing, and the others for one model, so here a model is copied and
rendered when it is asked for. With a hundred tables this makes an empty database in a tenth of the time.
"""

from collections.abc import Iterator
from typing import Any, cast

from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.fields.relational import RelationalField
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.graph import MigrationKey
from tortoise.migrations.schema_generator.state import ModelState, State
from tortoise.migrations.schema_generator.state_apps import StateApps

Key = tuple[str, str]


class _Models(dict[Key, ModelState]):
    """The models of a state by room and name. A copy shares them, and whoever takes one out gets it for itself."""

    def __init__(self, models: "_Models | None" = None) -> None:
        super().__init__(models or {})
        self._shared = set(self)

    def copied(self) -> "_Models":
        """The same models, of which neither sees what becomes of the other's."""
        self._shared = set(self)
        return _Models(self)

    def __setitem__(self, key: Key, model: ModelState) -> None:
        self._shared.discard(key)
        super().__setitem__(key, model)

    def __getitem__(self, key: Key) -> ModelState:
        if key in self._shared:
            self[key] = super().__getitem__(key).clone()
        return super().__getitem__(key)

    def get(self, key: Key, default: Any = None) -> Any:
        """The model, or the default."""
        try:
            return self[key]
        except KeyError:
            return default

    def pop(self, key: Key, default: Any = None) -> Any:
        """The model, which is no longer there, or the default."""
        found = self.get(key, default)
        super().pop(key, None)
        return found

    def values(self) -> Any:
        """All of them, to be changed. `items` are to be read, as by Tortoise."""
        return [self[key] for key in self]


class _Apps(StateApps):
    """The classes of one state, each made when it is asked for, together with those that it refers to."""

    models: _Models

    def get_model(self, app_label: str, model_name: str | None = None) -> Any:
        """The class of `room.Model`, or of a room and a name; raises KeyError when the state has none."""
        key = self.split_reference(app_label) if model_name is None else (app_label, model_name)
        if not self._has(key):
            self._make(key)
        return super().get_model(*key)

    def _has(self, key: tuple[str, str]) -> bool:
        return key[1] in self.apps.get(key[0], {})

    def _make(self, key: tuple[str, str]) -> None:
        wanted = [key]
        while wanted:
            key = wanted.pop()
            if not self._has(key):
                state = self.models[key]
                self.register_model(key[0], state.render(self))
                wanted += [self.split_reference(name) for name in _referred_to(state)]
        self._init_relations()
        self._build_initial_querysets()


def _referred_to(state: ModelState) -> Iterator[str]:
    """The models, as `room.Model`, that a model has foreign keys to."""
    fields: dict[str, Any] = cast(Any, state).fields
    for field in fields.values():
        if isinstance(field, RelationalField):
            yield cast(Any, field).model_name


class _State(State):
    """All models at one point of the story."""

    def __init__(self, models: _Models, connections: dict[str, str]) -> None:
        self.models = self._own = models
        self._connections = connections
        self._apps: _Apps | None = None

    @property
    def apps(self) -> StateApps:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The classes."""
        if self._apps is None:
            self._apps = _Apps(self._connections)
            self._apps.models = self._own
        return self._apps

    def clone(self) -> State:
        """The same again, on its own."""
        return _State(self._own.copied(), self._connections)

    def reload_models(self, model_tuples: Any) -> None:
        """Models have changed: the classes are made anew when they are asked for."""
        self._apps = None

    def reload_model(self, app_label: str, model_name: str) -> None:
        """One model has changed."""
        self._apps = None


def nothing(rooms: dict[str, Any]) -> State:
    """The state before any migration, by the configuration of the rooms."""
    connections = {label: config.get("default_connection", "default") for label, config in rooms.items()}
    return _State(_Models(), connections)


class Executor(MigrationExecutor):
    """Tortoise's, over states that are rendered when asked."""

    async def _project_state(self, applied: set[MigrationKey], *, upto: MigrationKey | None = None) -> State:
        return (await self._states(applied, upto))[1]

    async def _project_state_cache(self, applied: set[MigrationKey]) -> dict[MigrationKey, State]:
        return (await self._states(applied, None))[0]

    async def _states(
        self, applied: set[MigrationKey], upto: MigrationKey | None
    ) -> tuple[dict[MigrationKey, State], State]:
        """The state before each migration that is applied, in order, and the one after the last."""
        state = nothing(cast(Any, self.loader).apps_config)
        before: dict[MigrationKey, State] = {}
        for key in self._full_plan():
            if key == upto:
                break
            if key in applied:
                before[key] = state.clone()
                for operation in cast(Any, self.loader.graph.nodes[key]).operations:
                    operation.state_forward(key.app_label, state)
        return before, state


async def run(config: dict[str, Any], targets: list[MigrationTarget]) -> None:
    """Bring a database to these targets, forwards or backwards."""
    await Tortoise.init(config=config, init_connections=False)
    await Executor(get_connection("default"), config["apps"]).migrate(targets, direction="both")
