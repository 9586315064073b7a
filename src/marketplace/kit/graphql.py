"""GraphQL pieces that every room shares: scalars, nodes, connections, refusals, writes, extensions."""

import asyncio
import types
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Generic, Optional, TypeVar, Union, cast, get_args, get_origin
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader
from strawberry.types import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from marketplace.kit import ids, metrics, money, next_steps, paging
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.next_steps import NextStep, NextStepKind
from marketplace.kit.plans import COUNTED, Keeping, ShapedRows, Varies, planned
from marketplace.kit.refusals import (
    IdempotencyKeyReused,
    InProgress,
    InvalidInput,
    NotAllowed,
    Problem,
    Refusal,
    Unauthenticated,
    fact_types,
)
from marketplace.kit.scalars import CONFIG as CONFIG
from marketplace.kit.scalars import BigInt as BigInt
from marketplace.kit.scalars import CountryCode as CountryCode
from marketplace.kit.scalars import CurrencyCode as CurrencyCode
from marketplace.kit.scalars import LanguageTag as LanguageTag

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class Context:
    """What a resolver knows of the request: who asks, in which languages, and its batching loaders.

    `at_hand` is what a plan has fetched, by name and key; `planned` is off where everything shall be resolved
    plainly. With `direct` only plans answer (`kit/plans/direct.py`), for a caller's `standpoint` at `seen_at`, and
    tell `keeping` whether that may be kept.
    """

    actor: Actor | None
    request_id: str = ""
    languages: tuple[str, ...] = ("en",)
    loaders: dict[str, Any] = field(default_factory=dict)
    at_hand: dict[str, dict[Any, Any]] = field(default_factory=dict)
    planned: bool = True
    standpoint: Any = None
    direct: bool = False
    seen_at: datetime | None = None
    keeping: Keeping | None = None


Info = strawberry.Info[Context, None]


def actor_of(info: Info) -> Actor:
    """Who asks; raises Unauthenticated without a valid token."""
    if info.context.actor is None:
        raise Unauthenticated("This needs a valid token in the Authorization header.")
    return info.context.actor


def actor_with(info: Info, scope: Scope, *kinds: ActorKind) -> Actor:
    """Who asks, when the token has the scope and the principal is one of `kinds` (any when none is named)."""
    actor = actor_of(info)
    if not actor.may(scope) or (kinds and actor.kind not in kinds):
        raise NotAllowed(f"This needs a token with the scope {scope.value}.")
    return actor


@strawberry.interface(description="Anything that can be fetched again by its global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The opaque global id.")


def describe_enum(kind: type[StrEnum], about: str, *, name: str | None = None, **values: str) -> None:
    """Publish an enum with a description for itself and, by name, for every value."""
    published = cast(Any, strawberry.enum(kind, name=name, description=about))
    missing = {member.name for member in kind} ^ values.keys()
    if missing:
        raise TypeError(f"{kind.__name__} has values that are not described: {sorted(missing)}")
    for value in published.__strawberry_definition__.values:
        value.description = values[value.name]


describe_enum(
    NextStepKind,
    "What helps after a refusal.",
    EARN_POINTS="Earn the points that are missing.",
    WAIT="Wait until it opens, or the limit resets.",
    REACH_TIER="Reach a higher level.",
    CHOOSE_ANOTHER="Choose something else.",
    LOOK_AGAIN="Look at what changed, and confirm it.",
    MEND_INPUT="Mend what was sent.",
    TRY_AGAIN="Try the same again later.",
    ASK="Ask somebody who can help.",
)


@strawberry.type(name="NextStep", description="What to do next.")
class NextStepType:
    kind: NextStepKind = strawberry.field(description="What helps.")
    text: str = strawberry.field(description="The same in a sentence.")
    points: BigInt | None = strawberry.field(description="How many points to go, if it is that.")
    opens_at: datetime | None = strawberry.field(
        description="When it opens for you, or a limit resets, if it is that."
    )

    @strawberry.field(description="The shortest way to earn these points, if your program has one.")
    async def action(self, info: Info) -> str | None:
        actor = info.context.actor
        if self.points is None or actor is None or actor.kind is not ActorKind.MEMBER:
            return None
        return await next_steps.shortest_action(actor.id, self.points, info.context.languages)

    @classmethod
    def of(cls, step: NextStep | None, languages: Sequence[str]) -> "NextStepType | None":
        if step is None:
            return None
        points = None if step.points is None else BigInt(step.points)
        return cls(kind=step.kind, text=step.said(languages), points=points, opens_at=step.opens_at)


@strawberry.interface(description="An expected refusal that an app can show to its user.")
class UserError:
    code: str = strawberry.field(description="A stable code for programs.")
    message: str = strawberry.field(description="The refusal in a sentence for people.")
    next_step: NextStepType | None = strawberry.field(
        description="What to do next; null where the message says it all."
    )


@strawberry.federation.type(name="Money", shareable=True, description="An amount of money.")
class MoneyType:
    amount: Decimal = strawberry.field(description="Major units with exactly the currency's decimals.")
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")

    @classmethod
    def of(cls, value: money.Money) -> "MoneyType":
        return cls(amount=value.amount, currency=CurrencyCode(value.currency))

    @classmethod
    def minor(cls, minor: int, currency: str) -> "MoneyType":
        return cls.of(money.Money(minor, currency))


@strawberry.input(name="MoneyInput", description="An amount of money.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="Major units, with no more decimals than the currency has.")
    currency: CurrencyCode = strawberry.field(description="ISO 4217 code.")

    def money(self, path: str) -> money.Money:
        """As minor units; raises InvalidInput naming `path`."""
        if not money.is_currency(self.currency):
            raise InvalidInput.at(
                f"{path}.currency", "{code} is not an ISO 4217 currency code.", code=self.currency
            )
        try:
            return money.Money.of(self.amount, self.currency)
        except money.BadAmount as error:
            raise InvalidInput.at(f"{path}.amount", str(error)) from None


@strawberry.federation.type(shareable=True, description="Where a page stands in its list.")
class PageInfo:
    page: strawberry.Private[paging.Page[Any]]

    @planned(description="Whether more rows follow this page.")
    def has_next_page(self) -> bool:
        return self.page.has_next

    @planned(description="Whether rows stand before this page.")
    def has_previous_page(self) -> bool:
        return self.page.has_previous

    @planned(description="The cursor of the first row.")
    def start_cursor(self) -> str | None:
        return self.page.cursors[0] if self.page.cursors else None

    @planned(description="The cursor of the last row; give it as `after`.")
    def end_cursor(self) -> str | None:
        return self.page.cursors[-1] if self.page.cursors else None


First = Annotated[int | None, strawberry.argument(description="How many rows, at most 100.")]
After = Annotated[str | None, strawberry.argument(description="The cursor to go on from.")]


@strawberry.type(description="One row of a page.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The place of this row in the list.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    page: strawberry.Private[paging.Page[Any]]
    shown: strawberry.Private[list[T]]
    counter: strawberry.Private[Callable[[], Awaitable[int]] | None] = None

    @planned(description="The rows with their cursors.")
    def edges(self) -> list[Edge[T]]:
        return [Edge(cursor=c, node=row) for c, row in zip(self.page.cursors, self.shown, strict=True)]

    @planned(description="Where this page stands.")
    def page_info(self) -> PageInfo:
        return PageInfo(page=self.page)

    @planned(description="The rows alone.")
    def nodes(self) -> list[T]:
        return self.shown

    @planned(
        uses=(COUNTED(),),
        varies=(Varies.LIST,),
        description="How many rows the whole list has; counted only when asked for.",
    )
    async def total_count(self) -> int | None:
        return await self.counter() if self.counter else None

    @classmethod
    def of(
        cls,
        page: paging.Page[Any],
        shape: Callable[[Any], T],
        counter: Callable[[], Awaitable[int]] | None = None,
    ) -> "Connection[T]":
        """A page of rows, each turned into its type by `shape`; those that a plan has shaped stay as they are."""
        shown = page.items if type(page.items) is ShapedRows else [shape(row) for row in page.items]
        return cls(page=page, shown=cast("list[T]", shown), counter=counter)


@strawberry.type(name="InputProblem", description="One thing wrong with an input.")
class ProblemType:
    path: str = strawberry.field(description="Where in the input, such as `amount.currency`.")
    message: str = strawberry.field(description="What is wrong and how to mend it.")


# Refusals: each exception class is published once as a type of the same name.

_refusal_types: dict[type[Refusal], type] = {}


def _output_type(hint: Any) -> Any:
    inner = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if isinstance(inner, types.UnionType):
        return Optional[_output_type(next(a for a in get_args(inner) if a is not type(None)))]  # noqa: UP045
    plain: dict[Any, Any] = {int: BigInt, money.Money: MoneyType, list[Problem]: list[ProblemType], Refusal: str}
    return plain.get(inner, inner)


def _output_value(value: Any, languages: Sequence[str]) -> Any:
    if isinstance(value, money.Money):
        return MoneyType.of(value)
    if isinstance(value, Refusal):
        return value.said(languages)
    if isinstance(value, list):
        return [_output_value(item, languages) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return ProblemType(path=value.path, message=value.said(languages)) if isinstance(value, Problem) else value


def refusal_type(refusal: type[Refusal]) -> type:
    """The GraphQL type of a refusal: code, message and its facts."""
    if refusal not in _refusal_types:
        body: dict[str, Any] = {"__annotations__": {}}
        for name, hint in fact_types(refusal).items():
            body["__annotations__"][name] = _output_type(hint)
            about = get_args(hint)[1] if get_origin(hint) is Annotated else None
            body[name] = strawberry.field(description=about)
        cls = type(refusal.__name__, (UserError,), body)
        _refusal_types[refusal] = strawberry.type(cls, description=(refusal.__doc__ or "").split("\n\n")[0])
    return _refusal_types[refusal]


def refusal_handlers() -> list[Any]:
    """One handler for each published refusal, for the schema."""

    def handler(refusal: type[Refusal], published: type) -> Any:
        class Handler(strawberry.ExceptionHandler):  # type: ignore[misc]
            exception_type = refusal
            error_type = published

            def handle(self, exception: Any, *, field: Any, info: Any) -> Any:
                if type(exception) is not refusal:
                    return None
                metrics.refusals.labels(exception.code).inc()
                languages = info.context.languages
                facts = {name: _output_value(value, languages) for name, value in exception.facts.items()}
                step = NextStepType.of(exception.next_step, languages)
                return published(code=exception.code, message=exception.said(languages), next_step=step, **facts)

        return Handler()

    return [handler(refusal, published) for refusal, published in _refusal_types.items()]


def published_refusals() -> Mapping[type[Refusal], type]:
    """Every refusal that some mutation can answer, with its GraphQL type."""
    return _refusal_types


_THE_INPUT = strawberry.argument(description="What is asked for, under the key that makes it happen once.")
EVERY_WRITE: tuple[type[Refusal], ...] = (InvalidInput, IdempotencyKeyReused, InProgress)


def mutation(*, gives: Any, refuses: Sequence[type[Refusal]] = (), description: str) -> Callable[[Any], Any]:
    """Publish a resolver as a mutation `doThing -> DoThingResult = gives | refusals`, nullable.

    Every write can also answer InvalidInput, IdempotencyKeyReused and InProgress.
    """

    def publish(resolver: Any) -> Any:
        field_name = to_camel_case(resolver.__name__)
        name = f"{field_name[0].upper()}{field_name[1:]}Result"
        hints: dict[str, Any] = resolver.__annotations__
        hints["input"] = Annotated[hints["input"], _THE_INPUT]
        members = (gives, *(refusal_type(r) for r in dict.fromkeys((*refuses, *EVERY_WRITE))))
        union = Annotated[
            Union[members],  # noqa: UP007  # pyright: ignore
            strawberry.union(name, description=f"The outcome of `{field_name}`, or why not."),
        ]
        return strawberry.mutation(
            resolver=resolver,
            graphql_type=Optional[union],  # noqa: UP045
            description=description,
        )

    return publish


@strawberry.input(description="What every write carries.")
class WriteInput:
    idempotency_key: str = strawberry.field(
        description="1 to 255 printable characters. Repeat it to repeat the answer, not the act."
    )


# Nodes: each room says how its rows are fetched by id, scoped to the actor.

NodeLoader = Callable[[Info, list[UUID]], Awaitable[Mapping[UUID, Any]]]
_nodes: dict[str, NodeLoader] = {}


def node_loader(prefix: str) -> Callable[[NodeLoader], NodeLoader]:
    """Register how rows behind `prefix_…` ids are fetched: visible ones only, in one statement."""

    def register(loader: NodeLoader) -> NodeLoader:
        _nodes[prefix] = loader
        return loader

    return register


def node_loaders() -> Mapping[str, NodeLoader]:
    """Every registered node loader by id prefix."""
    return _nodes


async def batched(
    info: Info, name: str, fetch: Callable[[Info, list[K]], Awaitable[Mapping[K, V]]], key: K
) -> V | None:
    """What `fetch` finds under a key, or None; asked for together with all others of the same moment."""
    at_hand = info.context.at_hand.get(name)
    if at_hand is not None and key in at_hand:
        return at_hand[key]
    loader: DataLoader[K, V | None] | None = info.context.loaders.get(name)
    if loader is None:

        async def load(keys: list[K]) -> list[V | None]:
            found = await fetch(info, keys)
            return [found.get(key) for key in keys]

        loader = info.context.loaders[name] = DataLoader(load)
    # A failing sibling cancels the fields beside it; what others wait for too must outlive that.
    return await asyncio.shield(loader.load(key))


async def load_node(info: Info, prefix: str, key: UUID) -> Any:
    """The node of a prefix with this key, or None when there is none for the caller; batched."""
    return await batched(info, prefix, _nodes[prefix], key)


async def load_entity(info: Info, prefix: str, id: object) -> Any:
    """What a federation representation with this global id stands for; None when there is no such thing."""
    parts = ids.split(id) if isinstance(id, str) else None
    return await load_node(info, prefix, parts[1]) if parts and parts[0] == prefix else None


def id_of(prefix: str, text: str, path: str) -> UUID:
    """The UUID behind an id in an input; raises InvalidInput naming `path`."""
    try:
        return ids.parse(prefix, text)
    except ids.BadId as error:
        raise InvalidInput.at(path, str(error)) from None


def extend(*targets: type) -> Callable[[type], type]:
    """Add the fields of a class of a higher room to a type of a lower one, or to an interface and its types.

    Resolvers take the parent as `brand: strawberry.Parent[Brand]`.
    """

    def add(extension: type) -> type:
        published = get_object_definition(strawberry.type(extension), strict=True)
        for target in targets:
            fields = get_object_definition(target, strict=True).fields
            taken = {field.python_name for field in fields}
            for extra in published.fields:
                if extra.python_name in taken:
                    raise TypeError(f"{target.__name__} already has a field {extra.python_name}")
                fields.append(extra)
        return extension

    return add
