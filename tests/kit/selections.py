"""Queries as no person would write them: any selection of a field, with fragments, aliases and conditions."""

from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,  # pyright: ignore[reportUnknownVariableType]  # graphql-core leaves a type open
    is_leaf_type,
)
from hypothesis import strategies as st

DEPTH = 5
VARIABLES = {
    "on": "Boolean! = true",
    "off": "Boolean! = false",
    "market": 'CountryCode = "NL"',
    "amount": "Decimal = 15",
    "first": "Int = 2",
}
ARGUMENTS = {
    "market": ['"NL"', '"SE"', '"XX"', "null", "$market"],
    "amount": ['"15.00"', '"20"', '"1.234567"', "null", "$amount"],
    "first": ["1", "3", "$first"],
}
CONDITIONS = [
    *[""] * 12,
    "@include(if: $on)",
    "@skip(if: $off)",
    "@include(if: false)",
    "@skip(if: $on)",
]
Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass
class Writing:
    """One document while it is written; `aside` are the fields it leaves out, as `Type.field`."""

    schema: GraphQLSchema
    draw: st.DrawFn
    aside: frozenset[str]
    fragments: list[str] = field(default_factory=list[str])
    named: int = 0

    def selected(self, kind: Composite, depth: int) -> str:
        """A selection set of a type."""
        parts = [self._part(kind, depth) for _ in range(self.draw(st.integers(1, 5)))]
        return "{ " + " ".join(part or "__typename" for part in parts) + " }"

    def _part(self, kind: Composite, depth: int) -> str:
        form = self.draw(st.sampled_from(["field"] * 6 + ["typename", "inline", "fragment"]))
        if form == "typename":
            return f"{self._alias(1)}__typename {self._condition()}"
        if form == "field" and not isinstance(kind, GraphQLUnionType):
            return self._field(kind, depth)
        return self._fragment(kind, depth, named=form == "fragment") if depth else "__typename"

    def _fragment(self, kind: Composite, depth: int, *, named: bool) -> str:
        narrower: list[Any] = [kind]
        if not isinstance(kind, GraphQLObjectType):
            narrower += self.schema.get_possible_types(kind)
        on = self.draw(st.sampled_from(narrower))
        body = f"on {on.name} {self.selected(on, depth - 1)}"
        if not named:
            return f"... on {on.name} {self._condition()} {body.removeprefix(f'on {on.name} ')}"
        self.named += 1
        name = f"Part{self.named}"
        self.fragments.append(f"fragment {name} {body}")
        return f"...{name} {self._condition()} ...{name}"

    def _field(self, kind: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        names = [
            name
            for name, each in kind.fields.items()
            if f"{kind.name}.{name}" not in self.aside and (depth or is_leaf_type(_named(each)))
        ]
        if not names:
            return "__typename"
        name = self.draw(st.sampled_from(names))
        chosen = kind.fields[name]
        arguments = self._arguments(chosen)
        body = "" if is_leaf_type(_named(chosen)) else self.selected(cast(Composite, _named(chosen)), depth - 1)
        always = bool(arguments)
        return f"{self._alias(0 if always else 3)}{name}{arguments} {self._condition()} {body}"

    def _arguments(self, chosen: GraphQLField) -> str:
        given = [
            f"{name}: {self.draw(st.sampled_from(ARGUMENTS[name]))}"
            for name in chosen.args
            if name in ARGUMENTS and self.draw(st.booleans())
        ]
        return f"({', '.join(given)})" if given else ""

    def _alias(self, rarely: int) -> str:
        """An alias of its own, always or once in a while."""
        if rarely and self.draw(st.integers(0, rarely)):
            return ""
        self.named += 1
        return f"a{self.named}: "

    def _condition(self) -> str:
        return self.draw(st.sampled_from(CONDITIONS))


def _named(each: GraphQLField) -> Any:
    return cast(Any, get_named_type)(cast(Any, each).type)


@st.composite
def documents(draw: st.DrawFn, schema: GraphQLSchema, root: str, aside: frozenset[str] = frozenset()) -> str:
    """A document that asks one root field, written as `offers(first: 5)`, for anything it has."""
    assert schema.query_type is not None
    kind = _named(schema.query_type.fields[root.partition("(")[0]])
    writing = Writing(schema, draw, aside)
    body = writing.selected(kind, DEPTH)
    text = "\n".join([f"{{ {root} {body} }}", *writing.fragments])
    used = [f"${name}: {type}" for name, type in VARIABLES.items() if f"${name}" in text]
    return f"query Any({', '.join(used)}) {text}" if used else text
