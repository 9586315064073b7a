"""Whatever comes and goes, in whatever order: a program's statements close where an independent sum says."""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from marketplace.billing.models import (
    Invoice,
    InvoicePayment,
    ProgramStatement,
    ProgramStatementLine,
    Receipt,
    TakebackCause,
)
from marketplace.billing.steps import lock_program, take_back
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.members.refusals import ProgramUnfunded
from marketplace.members.steps import hold_funding, release_funding
from marketplace.partners.models import Accrual, Partner
from tests import builders
from tests.billing.credit import approve, propose
from tests.billing.test_bank_credits import credit, standing_reference
from tests.billing.test_program_statements import state
from tests.books import violations
from tests.settlement.books import refund, sell

pytestmark = pytest.mark.usefixtures("db")
ACTS = ("credit", "give_back", "limit", "sell", "sell", "refund", "hold", "release", "state")
STEPS = 36


@dataclass
class World:
    """What a few lines of Python keep beside the books."""

    program: Program
    partner: Partner
    reference: str
    chance: random.Random
    balance: int = 0
    receipts: list[tuple[Receipt, int]] = field(default_factory=list[tuple[Receipt, int]])
    sales: list[Accrual] = field(default_factory=list[Accrual])
    held: list[int] = field(default_factory=list[int])
    stated: list[int] = field(default_factory=list[int])

    @property
    def amount(self) -> int:
        return self.chance.randint(1, 90_00)

    async def credit(self) -> None:
        amount = self.amount
        receipt = await credit(self.reference, amount)
        assert isinstance(receipt, Receipt)
        self.receipts.append((receipt, amount))
        self.balance += amount

    async def give_back(self) -> None:
        if not self.receipts:
            return
        receipt, left = self.receipts.pop(self.chance.randrange(len(self.receipts)))
        part = self.chance.randint(1, left)
        async with database.transaction():
            program, bank = await lock_program(self.program.id), accounts.house(Purpose.BANK_CLEARING, "EUR")
            await take_back(program, receipt, TakebackCause.BANK_RETURN, new_id().hex, part, bank)
        if left > part:
            self.receipts.append((receipt, left - part))
        self.balance -= part

    async def limit(self) -> None:
        limit = f"{self.chance.choice([0, 50, 120, 200])}.00"
        answer = await approve((await propose(self.program, limit))["id"])
        assert answer["__typename"] in {"CreditLineChange", "CreditLineInUse"}

    async def sell(self) -> None:
        amount = self.amount
        with suppress(ProgramUnfunded):
            self.sales.append(await sell(self.program, self.partner, amount, days_ago=0))
            self.balance -= amount

    async def refund(self) -> None:
        if self.sales:
            sale = self.sales.pop()
            await refund(self.program, sale, days_ago=0)
            self.balance += sale.source_minor

    async def hold(self) -> None:
        amount = self.amount
        with suppress(ProgramUnfunded):
            async with database.transaction():
                await hold_funding(self.program, amount, ref_type="test", ref_id=new_id())
            self.held.append(amount)

    async def release(self) -> None:
        if self.held:
            async with database.transaction():
                part = self.held.pop()
                await release_funding(self.program, part, ref_type="test", ref_id=new_id())

    async def state(self) -> None:
        await state(self.program)
        self.stated.append(self.balance)


@pytest.mark.parametrize("seed", range(3))
async def test_statements_close_where_an_independent_sum_says(seed: int) -> None:
    chance = random.Random(seed)
    program, partner = await builders.a_program(), await builders.a_partner(commission_bp=0)
    world = World(program, partner, await standing_reference(program), chance)
    for step in range(STEPS):
        with clock.travel(timedelta(days=step * 3)):
            await getattr(world, chance.choice(ACTS))()
    with clock.travel(timedelta(days=STEPS * 3)):
        await world.state()

    statements = await ProgramStatement.all().order_by("sequence")
    assert [statement.closing_minor for statement in statements] == world.stated
    lines = await ProgramStatementLine.all()
    assert sum(line.amount_minor for line in lines) == world.balance
    owed_then = max(0, -world.stated[-1])
    billed = sum(invoice.amount_minor - invoice.paid_minor for invoice in await Invoice.all())
    assert billed >= owed_then
    paid = sum(payment.amount_minor for payment in await InvoicePayment.all())
    assert paid == sum(invoice.paid_minor for invoice in await Invoice.all())
    with clock.travel(timedelta(days=STEPS * 4)):
        found = [each for each in await violations() if not each.check.startswith("redemptions")]
    assert found == []
