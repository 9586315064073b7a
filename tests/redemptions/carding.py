"""A member who pays a part by card: what their app does, and what Stripe tells us meanwhile."""

import asyncio
from typing import Any

from marketplace.catalog.models import Item
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from tests import books, builders
from tests.payments.outbound import Payments, run_jobs
from tests.redemptions.world import Shopper, a_shopper, pay_in

CARD = "card { amount { amount currency } state declineCode chargedAt }"
REDEMPTION = f"... on Redemption {{ id state points waitsFor closedReason {CARD} }}"
STATE = f"query($id: ID!) {{ node(id: $id) {{ {REDEMPTION} }} }}"
SIX = {"amount": "6.00", "currency": "EUR"}


async def a_buyer(**policy: Any) -> Shopper:
    """A member with 3,000 points of a program that wants a fifth of a price in points."""
    program = await builders.a_program(**({"points_share_bp": 2000} | policy))
    await pay_in(program, 500_00)
    return await a_shopper(program)


async def buy(shopper: Shopper, item: Item, points: int = 400, **fields: Any) -> Any:
    return await shopper.redeem(item, REDEMPTION, expectedPoints=points, **({"card": SIX} | fields))


async def confirm(payments: Payments, shopper: Shopper, bought: Any, method: str = "pm_card_visa") -> Any:
    """What the member's app does: get the secret, and pay with Stripe's form."""
    wanted = "... on CardToConfirm { clientSecret card { state expiresAt } }"
    shown = await shopper.phone.do("startCardPayment", wanted, redemptionId=bought["id"])
    intent = shown["clientSecret"].partition("_secret_")[0]
    order = f"payment_intents/{intent}/pay"
    return await payments.stand_in.order(order, client_secret=shown["clientSecret"], payment_method=method)


async def look(shopper: Shopper, bought: Any) -> Any:
    return (await shopper.phone.get(STATE, id=bought["id"]))["node"]


async def house(purpose: Purpose) -> int:
    return await queries.balance(accounts.house(purpose, "EUR"))


async def balanced() -> None:
    """Every check of the books, Stripe's balance among them, finds nothing."""
    found = await books.violations()
    assert found == [], found


async def everything(payments: Payments) -> None:
    """Bring webhooks and run jobs until nothing more comes."""
    quiet = 0
    while quiet < 3:
        await run_jobs()
        await asyncio.sleep(0.03)
        quiet += 1
        if fresh := len(payments.inbox.got) - payments.brought:
            await payments.webhooks(fresh)
            quiet = 0
