"""Whatever an app may ask by the schema, the answer is never our fault. `make test-fuzz` asks 20,000 times."""

from random import Random

import pytest

from marketplace.kit.graphql import node_loaders
from tests.app.fuzzing import documents, dressed, faults_of_ours
from tests.house.authorisation.oracle import every_row
from tests.house.authorisation.references import References
from tests.house.authorisation.world import a_world

pytestmark = pytest.mark.usefixtures("db")
SEED = 1
LEAN, LONG = 1, 40
AT_LEAST = 20_000


async def fuzz(of_each: int) -> tuple[int, list[str]]:
    """Ask so many operations for each root field as everybody, in a world of two of everything."""
    world = await a_world()
    rows, random = await every_row(), Random(SEED)
    known = [
        References(rows, side).id_of(prefix) for side in (world.left, world.right) for prefix in node_loaders()
    ]
    asked = (dressed(document, random, known) for document in documents(of_each, start=SEED))
    return await faults_of_ours(asked, world.callers)


async def test_no_operation_by_chance_is_answered_with_a_fault_of_ours() -> None:
    sent, faults = await fuzz(LEAN)

    assert sent > 500
    assert faults == []


@pytest.mark.faults
@pytest.mark.timeout(3600)
async def test_twenty_thousand_operations_are_not_either() -> None:
    sent, faults = await fuzz(LONG)

    print(f"{sent:,} operations were asked")
    assert sent >= AT_LEAST
    assert faults == []
