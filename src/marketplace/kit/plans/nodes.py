"""Kinds of things that are planned when they are asked for by their global ids, one or a list of one kind."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.kit.plans.declare import Source
from marketplace.kit.rows import Pick

Load = Callable[[Any, list[UUID], Pick[Any]], Awaitable[Mapping[UUID, Any]]]


@dataclass(frozen=True, slots=True)
class PlannedNodes:
    """What the things of one prefix are made of, and how those the caller may see are fetched."""

    source: Source
    load: Load


_planned: dict[str, PlannedNodes] = {}


def planned_nodes(prefix: str, source: Source) -> Callable[[Load], Load]:
    """Register how things behind `prefix_…` ids are fetched by a pick, in one statement."""

    def register(load: Load) -> Load:
        _planned[prefix] = PlannedNodes(source, load)
        return load

    return register


def planned_as(prefix: str) -> PlannedNodes | None:
    """How things of a prefix are planned, if they are."""
    return _planned.get(prefix)
