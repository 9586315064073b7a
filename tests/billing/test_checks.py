"""Money in that does not add up is found, whatever was bent."""

from typing import Any

import pytest

from tests import builders
from tests.billing.test_bank_credits import announce, credit
from tests.books import violations

FOUND_BY = {
    "UPDATE top_up SET state = 'PENDING'": ["billing.top_ups"],
    "UPDATE top_up SET received_minor = 70000000": ["billing.top_ups"],
    "UPDATE funding_receipt SET amount_minor = 700": ["billing.funding", "billing.top_ups"],
    "UPDATE funding_receipt SET recovered_minor = 1": ["billing.uncovered"],
    "DELETE FROM funding_receipt": ["billing.funding", "billing.top_ups"],
}


@pytest.fixture
async def owner(db: None, opened_database: Any) -> Any:
    """A top-up that a bank transfer paid; and a connection that may change what is append-only."""
    _, reference = await announce(await builders.a_program())
    await credit(reference)
    assert await violations() == []
    return opened_database


@pytest.mark.parametrize("change", FOUND_BY)
async def test_what_is_bent_is_found(owner: Any, change: str) -> None:
    await owner.execute(change)

    assert {found.check for found in await violations()} >= set(FOUND_BY[change])
