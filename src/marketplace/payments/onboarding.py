"""Making connected accounts at Stripe, and the links by which their holders finish them."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database, outbox
from marketplace.payments import rules, steps
from marketplace.payments.answers import Busy, OnboardingLink, Refused, Unknown
from marketplace.payments.gateway import gateway
from marketplace.payments.models import ConnectedAccount

_NOT_MADE = """
SELECT id FROM connected_account AS a WHERE stripe_id IS NULL AND disabled_reason IS NULL AND created_at < $1
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'account_id' = a.id::text)
ORDER BY id LIMIT 1000"""


async def make(account_id: UUID) -> ConnectedAccount:
    """The account, made at Stripe if it was not; raises Refused, Busy or Unknown as Stripe answers.

    The key is the row's id. When an answer was lost for more than a day an empty second account may be
    made; nobody is paid by it.
    """
    account = await ConnectedAccount.get(id=account_id)
    if account.stripe_id is not None:
        return account
    state = await gateway().create_connected_account(
        country=account.country,
        key=f"{account.id.hex}-account",
        metadata={"owner_kind": account.owner_kind, "owner": account.owner_id.hex},
    )
    async with database.transaction():
        return await steps.record_account(account.id, state)


async def ensure_made(account_id: UUID) -> None:
    """What the job does: make it, say why it cannot be made, or try again later."""
    try:
        await make(account_id)
    except Refused as refusal:
        await ConnectedAccount.filter(id=account_id, stripe_id=None).update(
            disabled_reason=refusal.code[:120], updated_at=clock.now()
        )
    except (Busy, Unknown):
        await outbox.enqueue("payments.open_account", delay=rules.BUSY_PAUSE, account_id=str(account_id))


async def link(account: ConnectedAccount, *, return_url: str, refresh_url: str) -> OnboardingLink:
    """A fresh link for the holder of a made account, who alone may see it; raises Refused, Busy or Unknown."""
    return await gateway().onboarding_link(str(account.stripe_id), return_url=return_url, refresh_url=refresh_url)


async def recover(before: datetime) -> None:
    """Ask again for accounts whose job was lost."""
    for row in await database.rows(_NOT_MADE, before):
        await outbox.enqueue("payments.open_account", account_id=str(row["id"]))
