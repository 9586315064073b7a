"""Answering a field by its plan, or plainly: found by its place in a document, compiled once, abandoned in doubt.

A plan never answers an error: whatever goes wrong while fetching or shaping, the plain path answers instead,
so errors, their paths and the nulls they leave are those of GraphQL itself.
"""

from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, cast

import structlog
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from marketplace.kit.plans.compile import Compiler, Plan, Seen
from marketplace.kit.plans.declare import Asked, Frame, Unplannable
from marketplace.kit.plans.selections import Document, conditions
from marketplace.kit.rows import Joined, Pick, Rows

T = TypeVar("T")
MOST_PLANS = 300
RESULT = 4  # the place of the resolved value among what the executor is given to complete it
log = structlog.get_logger()
answered: Counter[str] = Counter()  # how many answers were "planned", "plain" and "abandoned"


class Shaped:
    """A value whose selection has been applied: nothing below it is resolved."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class PlannedExecution(StrawberryGraphQLCoreExecutionContext):
    """The executor that takes shaped values as they are; everything else is graphql-core's."""

    def complete_object_value(self, *args: Any, **more: Any) -> Any:
        """An object, already shaped or not."""
        result = args[RESULT]
        return result.value if type(result) is Shaped else cast(Any, super()).complete_object_value(*args, **more)

    def complete_abstract_value(self, *args: Any, **more: Any) -> Any:
        """An object of an interface or a union, already shaped or not."""
        result = args[RESULT]
        return (
            result.value if type(result) is Shaped else cast(Any, super()).complete_abstract_value(*args, **more)
        )


@dataclass(frozen=True, slots=True)
class PlanInfo:
    """What resolvers see of a request while a plan calls them: its context, with everything at hand."""

    context: Any


@dataclass(frozen=True, eq=False)
class Source:
    """What a planned field is made of: rows, the classes that stand for them, and how an answer tells its own."""

    rows: Rows[Any]
    classes: frozenset[type]
    parents: Callable[[Any], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Place:
    """One place in a document: what it takes of variables to be planned, and the plans by their values."""

    nodes: Sequence[Any]  # kept, so that their identity stays theirs
    decided_by: tuple[str, ...]
    plans: dict[tuple[Any, ...], Plan | None]


_places: OrderedDict[tuple[Any, ...], _Place] = OrderedDict()


async def answer(info: Any, source: Source, read: Callable[[Pick[Any]], Awaitable[T]]) -> T:
    """A resolver's answer: `read` makes it of the rows it picks; planned, of no more than the selection takes."""
    plan = plan_for(info, source) if info.context.planned else None
    if plan is not None:
        pick = _pick(plan.frame)
        root = await read(pick)
        try:
            shaped = await _shape(plan, info, source, root, pick)
        except Exception as error:  # noqa: BLE001  # the plain path meets it again, and answers for it
            answered["abandoned"] += 1
            log.info("plan_abandoned", field=info.field_name, reason=type(error).__name__)
        else:
            answered["planned"] += 1
            return cast(T, Shaped(shaped))
    answered["plain"] += 1
    return await read(Pick(source.rows.reading()))


def plan_for(info: Any, source: Source) -> Plan | None:
    """The plan of the place that a resolver answers for, None when it must be resolved plainly."""
    raw = info._raw_info
    key = (source, *map(id, raw.field_nodes))
    place = _places.get(key)
    if place is None:
        decided_by = tuple(sorted(conditions(raw.field_nodes, raw.fragments)))
        place = _places[key] = _Place(tuple(raw.field_nodes), decided_by, {})
        if len(_places) > MOST_PLANS:
            _places.popitem(last=False)
    else:
        _places.move_to_end(key)
    variables = cast("Mapping[str, Any]", raw.variable_values)
    values = tuple(variables.get(name) for name in place.decided_by)
    if values not in place.plans:
        if len(place.plans) > MOST_PLANS:
            place.plans.clear()
        place.plans[values] = _compile(raw, source, variables)
    return place.plans[values]


def _compile(raw: Any, source: Source, variables: Mapping[str, Any]) -> Plan | None:
    document = Document(raw.schema, raw.fragments, variables)
    try:
        return Compiler(document, source.rows, source.classes).compile(raw.return_type, raw.field_nodes)
    except Unplannable as reason:
        log.debug("not_planned", field=raw.field_name, reason=str(reason))
    except Exception as error:  # a bug of ours costs speed, never an answer
        log.warning("plan_failed", field=raw.field_name, exc_info=error)
    return None


def _pick(frame: Frame) -> Pick[Any]:
    joins = [
        Joined(join.name, inner.rows.reading(inner.columns), key=join.key, clause=join.clause, build=join.build)
        for join, inner in frame.joins.items()
    ]
    return Pick(frame.rows.reading(frame.columns), joins)


async def _shape(plan: Plan, info: Any, source: Source, root: Any, pick: Pick[Any]) -> Any:
    """The answer as the selection asks for it; raises whatever keeps it from being planned."""
    variables = info._raw_info.variable_values
    at_hand: dict[str, dict[Any, Any]] = dict(pick.joined)
    parents = source.parents(root)
    for need, fetching in plan.needs.items():
        calls = [arguments(variables) for arguments in fetching.calls]
        columns = frozenset(fetching.frame.columns) if fetching.frame else frozenset[str]()
        await need.fetch(info, Asked(root, parents, calls, columns, at_hand))
    context = replace(info.context, at_hand=at_hand, loaders=dict(info.context.loaders))
    return plan.shape(root, Seen(PlanInfo(context), variables))
