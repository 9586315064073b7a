"""The checks of settlement find what somebody with the keys to the database has bent."""

from typing import Any

import pytest

from marketplace.kit import database, facts
from marketplace.payments.facts import TransferSent
from marketplace.payments.models import OutboundState, OutboundTransfer
from tests import builders
from tests.settlement.books import (
    a_funded_program,
    give_account,
    sell,
    settle,
    violations,
)

pytestmark = pytest.mark.usefixtures("db")

FOUND_BY = {
    "UPDATE accrual SET net_minor = net_minor + 1, gross_minor = gross_minor + 1 WHERE payable_on > now()": [
        "settlement.payable",
        "partners.accruals_are_booked",
    ],
    "UPDATE statement SET up_to = 0": ["settlement.payable", "settlement.statements"],
    "UPDATE payout SET state = 'CARRIED', reason = 'NOTHING_DUE'": ["settlement.due", "settlement.in_transit"],
    "UPDATE statement_line SET quantity = 7": ["settlement.statements", "settlement.digests"],
    "UPDATE statement_line SET description = 'Tea'": ["settlement.digests"],
    "UPDATE statement SET period_until = period_until + 1": ["settlement.digests"],
    "UPDATE statement SET sequence = 4": ["settlement.statements"],
    "UPDATE payout SET amount_minor = amount_minor + 1": ["settlement.payouts", "settlement.in_transit"],
    "UPDATE outbound_transfer SET state = 'IN_BANK'": ["settlement.payouts"],
}


@pytest.fixture
async def owner(db: None, opened_database: Any) -> Any:
    """A sent payout, a sale that waits; and a connection that may change what is append-only."""
    program, partner = await a_funded_program(), await builders.a_partner()
    await give_account(partner)
    await sell(program, partner, 10_00)
    await settle()
    await sell(program, partner, 20_00, days_ago=-5)
    outbound = await OutboundTransfer.get()
    async with database.transaction():
        outbound.state, outbound.stripe_id = OutboundState.SENT.value, "tr_1"
        await outbound.save()
        await facts.state(TransferSent(outbound))
    assert await violations() == []
    return opened_database


@pytest.mark.parametrize("change", FOUND_BY)
async def test_what_is_bent_is_found(owner: Any, change: str) -> None:
    await owner.execute(change)

    assert {found.check for found in await violations()} >= set(FOUND_BY[change])


async def test_money_moved_behind_our_back_is_found(owner: Any) -> None:
    for purpose, check in {
        "PAYABLE": "settlement.payable",
        "DUE": "settlement.due",
        "IN_TRANSIT": "settlement.in_transit",
        "STRIPE_CONNECTED": "settlement.connected",
    }.items():
        await owner.execute(
            """
            INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
            SELECT gen_random_uuid(), (SELECT id FROM journal LIMIT 1), a.id, b.id, 'EUR', 1
            FROM account a, account b WHERE a.purpose = $1 AND b.purpose = 'BANK' AND b.unit = 'EUR'""",
            purpose,
        )
        assert check in {found.check for found in await violations()}
