"""A selection, compiled: the columns and needs that its fields declare, and a function that shapes the answer.

Compiled once for a place in a document; what cannot be planned raises Unplannable here, not in a request.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from marketplace.kit.plans.calls import (
    DECLARED,
    Arguments,
    Resolve,
    Variables,
    arguments_of,
    call_of,
    is_bare,
    is_constant,
)
from marketplace.kit.plans.declare import (
    PLANNED,
    Frame,
    Join,
    Need,
    Planned,
    Source,
    Unplannable,
    Use,
    Varies,
)
from marketplace.kit.plans.leaves import leaf
from marketplace.kit.plans.selections import Document
from marketplace.kit.rows import Joined, Nested, Selection


@dataclass(slots=True)
class Seen:
    """What shaping one answer goes by: what resolvers see as their info, and the variables."""

    info: Any
    variables: Variables
    keep: Callable[[Any, Any], Any] | None = None


class Shaped:
    """A value whose selection has been applied: nothing below it is resolved."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class ShapedRows(list[Shaped]):
    """Rows that have been shaped, and all of them as one JSON array."""

    def __init__(self, rows: Iterable[Shaped], json: Any) -> None:
        super().__init__(rows)
        self.json = json


Shape = Callable[[Any, Seen], Any]


@dataclass(eq=False)
class Fetching:
    """One need of a plan: its columns, and the arguments of each call that has it."""

    frame: Frame | None
    calls: list[Arguments] = field(default_factory=list[Arguments])
    nested: bool = False


@dataclass(frozen=True, eq=False)
class Plan:
    """What one place of a document takes, and how its answer is shaped."""

    frame: Frame
    needs: Mapping[Need, Fetching]
    shape: Shape
    varies: frozenset[Varies]
    places: int

    @cached_property
    def selection(self) -> Selection[Any]:
        """What its statement reads."""
        joins = [
            Joined(
                join.name, inner.rows.reading(inner.columns), key=join.key, clause=join.clause, build=join.build
            )
            for join, inner in self.frame.joins.items()
        ]
        nested = [
            Nested(
                need.name,
                fetching.frame.rows.reading(fetching.frame.columns),
                clause=need.nested.clause,
                key=need.nested.key,
            )
            for need, fetching in self.needs.items()
            if fetching.nested and need.nested and fetching.frame
        ]
        return Selection(self.frame.rows.reading(self.frame.columns), joins, nested)

    @cached_property
    def fetched(self) -> Sequence[tuple[Need, Fetching]]:
        """The needs that have statements of their own."""
        return [(need, fetching) for need, fetching in self.needs.items() if not fetching.nested]

    @cached_property
    def nesting(self) -> Mapping[str, Need]:
        """The needs that its statement answers beside its rows, by name."""
        return {need.name: need for need, fetching in self.needs.items() if fetching.nested}

    @cached_property
    def remembers(self) -> bool:
        """Whether the shape of a row goes by nothing but the row and what is remembered of the caller."""
        return self.places == 1 and self.varies <= {Varies.LIST, Varies.OFTEN}

    @cached_property
    def noted(self) -> bool:
        """Whether a row has the same shape for as long as nothing is noted to have changed (see `stamps`)."""
        return self.remembers and Varies.OFTEN not in self.varies


class Compiler:
    """Compiles the selection of one field whose value is made of rows of one kind."""

    def __init__(self, document: Document, source: Source) -> None:
        self._document = document
        self._classes = source.classes
        self._nests = source.nests
        self._varies: set[Varies] = set()
        self._places = 0
        self._root = Frame(source.rows)
        self._needs: dict[Need, Fetching] = {}
        self._known: dict[tuple[Any, ...], Shape] = {}
        self.fields = 0

    def compile(self, kind: Any, nodes: Sequence[FieldNode]) -> Plan:
        """The plan for a field of this type with these nodes; raises Unplannable."""
        shape = self._value(kind, nodes, self._root)
        for need, fetching in self._needs.items():
            fetching.nested = (
                self._nests is not None and need.nested is not None and all(map(is_bare, fetching.calls))
            )
        return Plan(self._root, self._needs, shape, frozenset(self._varies), self._places)

    def _value(self, kind: Any, nodes: Sequence[FieldNode], frame: Frame) -> Shape:
        if isinstance(kind, GraphQLNonNull):
            return _present(self._value(_inner(kind), nodes, frame))
        if isinstance(kind, GraphQLList):
            return _each(self._value(_inner(kind), nodes, frame))
        if is_leaf_type(kind):
            return _leaf(kind)
        if isinstance(kind, GraphQLObjectType):
            return _nullable(self._object(kind, nodes, frame))
        return self._abstract(kind, nodes, frame)

    def _abstract(self, kind: GraphQLAbstractType, nodes: Sequence[FieldNode], frame: Frame) -> Shape:
        shapes: dict[type, Shape] = {}
        assert isinstance(kind, GraphQLInterfaceType | GraphQLUnionType)
        for possible in self._document.schema.get_possible_types(kind):
            made_as = possible.extensions[DECLARED].origin
            if frame is not self._root or not self._classes or made_as in self._classes:
                shapes[made_as] = self._object(possible, nodes, frame)

        def shape(value: Any, seen: Seen) -> Any:
            if value is None:
                return None
            known = shapes.get(cast(Any, type(value)))
            if known is None:
                raise Unplannable(f"{type(value).__name__} was not planned")
            return known(value, seen)

        if frame is not self._root or not self._classes:
            return shape
        self._places += 1
        return _remembered(shape)

    def _object(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: Frame) -> Shape:
        """The shaper of one object type, made once however many types above have this selection."""
        key = (kind.name, frame, *map(id, nodes))
        if key not in self._known:
            self._known[key] = self._object_of(kind, nodes, frame)
        return self._known[key]

    def _object_of(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: Frame) -> Shape:
        parts = [
            (key, self._field(kind, selected, frame))
            for key, selected in self._document.fields(kind, nodes).items()
        ]

        def shape(value: Any, seen: Seen) -> dict[str, Any]:
            return {key: part(value, seen) for key, part in parts}

        return shape

    def _field(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode], frame: Frame) -> Shape:
        name = nodes[0].name.value
        self.fields += 1
        if name == "__typename":
            typename = kind.name
            return lambda value, seen: typename
        declared = kind.fields[name]
        field: StrawberryField = declared.extensions[DECLARED]
        resolver: StrawberryResolver[Any] | None = cast(Any, field).base_resolver
        if resolver is None and not field.extensions:
            complete, attribute = self._value(declared.type, nodes, frame), field.python_name
            return lambda value, seen: complete(getattr(value, attribute), seen)
        plan = field.metadata.get(PLANNED)
        if not isinstance(plan, Planned) or field.extensions or resolver is None:
            raise Unplannable(f"{kind.name}.{name} is not declared")
        arguments = arguments_of(declared, nodes[0])
        self._varies.update(plan.varies)
        if not is_constant(arguments):
            self._varies.add(Varies.PLACE)
        complete = self._value(declared.type, nodes, self._declare(plan, frame, arguments))
        return _resolved(call_of(resolver, arguments), complete)

    def _declare(self, plan: Planned, frame: Frame, arguments: Arguments) -> Frame:
        """Take what a field declares; returns the frame that its value's own fields read."""
        frame.read(plan.reads)
        for use in plan.uses:
            self._use(use, arguments)
        if isinstance(plan.gives, Join):
            frame.read((plan.gives.key,))
            return frame.joins.setdefault(plan.gives, Frame(plan.gives.rows))
        if plan.gives is not None:
            given = self._use(plan.gives(), arguments).frame
            if given is None:
                raise Unplannable(f"{plan.gives.name} has no rows")
            return given
        return frame

    def _use(self, use: Use, arguments: Arguments) -> Fetching:
        """Take a need, after those that it uses itself."""
        need = use.need
        for before in need.uses:
            self._use(before, arguments)
        fetching = self._needs.setdefault(need, Fetching(Frame(need.rows) if need.rows else None))
        if fetching.frame is not None:
            fetching.frame.read(use.columns)
        self._root.read(need.reads)
        fetching.calls.append(arguments)
        return fetching


def _inner(kind: Any) -> Any:
    """What a list is of, or what must not be null."""
    return kind.of_type


def _remembered(shape: Shape) -> Shape:
    """A row's shape: the one it has already, or made now and kept for the next time."""

    def remembered(value: Any, seen: Seen) -> Any:
        if type(value) is Shaped:
            return value.value
        shaped = shape(value, seen)
        return shaped if seen.keep is None or value is None else seen.keep(value, shaped)

    return remembered


def _resolved(resolve: Resolve, complete: Shape) -> Shape:
    return lambda value, seen: complete(resolve(value, seen.info, seen.variables), seen)


def _present(inner: Shape) -> Shape:
    def shape(value: Any, seen: Seen) -> Any:
        shaped = inner(value, seen)
        if shaped is None:
            raise Unplannable("null where there must be a value")
        return shaped

    return shape


def _nullable(inner: Shape) -> Shape:
    return lambda value, seen: None if value is None else inner(value, seen)


def _each(inner: Shape) -> Shape:
    def shape(value: Any, seen: Seen) -> Any:
        if type(value) is ShapedRows:
            return value.json
        return None if value is None else [inner(each, seen) for each in value]

    return shape


def _leaf(kind: GraphQLLeafType) -> Shape:
    write = leaf(kind)
    return lambda value, seen: None if value is None else write(value)
