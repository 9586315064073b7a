"""A payee who can be paid, the facts that are told, and webhooks brought to our own door."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import httpx
from starlette.applications import Starlette

from marketplace.kit import clock, database, facts, jobs
from marketplace.kit.ids import new_id
from marketplace.payments import facts as told
from marketplace.payments import steps, webhook
from marketplace.payments.client import StripeGateway
from marketplace.payments.models import ConnectedAccount, OutboundTransfer, PayeeKind
from tests.payments.stand_in import Inbox, StandIn

TOLD: list[facts.Fact] = []
PURPOSE = "TEST"


async def _remember(fact: facts.Fact) -> None:
    TOLD.append(fact)


def listen() -> None:
    """Remember every fact of payments from now on, forgetting the ones before."""
    TOLD.clear()
    for kind in vars(told).values():
        if isinstance(kind, type) and issubclass(kind, facts.Fact) and kind is not facts.Fact:
            facts.on(kind, _remember)


def names() -> list[str]:
    """The facts that were told, by name, in order."""
    return [type(fact).__name__ for fact in TOLD]


async def run_jobs(*, after: timedelta = timedelta()) -> None:
    """Everything that is due, or will be after a while."""
    with clock.travel(after):
        await jobs.drain()


@dataclass
class Payments:
    """Our payments room in front of a stand-in."""

    stand_in: StandIn
    inbox: Inbox
    gateway: StripeGateway
    brought: int = 0
    answers: list[int] = field(default_factory=list[int])

    async def payee(self, country: str = "NL") -> ConnectedAccount:
        """A partner whose account is onboarded."""
        async with database.transaction():
            account = await steps.open_account(PayeeKind.PARTNER, new_id(), country)
        await run_jobs()
        account = await ConnectedAccount.get(id=account.id)
        await self.stand_in.order(f"accounts/{account.stripe_id}/onboard")
        await self.webhooks(1)
        return await ConnectedAccount.get(id=account.id)

    async def plan(self, account: ConnectedAccount, amount: int = 1000, ref: UUID | None = None) -> UUID:
        """A planned transfer."""
        async with database.transaction():
            row = await steps.plan_transfer(PURPOSE, ref or new_id(), account.id, amount, "EUR")
        return row.id

    async def webhooks(self, count: int) -> None:
        """Bring the next webhooks to our door, and run what they ask for."""
        await self.inbox.holds(self.brought + count)
        for signature, body in self.inbox.got[self.brought : self.brought + count]:
            self.answers.append((await self.knock(signature, body)).status_code)
        self.brought += count
        await run_jobs()

    async def knock(self, signature: str, body: bytes) -> httpx.Response:
        """One POST to our webhook door."""
        transport = httpx.ASGITransport(app=Starlette(routes=webhook.ROUTES))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            return await http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signature})

    async def payout(self, account: ConnectedAccount) -> str:
        """The payee's automatic payout, on its way."""
        [payout] = await self.stand_in.order(f"accounts/{account.stripe_id}/payout")
        return payout["id"]


async def row(transfer_id: UUID) -> OutboundTransfer:
    return await OutboundTransfer.get(id=transfer_id)


async def sent_at_stripe(gateway: StripeGateway, transfer_id: UUID) -> list[int]:
    """The amounts of all transfers that Stripe knows for this row."""
    return [found.amount for found in await gateway.find_transfers(transfer_id.hex)]
