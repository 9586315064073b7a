"""What an operation may cost at the most, counted on its syntax before anything runs.

Each object that may be answered costs 1, a scalar nothing, and a list its length times what one
of its rows costs. A length is what `first` or `last` says, the number of ids given, or an
assumption (as `@listSize(assumedSize:)` of https://ibm.github.io/graphql-specs/cost-spec.html
would be). What is dear beyond the objects it answers has a weight. A document is counted once;
only lengths that come as variables are filled in with each request.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_object_type,
)

from marketplace.app.errors import RequestErrors
from marketplace.app.limits import PAGE_ARGUMENTS, exceeded
from marketplace.kit.paging import DEFAULT_PAGE

ASSUMED_SIZE = 10
MUTATION = 10
"""The weight of each mutation: a transaction, locks and an audit row."""

COUNTED_ARGUMENTS = frozenset({"ids", "representations"})
ROWS = frozenset({"edges", "nodes"})
WEIGHTS: Mapping[str, int] = {
    "totalCount": 20,
    "pageInfo": 0,
    "Query.offerFacets": 100,
    "Query.redemptionChoices": 50,
    "Query.settlementPreview": 100,
    "Query._service": 100,
}
"""By field name, or by type and field, where it is not 1 for an object and 0 for a scalar."""

SIZES: Mapping[str, int] = {
    "Query.markets": 50,
    "Query.categories": 30,
    "Partner.contracts": 20,
}
"""Assumed lengths of lists that are not paged, where ASSUMED_SIZE says too little or too much."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length that comes with the request, in one of several variables; the longest counts.

    `variables` are names with what the operation says they are when left out; `written` is a length
    that stands in the document beside them, and `default` the one when there is no other.
    """

    variables: tuple[tuple[str, int | None], ...]
    written: int | None
    default: int

    def given(self, variables: Mapping[str, Any]) -> int:
        """The length this request asks for. What is no length at all is refused later, by its type."""
        found = [] if self.written is None else [self.written]
        for name, otherwise in self.variables:
            value: object = variables.get(name, otherwise)
            if isinstance(value, list):
                found.append(len(value))  # pyright: ignore[reportUnknownArgumentType]  # its length is enough
            elif isinstance(value, int) and not isinstance(value, bool):
                found.append(max(value, 0))
        return max(found, default=self.default)


@dataclass(frozen=True, slots=True)
class Cost:
    """`fixed`, and each row's cost times its length, and the dearest of the alternatives."""

    fixed: int = 0
    rows: tuple[tuple[Length, "Cost"], ...] = ()
    either: tuple[tuple["Cost", ...], ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """The cost with these variables."""
        total = self.fixed
        for length, row in self.rows:
            total += length.given(variables) * row.of(variables)
        for alternatives in self.either:
            total += max(each.of(variables) for each in alternatives)
        return total

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.fixed + other.fixed, self.rows + other.rows, self.either + other.either)

    def times(self, length: int | Length) -> "Cost":
        """This cost for each row of a list."""
        if isinstance(length, Length):
            return Cost(rows=((length, self),))
        return Cost(
            self.fixed * length,
            tuple((inner, row.times(length)) for inner, row in self.rows),
            tuple(tuple(each.times(length) for each in alternatives) for alternatives in self.either),
        )


@dataclass(slots=True)
class Counter:
    """Counts one operation of a valid document."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    defaults: Mapping[str, ValueNode]
    _known: dict[str, Cost] = field(default_factory=dict[str, Cost])

    def count(self, selected: SelectionSetNode | None, parent: GraphQLNamedType, length: int | Length = 1) -> Cost:
        """The cost of a selection set on one object of the type, whose lists of rows have this length."""
        total = Cost()
        alternatives: dict[str, Cost] = {}
        for selection in selected.selections if selected else ():
            if isinstance(selection, FieldNode):
                total += self._field(selection, parent, length)
                continue
            on, cost = self._spread(selection, parent, length)
            if is_object_type(on) and on is not parent:
                alternatives[on.name] = alternatives.get(on.name, Cost()) + cost
            else:
                total += cost
        if not alternatives:
            return total
        each = tuple(alternatives.values())
        if any(cost.rows or cost.either for cost in each):
            return total + Cost(either=(each,))
        return total + Cost(max(cost.fixed for cost in each))

    def _spread(
        self, node: object, parent: GraphQLNamedType, length: int | Length
    ) -> tuple[GraphQLNamedType, Cost]:
        if isinstance(node, FragmentSpreadNode):
            definition = self.fragments[node.name.value]
            on = self.schema.type_map[definition.type_condition.name.value]
            key = f"{node.name.value} {length}"
            if key not in self._known:
                self._known[key] = self.count(definition.selection_set, on, length)
            return on, self._known[key]
        assert isinstance(node, InlineFragmentNode)
        on = self.schema.type_map[node.type_condition.name.value] if node.type_condition else parent
        return on, self.count(node.selection_set, on, length)

    def _field(self, node: FieldNode, parent: GraphQLNamedType, length: int | Length) -> Cost:
        name = node.name.value
        if name.startswith("__"):
            return Cost()
        definition = _definition(parent, name)
        inner = cast("GraphQLNamedType", get_named_type(cast("Any", definition.type)))
        weight = WEIGHTS.get(f"{parent.name}.{name}", WEIGHTS.get(name, self._weight(parent, inner)))
        if not is_composite_type(inner):
            return Cost(weight)
        asked = self._length(node, definition)
        if not _is_list(definition):
            return Cost(weight) + self.count(node.selection_set, inner, 1 if asked is None else asked)
        if asked is None:
            asked = length if name in ROWS else SIZES.get(f"{parent.name}.{name}", ASSUMED_SIZE)
        return (Cost(weight) + self.count(node.selection_set, inner)).times(asked)

    def _weight(self, parent: GraphQLNamedType, inner: GraphQLNamedType) -> int:
        if parent is self.schema.mutation_type:
            return MUTATION
        return 1 if is_composite_type(inner) and not inner.name.endswith("Edge") else 0

    def _length(self, node: FieldNode, definition: GraphQLField) -> int | Length | None:
        """The length that arguments say, or None for a field that takes none."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        if counted := COUNTED_ARGUMENTS & given.keys():
            return self._longest([given[name] for name in counted], ASSUMED_SIZE)
        taken = PAGE_ARGUMENTS & definition.args.keys()
        if not taken:
            return None
        default: object = definition.args["first"].default_value if "first" in definition.args else None
        size = default if isinstance(default, int) else DEFAULT_PAGE
        return self._longest([given[name] for name in sorted(taken & given.keys())], size)

    def _longest(self, values: Sequence[ValueNode], default: int) -> int | Length:
        written = max((size for size in map(_size, values) if size is not None), default=None)
        names = [each.name.value for each in values if isinstance(each, VariableNode)]
        if names:
            return Length(tuple((name, _size(self.defaults.get(name))) for name in names), written, default)
        return default if written is None else written


def _definition(parent: GraphQLNamedType, name: str) -> GraphQLField:
    """The field of a type that has such a field, as every selected one does in a valid document."""
    assert isinstance(parent, GraphQLObjectType | GraphQLInterfaceType)
    return parent.fields[name]


def _is_list(definition: GraphQLField) -> bool:
    returned: object = cast("Any", definition.type)
    inner: object = cast("Any", returned).of_type if isinstance(returned, GraphQLNonNull) else returned
    return isinstance(inner, GraphQLList)


def _size(value: ValueNode | None) -> int | None:
    """The length that a written value says, or None when it says none."""
    if isinstance(value, IntValueNode):
        return max(int(value.value[:20]), 0)
    return len(value.values) if isinstance(value, ListValueNode) else None


def costs(schema: GraphQLSchema, document: DocumentNode) -> Mapping[str | None, Cost]:
    """The cost of each operation of a valid document, by its name."""
    fragments = {
        each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    found: dict[str | None, Cost] = {}
    for operation in _operations(document):
        defaults = {
            each.variable.name.value: each.default_value
            for each in operation.variable_definitions or ()
            if each.default_value is not None
        }
        root = schema.get_root_type(operation.operation)
        assert root is not None
        counted = Counter(schema, fragments, defaults).count(operation.selection_set, root)
        found[operation.name.value if operation.name else None] = counted
    return found


def _operations(document: DocumentNode) -> Iterable[OperationDefinitionNode]:
    return (each for each in document.definitions if isinstance(each, OperationDefinitionNode))


def must_be_affordable(requested: int, allowed: int) -> None:
    """Raise RequestErrors, with `extensions.cost`, when an operation costs more than is allowed."""
    if requested > allowed:
        refused = exceeded("cost", requested, allowed)
        raise RequestErrors(refused.errors, told(requested, allowed))


def told(requested: int, allowed: int) -> dict[str, Any]:
    """What an answer's `extensions` say of its cost."""
    return {"cost": {"requested": requested, "allowed": allowed}}
