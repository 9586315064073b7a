"""Compiled plans, kept in bounded memory: by their place in a document, and by what decides them there."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from marketplace.kit.plans.compile import Compiler, Plan
from marketplace.kit.plans.declare import Source, Unplannable
from marketplace.kit.plans.selections import Document, conditions

MOST_FIELDS = 100_000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Place:
    """One place in a document; its nodes are kept, so that their identity stays theirs."""

    nodes: tuple[Any, ...]
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    """A plan (None: none is possible), and how much of the memory it counts for."""

    nodes: tuple[Any, ...]
    plan: Plan | None
    fields: int


class Plans:
    """A least-recently-used store of plans, bounded by the fields they have together."""

    def __init__(self, most_fields: int = MOST_FIELDS) -> None:
        self._most = most_fields
        self._places: OrderedDict[tuple[Any, ...], _Place] = OrderedDict()
        self._kept: OrderedDict[tuple[Any, ...], _Kept] = OrderedDict()
        self._fields = 0

    def get(self, raw: Any, source: Source) -> Plan | None:
        """The plan for the field that a GraphQLResolveInfo stands for; None when it is resolved plainly."""
        at = (source, raw.parent_type.name, *map(id, raw.field_nodes))
        place = self._places.get(at)
        if place is None:
            place = self._places[at] = _place(raw)
            if len(self._places) > self._most // 100:
                self._places.popitem(last=False)
        else:
            self._places.move_to_end(at)
        key = (at, *map(raw.variable_values.get, place.decided_by))
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = _compiled(raw, source)
            self._fields += kept.fields
            while self._fields > self._most and len(self._kept) > 1:
                self._fields -= self._kept.popitem(last=False)[1].fields
        else:
            self._kept.move_to_end(key)
        return kept.plan


def _place(raw: Any) -> _Place:
    return _Place(tuple(raw.field_nodes), tuple(sorted(conditions(raw.field_nodes, raw.fragments))))


def _compiled(raw: Any, source: Source) -> _Kept:
    variables: Mapping[str, Any] = raw.variable_values
    compiler = Compiler(Document(raw.schema, raw.fragments, variables), source)
    plan: Plan | None = None
    try:
        plan = compiler.compile(raw.return_type, raw.field_nodes)
    except Unplannable as reason:
        log.debug("not_planned", field=raw.field_name, reason=str(reason))
    except Exception as error:  # a bug of ours costs speed, never an answer
        log.warning("plan_failed", field=raw.field_name, exc_info=error)
    return _Kept(tuple(raw.field_nodes), plan, compiler.fields if plan else 10)
