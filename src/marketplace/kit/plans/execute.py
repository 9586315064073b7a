"""Answering a field by its plan, or plainly: found by its place in a document, compiled once, abandoned in doubt.

A plan never answers an error: whatever goes wrong while fetching or shaping, the plain path answers instead,
so errors, their paths and the nulls they leave are those of GraphQL itself.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar, cast

import structlog
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from marketplace.kit.plans.compile import Plan, Seen, Shaped
from marketplace.kit.plans.declare import Asked, Source, Unplannable, Varies
from marketplace.kit.plans.kept import Plans
from marketplace.kit.plans.picks import RecallingPick, pick_of
from marketplace.kit.rows import Pick, Selection

T = TypeVar("T")
RESULT = 4  # the place of the resolved value among what the executor is given to complete it
log = structlog.get_logger()
answered: Counter[str] = Counter()  # how many answers were "planned", "plain" and "abandoned"


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


@dataclass(frozen=True)
class PlanInfo:
    """What resolvers see of a request while a plan calls them: its context, with everything at hand."""

    asked: Any
    at_hand: dict[str, dict[Any, Any]]

    @cached_property
    def context(self) -> Any:
        """Made when somebody looks: nobody does where all rows were shaped before."""
        return replace(self.asked, at_hand=self.at_hand, loaders=dict(self.asked.loaders))


_plans = Plans()


async def answer(info: Any, source: Source, read: Callable[[Pick[Any]], Awaitable[T]]) -> T:
    """A resolver's answer: `read` makes it of the rows it picks; planned, of no more than the selection takes."""
    plan = _plans.get(info._raw_info, source) if info.context.planned else None
    if info.context.direct:
        if plan is None or Varies.CALLER in plan.varies:
            raise Unplannable("only what is the same for all of a standpoint is answered here")
        shaped = await _planned(plan, info, source, read)
        answered["planned"] += 1
        return cast(T, Shaped(shaped))
    if plan is not None:
        try:
            shaped = await _planned(plan, info, source, read)
        except Exception as error:  # noqa: BLE001  # the plain path meets it again, and answers for it
            answered["abandoned"] += 1
            log.info("plan_abandoned", field=info.field_name, reason=type(error).__name__)
        else:
            answered["planned"] += 1
            return cast(T, _as_shaped(shaped))
    answered["plain"] += 1
    return await read(Pick(Selection(source.rows.reading())))


def _as_shaped(value: Any) -> Any:
    """As the executor takes it: a list is completed by its parts."""
    if isinstance(value, list):
        return [None if each is None else Shaped(each) for each in cast("list[Any]", value)]
    return Shaped(value)


async def _planned(plan: Plan, info: Any, source: Source, read: Callable[[Pick[Any]], Awaitable[Any]]) -> Any:
    """The answer as the selection asks for it; raises whatever keeps it from being planned."""
    context = info.context
    pick = pick_of(plan, context, source)
    root = await read(pick)
    variables = info._raw_info.variable_values
    at_hand: dict[str, dict[Any, Any]] = {**context.at_hand, **pick.at_hand}
    if plan.fetched:
        parents = [parent for parent in source.parents(root) if type(parent) is not Shaped]
        for need, fetching in plan.fetched:
            calls = [arguments(variables) for arguments in fetching.calls]
            columns = frozenset(fetching.frame.columns) if fetching.frame else frozenset[str]()
            await need.fetch(info, Asked(root, parents, calls, columns, at_hand))
    keep = pick.keep if isinstance(pick, RecallingPick) else None
    shaped = plan.shape(root, Seen(PlanInfo(context, at_hand), variables, keep))
    if info.context.keeping is not None:
        info.context.keeping.learn(plan, pick)
    return shaped
