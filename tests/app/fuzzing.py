"""Operations by chance over the whole schema: made by schemathesis from fixed seeds, sent as everybody."""

# Neither schemathesis' loaders nor graphql-core's visitors say what they give:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

import httpx
import schemathesis
from graphql import (
    GraphQLSchema,
    ObjectFieldNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    print_ast,
    print_schema,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.graphql import nodes, scalar

from marketplace.app.http import GraphQLView
from marketplace.app.schema import schema
from tests.client import Caller, context_of, new_key

SCHEMA: GraphQLSchema = schema()._schema  # pyright: ignore[reportPrivateUsage]
NUMBERS = [0, 1, -1, 7, 500, 1000, 10**6, 2**31, 2**53 - 1, -(2**53), 2**70]
TEXTS: Mapping[str, list[str]] = {
    "CountryCode": ["NL", "DE", "JP", "nl", "", "XX", "NLD"],
    "CurrencyCode": ["EUR", "JPY", "KWD", "eur", "", "XXX"],
    "LanguageTag": ["en", "nb-NO", "x" * 60, ""],
    "Date": ["2026-01-31", "2026-02-30", "0001-01-01", "9999-12-31", "today"],
    "DateTime": [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
    ],
    "Decimal": ["12.50", "0", "-1", "0.001", "1e30", "NaN", "9" * 40, ""],
    "UUID": ["01890000-0000-7000-8000-000000000000", "no"],
    "_Any": ["x"],
    "Upload": ["x"],
}
CHECKS: Any = HealthCheck
GENERATE_ONLY = settings(database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(CHECKS))


@cache
def _operations() -> tuple[Any, ...]:
    scalar("BigInt", st.sampled_from(NUMBERS).map(nodes.Int))
    for name, texts in TEXTS.items():
        scalar(name, st.sampled_from(texts).map(nodes.String))
    loaded: Any = schemathesis.graphql.from_file(print_schema(SCHEMA))
    return tuple(each.ok() for each in loaded.get_all_operations())


def documents(of_each: int, *, start: int) -> Iterator[str]:
    """So many operations for each root field, the same for the same start."""
    for number, operation in enumerate(_operations()):
        yield from _cases(operation, of_each, start + number)


def _cases(operation: Any, count: int, start: int) -> list[str]:
    found: list[str] = []

    @seed(start)
    @settings(GENERATE_ONLY, max_examples=count)
    @given(operation.as_strategy())
    def collect(case: Any) -> None:
        found.append(case.body)

    collect()
    return found


class Dresser(Visitor):
    """Puts ids of things that are there where ids are asked for, and keys that are sound, more often than not."""

    def __init__(self, types: TypeInfo, random: Random, ids: list[str]) -> None:
        super().__init__()
        self._types, self._random, self._ids = types, random, ids

    def enter_string_value(self, node: StringValueNode, *_: Any) -> StringValueNode | None:
        """An id of some kind, for what should be one."""
        kind = self._types.get_input_type()
        is_id = kind is not None and get_named_type(kind).name == "ID"
        return (
            StringValueNode(value=self._random.choice(self._ids))
            if is_id and self._random.random() < 0.7
            else None
        )

    def leave_object_field(self, node: ObjectFieldNode, *_: Any) -> ObjectFieldNode | None:
        """A sound idempotency key."""
        if node.name.value != "idempotencyKey" or self._random.random() < 0.2:
            return None
        return ObjectFieldNode(name=node.name, value=StringValueNode(value=new_key()))


def dressed(document: str, random: Random, ids: list[str]) -> str:
    """The operation about things that are there."""
    types = TypeInfo(SCHEMA)
    return print_ast(visit(parse(document), TypeInfoVisitor(types, Dresser(types, random, ids))))


async def faults_of_ours(asked: Iterable[str], callers: Mapping[str, Caller]) -> tuple[int, list[str]]:
    """How many answers there were when everybody asked each of these, and those that were our fault."""
    sent, faults = 0, list[str]()
    transport = httpx.ASGITransport(app=GraphQLView(schema(), context_of))
    async with httpx.AsyncClient(transport=transport, base_url="http://test/graphql") as http:
        for document in asked:
            for who, caller in callers.items():
                headers = {"authorization": f"Bearer {caller.token}"} if caller.actor else {}
                response = await http.post("", json={"query": document}, headers=headers)
                sent += 1
                if response.status_code >= 500 or '"INTERNAL"' in response.text:
                    faults.append(f"{who}: {document}\n{response.text}")
    return sent, faults
