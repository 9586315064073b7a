"""What a selection set asks of one type: GraphQL's CollectFields, with `@skip` and `@include`.

https://spec.graphql.org/draft/#CollectFields()
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from marketplace.kit.plans.declare import Unplannable

CONDITIONS = {"skip": False, "include": True}


@dataclass(frozen=True, slots=True)
class Document:
    """What selections are read against: the schema, the document's fragments, the variables of conditions."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def fields(self, kind: GraphQLObjectType, nodes: Sequence[FieldNode]) -> dict[str, list[FieldNode]]:
        """The fields selected of a type by these nodes together, by response key, in their order."""
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(kind, node.selection_set, grouped, seen)
        return grouped

    def _collect(
        self,
        kind: GraphQLObjectType,
        selected: SelectionSetNode,
        grouped: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selected.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                key = node.alias.value if node.alias else node.name.value
                grouped.setdefault(key, []).append(node)
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                inner = self.fragments[node.name.value]
            if self._applies(inner, kind):
                if isinstance(node, FragmentSpreadNode):
                    seen.add(node.name.value)
                self._collect(kind, inner.selection_set, grouped, seen)

    def _applies(self, fragment: Any, kind: GraphQLObjectType) -> bool:
        condition = fragment.type_condition
        if condition is None or condition.name.value == kind.name:
            return True
        named = self.schema.get_type(condition.name.value)
        return isinstance(named, GraphQLAbstractType) and self.schema.is_sub_type(named, kind)

    def _included(self, node: SelectionNode) -> bool:
        """Whether every condition holds; other directives than those two change more than plans know."""
        for directive in node.directives or ():
            if directive.name.value not in CONDITIONS:
                raise Unplannable(f"@{directive.name.value}")
            if self._condition(directive) is not CONDITIONS[directive.name.value]:
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool:
        value = directive.arguments[0].value if directive.arguments else None
        if isinstance(value, BooleanValueNode):
            return value.value
        if isinstance(value, VariableNode) and isinstance(self.variables.get(value.name.value), bool):
            return self.variables[value.name.value]
        raise Unplannable("a condition without a value")


def conditions(nodes: Iterable[Any], fragments: Mapping[str, FragmentDefinitionNode]) -> frozenset[str]:
    """The names of the variables that decide what is selected below these nodes."""
    return frozenset(_condition_variables(nodes, fragments, set()))


def _condition_variables(
    nodes: Iterable[Any], fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[str]:
    for node in nodes:
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
        if isinstance(node, FragmentSpreadNode):
            if node.name.value in seen:
                continue
            seen.add(node.name.value)
            node = fragments[node.name.value]
        if node.selection_set is not None:
            yield from _condition_variables(node.selection_set.selections, fragments, seen)
