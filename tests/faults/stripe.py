"""Accounts and money at the stand-in, set up and looked at from outside."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID

from marketplace.kit import database, jobs
from marketplace.payments import steps
from marketplace.payments.gateway import gateway
from marketplace.payments.models import ConnectedAccount, PayeeKind
from tests.payments.stand_in import StandIn

FAULTS = ("hang_after", "drop_after", "drop_before", "slow")
WEBHOOK_FAULTS = ("twice", "late", "out_of_order", "forged")
_TRANSFERS = """
SELECT json_extract(body, '$.transfer_group'), json_extract(body, '$.amount') FROM objects
WHERE kind = 'transfer' ORDER BY seq"""
_PAID = "SELECT id FROM objects WHERE kind = 'payout' AND json_extract(body, '$.status') = 'paid' ORDER BY seq"


async def onboarded(stand_in: StandIn, kind: PayeeKind, owner_id: UUID) -> str:
    """An account that its owner has finished, known to us before any server runs that could be told."""
    async with database.transaction():
        account = await steps.open_account(kind, owner_id, "NL")
    await jobs.drain()
    account = await ConnectedAccount.get(id=account.id)
    assert account.stripe_id is not None
    await stand_in.order(f"accounts/{account.stripe_id}/onboard")
    state = await gateway().account_state(account.stripe_id)
    async with database.transaction():
        await steps.record_account(account.id, state)
    return account.stripe_id


def transfers_at_stripe(folder: Path) -> list[tuple[UUID, int]]:
    """Every transfer that the stand-in ever made: our row, which is its group, and the amount in minor units."""
    with closing(sqlite3.connect(f"file:{folder / 'stripe.sqlite'}?mode=ro", uri=True)) as state:
        return [(UUID(group), amount) for group, amount in state.execute(_TRANSFERS)]


def paid_payouts(folder: Path) -> list[str]:
    """Every payout to a partner's bank that says it was paid."""
    with closing(sqlite3.connect(f"file:{folder / 'stripe.sqlite'}?mode=ro", uri=True)) as state:
        return [str(row[0]) for row in state.execute(_PAID)]
