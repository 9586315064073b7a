"""A foreign id and an id of nothing are the same: in the answer, and in the statements that look for it."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from marketplace.kit import ids
from marketplace.kit.graphql import node_loaders
from tests.house.authorisation import operations as ops
from tests.house.authorisation.oracle import OPEN_TO_ALL, every_row
from tests.house.authorisation.references import References, table_of
from tests.house.authorisation.walk import Walker, statements
from tests.house.authorisation.world import a_world

pytestmark = pytest.mark.usefixtures("db")
OUTSIDERS = ("nobody", "member", "partner", "program")
MEANT_FOR = {("orderCoalitionPoints", "partner")}
"""A program that sells its points sells them to every partner: asking names the price."""
NODE = "query ($id: ID!) { node(id: $id) { id __typename } }"
ENTITY = "query ($of: [_Any!]!) { _entities(representations: $of) { __typename } }"
PRIVATE = sorted(
    prefix for prefix in node_loaders() if table_of(prefix) not in OPEN_TO_ALL and prefix != "charity"
)


@pytest.fixture
async def walker(db: None) -> AsyncGenerator[Walker]:
    """Asks in a world that has two of everything; in the end nothing was told to whom it is not for."""
    world = await a_world()
    walker = Walker(await every_row(), world)
    yield walker
    assert walker.leaks == []


async def both(walker: Walker, who: str, asked: list[tuple[str, dict[str, Any]]]) -> list[tuple[Any, list[str]]]:
    """What each of these is answered, and the statements that ran for it."""
    heard: list[tuple[Any, list[str]]] = []
    for text, given in asked:
        with statements() as sql:
            answer = await walker.ask(who, walker.world.callers[who], text, given)
        heard.append((answer, sql))
    return heard


async def test_a_foreign_thing_is_looked_for_as_one_that_is_not_there(walker: Walker) -> None:
    theirs, nothing = (
        References(walker.rows, walker.world.right),
        References(walker.rows, walker.world.right, False),
    )
    for prefix in PRIVATE:
        one, none = theirs.id_of(prefix), nothing.id_of(prefix)
        name = prefix[0].upper() + prefix[1:]
        for who in OUTSIDERS:
            foreign, missing = await both(walker, who, [(NODE, {"id": one}), (NODE, {"id": none})])
            assert foreign == missing, (prefix, who)
            assert foreign[0]["data"] in (None, {"node": None}), (prefix, who)
            as_entities = [(ENTITY, {"of": [{"__typename": name, "id": id}]}) for id in (one, none)]
            foreign, missing = await both(walker, who, as_entities)
            assert foreign == missing, (prefix, who)
            assert foreign[0]["data"] in (None, {"_entities": [None]}), (prefix, who)


async def test_what_is_asked_or_done_by_a_foreign_id_is_as_with_none(walker: Walker) -> None:
    before = await every_row()
    theirs, nothing = (
        References(walker.rows, walker.world.right),
        References(walker.rows, walker.world.right, False),
    )
    refused: set[str] = set()
    for name, field, operation in (
        *(
            (name, field, ops.query)
            for name, field in ops.fields_of("Query").items()
            if name not in ("node", "nodes")
        ),
        *((name, field, ops.mutation) for name, field in ops.fields_of("Mutation").items()),
    ):
        for who in OUTSIDERS:
            asked = [operation(name, field, about) for about in (theirs, nothing)]
            if not private_ids(asked[0][1]) or (name, who) in MEANT_FOR:
                continue
            foreign, missing = await both(walker, who, asked)
            assert foreign == missing, (name, who)
            data: dict[str, Any] = foreign[0]["data"] or {}
            found: Any = data.get(name)
            refused |= {name} if found and found["__typename"].endswith("NotFound") else set()

    assert {"revokeApiKey", "cancelRedemption", "publishUpload", "awardPoints", "claimGift"} <= refused
    after = await every_row()
    theirs_now = {row: after.facts[row] for row in before.of_side(walker.world.right.principals)}
    assert theirs_now == {row: before.facts[row] for row in theirs_now}
    assert after.of_side(walker.world.right.principals) == before.of_side(walker.world.right.principals)


def private_ids(given: Any) -> list[str]:
    """The ids in some variables that are about what only some may see."""
    if isinstance(given, dict):
        return [each for value in given.values() for each in private_ids(value)]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(given, list):
        return [each for value in given for each in private_ids(value)]  # pyright: ignore[reportUnknownVariableType]
    parts = ids.split(given) if isinstance(given, str) else None
    return [given] if parts is not None and parts[0] in PRIVATE else []
