"""Stock and wallets behave as if everybody came one after the other, in an order that the clock allows."""

import pytest

from tests.books import violations
from tests.faults.histories import misfits, recorded
from tests.linear import Operation, is_linearizable, stock, wallet

OPERATIONS = 800


async def test_the_answers_of_several_processes_fit_one_order(db: None, database_url: str) -> None:
    histories = await recorded(database_url, OPERATIONS, processes=2, objects=3)
    assert sum(map(len, histories.values())) == OPERATIONS
    assert misfits(histories) == []
    assert [each for each in await violations() if "points" in each.check or "wallet" in each.check] == []


def test_the_checker_finds_what_no_order_explains() -> None:
    both = [Operation(0, 5, "take", 1, True), Operation(1, 6, "take", 1, True)]
    assert is_linearizable(both, 2, stock)
    assert not is_linearizable(both, 1, stock), "the last unit was given twice"
    late = [Operation(0, 1, "take", 1, True), Operation(2, 3, "read", 0, 1)]
    assert not is_linearizable(late, 1, stock), "a read that came later saw what was gone"
    assert is_linearizable([late[0], Operation(0, 3, "read", 0, 1)], 1, stock), "one at the same time may"
    lost = [Operation(0, 1, "earn", 5, None), Operation(2, 3, "spend", 5, False)]
    assert not is_linearizable(lost, 0, wallet), "refused although there was enough"


@pytest.mark.parametrize("points", [0, 3])
def test_an_order_is_found_by_going_back(points: int) -> None:
    spends = [Operation(0, 9, "spend", points + n, n > 0) for n in range(3)]
    earn = Operation(4, 5, "earn", 2 * points + 3, None)
    assert is_linearizable([*spends[1:], earn], 0, wallet)
