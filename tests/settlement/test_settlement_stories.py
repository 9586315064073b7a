"""Whatever happens in whatever order: what was owed is paid, on its way, due, carried or open, to the cent."""

from datetime import timedelta
from random import Random

import pytest

from marketplace.app import wiring
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.partners.models import Accrual, Contract, Partner
from marketplace.payments import steps as payments
from marketplace.payments.answers import SentTransfer
from marketplace.payments.models import ConnectedAccount, OutboundState, OutboundTransfer
from marketplace.settlement.models import Payout, PayoutState, Statement
from tests import builders
from tests.settlement.books import (
    COLLEAGUE,
    FINANCE,
    a_funded_program,
    euros,
    give_account,
    house,
    partner_id,
    refund,
    sell,
    settle,
    standing,
    violations,
)

pytestmark = pytest.mark.usefixtures("db")

STEPS = 40
FINAL = {OutboundState.FAILED, OutboundState.REVERSED}


class Story:
    """A program, some partners, and what chance makes of them."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.sales: list[Accrual] = []
        self.program: Program
        self.partners: list[Partner] = []

    async def begin(self) -> None:
        self.program = await a_funded_program()
        for minimum in (0, 40_00, 0):
            partner = await builders.a_partner(minimum_payout_minor=minimum)
            self.partners.append(partner)
            await give_account(partner)

    async def sale(self) -> None:
        partner = self.chance.choice(self.partners)
        what = self.chance.choice(("Coffee", "Lunch", "Dinner"))
        self.sales.append(await sell(self.program, partner, self.chance.randint(1, 99_99), what, days_ago=0))

    async def refund(self) -> None:
        if self.sales:
            await refund(self.program, self.sales.pop(self.chance.randrange(len(self.sales))), days_ago=0)

    async def correction(self) -> None:
        amount = euros(f"{self.chance.choice((-1, 1)) * self.chance.randint(1, 30)}.00")
        asked = await FINANCE.do(
            "proposeAdjustment", "... on Adjustment { id }", amount=amount, reason="A correction",
            partnerId=partner_id(self.chance.choice(self.partners)),
        )  # fmt: skip
        verb = self.chance.choice(("approve", "decline"))
        await COLLEAGUE.do(f"{verb}Adjustment", "... on Adjustment { state }", adjustmentId=asked["id"])

    async def new_terms(self) -> None:
        contract = Contract.filter(partner_id=self.chance.choice(self.partners).id)
        await contract.update(minimum_payout_minor=self.chance.choice((0, 20_00, 200_00)))
        account = ConnectedAccount.filter(owner_id=self.chance.choice(self.partners).id)
        await account.update(payouts_enabled=self.chance.random() < 0.8)

    async def run(self) -> None:
        await settle()
        assert await settle() == []

    async def transfer(self) -> None:
        """Something happens to one of the transfers."""
        found = await OutboundTransfer.exclude(state__in=FINAL).order_by("id")
        if not found:
            return
        outbound = self.chance.choice(found)
        async with database.transaction():
            if outbound.state == OutboundState.PLANNED:
                await payments.take_off(outbound.id)
                if self.chance.random() < 0.25:
                    await payments.record_refused(outbound.id, "account_closed", "Not any more.")
                else:
                    await payments.record_sent(outbound.id, self.as_sent(outbound, 0))
            elif self.chance.random() < 0.2:
                await payments.record_sent(outbound.id, self.as_sent(outbound, outbound.amount_minor))
            elif outbound.state == OutboundState.SENT:
                await payments.record_in_bank(outbound.id, f"po_{new_id().hex}")
            else:
                await payments.record_payout_failed(str(outbound.stripe_payout_id), "account_closed")

    def as_sent(self, outbound: OutboundTransfer, reversed_minor: int) -> SentTransfer:
        return SentTransfer(
            id=f"tr_{outbound.id.hex}", amount=outbound.amount_minor, amount_reversed=reversed_minor,
            currency=outbound.currency, destination="acct", destination_payment=None, transfer_group=None,
            reversals=((f"trr_{outbound.id.hex}", reversed_minor),) if reversed_minor else (),
        )  # fmt: skip

    async def step(self) -> None:
        deeds = (self.sale, self.refund, self.correction, self.new_terms, self.run, self.transfer)
        [deed] = self.chance.choices(deeds, weights=(10, 3, 2, 1, 3, 6))
        await deed()


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_lost_or_doubled_in_any_story(seed: int) -> None:
    wiring.wire()
    story = Story(seed)
    with clock.travel(-timedelta(days=2 * STEPS)):
        await story.begin()
    for day in range(STEPS):
        with clock.travel(timedelta(days=2 * (day - STEPS))):
            await story.step()

    assert await violations() == []
    arrived = 0
    for partner in story.partners:
        owed = sum(accrual.net_minor for accrual in await Accrual.filter(partner_id=partner.id))
        issued = [statement.id for statement in await Statement.filter(partner_id=partner.id)]
        in_bank = await Payout.filter(statement_id__in=issued, state=PayoutState.IN_BANK)
        paid = sum(payout.amount_minor for payout in in_bank)
        books = await standing(partner)
        assert owed == books.get("PAYABLE", 0) + books.get("DUE", 0) + books.get("IN_TRANSIT", 0) + paid
        arrived += paid - books.get("STRIPE_CONNECTED", 0)
    assert await house(Purpose.STRIPE_CLEARING) == arrived
