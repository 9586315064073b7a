"""Payouts follow what Stripe and the banks say, and the books follow the payouts."""

from datetime import timedelta

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import wiring
from marketplace.donations.models import Pledge
from marketplace.kit import clock, database, facts, ids
from marketplace.kit.facts import Fact
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Journal, Purpose
from marketplace.members.models import Member, Program
from marketplace.partners.models import Partner
from marketplace.payments.facts import (
    PayoutFailed,
    PayoutPaid,
    TransferDelayed,
    TransferRefused,
    TransferReversed,
    TransferSent,
)
from marketplace.payments.models import ConnectedAccount, OutboundTransfer
from marketplace.payments.steps import plan_reversal
from marketplace.points.steps import earn
from marketplace.settlement.facts import StatementPaid, StatementUnpaid
from marketplace.settlement.models import Payout, PayoutEvent, Statement
from tests import builders
from tests.books import violations
from tests.client import as_member
from tests.payments.outbound import Payments, run_jobs
from tests.settlement.books import (
    a_funded_program,
    euros,
    give_account,
    house,
    onboard,
    payout_of,
    sell,
    settle,
    shown,
    standing,
)

WEEK = timedelta(days=7)
heard: list[Fact] = []


async def hear(fact: Fact) -> None:
    heard.append(fact)


@pytest.fixture(autouse=True)
def listening() -> None:
    wiring.wire()
    heard.clear()
    facts.on(StatementPaid, hear)
    facts.on(StatementUnpaid, hear)


async def a_settled_partner(payments: Payments, minor: int = 50_00) -> tuple[Partner, ConnectedAccount, Statement]:
    """A partner that can be paid, with one statement."""
    program, partner = await a_funded_program(), await builders.a_partner()
    account = await onboard(payments, partner)
    await sell(program, partner, minor)
    [statement] = await settle()
    return partner, account, statement


async def tell(*told: Fact) -> None:
    for fact in told:
        async with database.transaction():
            await facts.state(fact)


async def test_a_payout_is_sent_and_then_in_the_bank(payments: Payments) -> None:
    partner, account, statement = await a_settled_partner(payments)
    clearing = await house(Purpose.STRIPE_CLEARING)
    assert await standing(partner) == {"DUE": 45_16}

    await run_jobs()
    await payments.webhooks(1)

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="SENT", reason=None, amount=euros("45.16"), inBankAt=None)
    assert await standing(partner) == {"IN_TRANSIT": 45_16, "STRIPE_CONNECTED": -45_16}
    assert await house(Purpose.STRIPE_CLEARING) == clearing + 45_16
    assert await violations() == []

    payout = await payments.payout(account)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(3)

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="IN_BANK", reason=None)
    assert [event["state"] for event in said["history"]] == ["PLANNED", "SENT", "IN_BANK"]
    assert await standing(partner) == {}
    assert heard == [StatementPaid(partner.id, statement.id)]
    assert await violations() == []


async def test_the_bank_can_take_back_what_it_had_paid(payments: Payments) -> None:
    partner, account, statement = await a_settled_partner(payments)
    await run_jobs()
    await payments.webhooks(1)
    payout = await payments.payout(account)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(3)

    await payments.stand_in.order(f"payouts/{payout}/fail")
    await payments.webhooks(1)

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="SENT", reason="BANK_RETURNED", inBankAt=None)
    assert await standing(partner) == {"IN_TRANSIT": 45_16, "STRIPE_CONNECTED": -45_16}
    assert heard[-1] == StatementUnpaid(partner.id, statement.id)
    assert await violations() == []


async def test_without_funds_of_ours_it_waits_and_says_so(payments: Payments) -> None:
    await payments.stand_in.balance(1_00)
    partner, _, statement = await a_settled_partner(payments)

    await run_jobs()

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(
        state="PLANNED", reason="WAITING_FOR_FUNDS", triedAgainOn=clock.today().isoformat()
    )
    assert await standing(partner) == {"DUE": 45_16}
    assert await violations() == []
    await payments.stand_in.balance(1_000_00)
    await run_jobs(after=timedelta(minutes=11))
    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="SENT", reason=None, triedAgainOn=None)
    assert await violations() == []


async def test_a_refused_transfer_joins_the_next_statement(payments: Payments) -> None:
    partner, account, statement = await a_settled_partner(payments)
    await payments.stand_in.order(f"accounts/{account.stripe_id}/disable")

    await run_jobs()

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="FAILED", reason="TRANSFER_REFUSED")
    assert "insufficient_capabilities" in said["detail"]
    assert said["triedAgainOn"] is not None
    assert await standing(partner) == {"DUE": 45_16}
    assert await violations() == []
    await ConnectedAccount.filter(id=account.id).update(payouts_enabled=True)
    with clock.travel(WEEK):
        [second] = await settle()
    assert await shown(second) == IsPartialDict(
        opening=euros("45.16"), closing=euros("45.16"), carriedFrom=[{"number": statement.number}]
    )
    assert (await payout_of(second)).state == "PLANNED"
    assert await violations() == []


async def test_a_reversed_transfer_is_due_again_and_joins_the_next_statement(payments: Payments) -> None:
    partner, _, statement = await a_settled_partner(payments)
    clearing = await house(Purpose.STRIPE_CLEARING)
    await run_jobs()
    await payments.webhooks(1)
    outbound = await OutboundTransfer.get(ref_id=(await payout_of(statement)).id)
    async with database.transaction():
        await plan_reversal(outbound.id)

    await run_jobs()

    said = (await shown(statement))["payout"]
    assert said == IsPartialDict(state="FAILED", reason="TRANSFER_REVERSED")
    assert await standing(partner) == {"DUE": 45_16}
    assert await house(Purpose.STRIPE_CLEARING) == clearing
    assert await violations() == []
    with clock.travel(WEEK):
        [second] = await settle()
    assert second.opening_minor == 45_16
    await run_jobs(after=WEEK)
    assert (await payout_of(second)).state == "SENT"
    assert await violations() == []


async def test_pledges_are_remitted_with_the_statement_that_carries_theirs(payments: Payments) -> None:
    program, charity = await a_funded_program(), await builders.a_charity(minimum_payout_minor=20_00)
    account = await onboard(payments, charity)
    member = await builders.a_member(program)
    statements: list[Statement] = []
    for week in range(2):
        with clock.travel(WEEK * (week - 2)):
            await donate(member, program, charity, 1500)
        with clock.travel(WEEK * (week - 1)):
            statements += await settle()
    await run_jobs()
    await payments.webhooks(1)
    assert [pledge.state for pledge in await Pledge.all()] == ["PLEDGED", "PLEDGED"]

    payout = await payments.payout(account)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.webhooks(3)

    assert [(await payout_of(each)).state for each in statements] == ["CARRIED", "IN_BANK"]
    assert heard == [StatementPaid(charity.id, each.id) for each in statements]
    assert [pledge.state for pledge in await Pledge.all()] == ["REMITTED", "REMITTED"]

    await payments.stand_in.order(f"payouts/{payout}/fail")
    await payments.webhooks(1)

    assert [pledge.state for pledge in await Pledge.all()] == ["PLEDGED", "PLEDGED"]
    assert await violations() == []


async def donate(member: Member, program: Program, charity: Partner, points: int) -> None:
    async with database.transaction():
        await earn(
            member.id, program.id, program.unit, points,
            origin_type="award", origin_id=new_id(), earned_at=clock.now(), expires_at=None,
        )  # fmt: skip
    phone, goal = as_member(member.id, program.id), ids.public("charity", charity.id)
    pledge = await phone.do("donatePoints", "... on Pledge { id }", charityId=goal, points=points)
    assert pledge["__typename"] == "Pledge"


async def a_planned_payout() -> tuple[Partner, Statement, OutboundTransfer]:
    """A payout whose transfer nobody sends: the tests tell what happened to it."""
    program, partner = await a_funded_program(), await builders.a_partner()
    await give_account(partner)
    await sell(program, partner, 50_00)
    [statement] = await settle()
    outbound = await OutboundTransfer.get(ref_id=(await payout_of(statement)).id)
    outbound.stripe_id = "tr_1"
    return partner, statement, outbound


@pytest.mark.usefixtures("db")
async def test_facts_told_twice_change_nothing_more() -> None:
    partner, statement, outbound = await a_planned_payout()
    for fact in (
        TransferDelayed(outbound),
        TransferSent(outbound),
        PayoutPaid(outbound),
        PayoutFailed(outbound, "x"),
    ):
        await tell(fact)
        seen = (await standing(partner), await Journal.all().count(), await PayoutEvent.all().count())
        await tell(fact, fact)
        assert (await standing(partner), await Journal.all().count(), await PayoutEvent.all().count()) == seen
    await tell(PayoutPaid(outbound), TransferReversed(outbound, True, (("trr_1", outbound.amount_minor),)))
    assert await standing(partner) == {"DUE": 45_16}
    await tell(
        TransferReversed(outbound, True, (("trr_1", outbound.amount_minor),)),
        TransferSent(outbound),
        PayoutPaid(outbound),
    )
    assert await standing(partner) == {"DUE": 45_16}
    assert (await payout_of(statement)).state == "FAILED"


@pytest.mark.usefixtures("db")
async def test_facts_out_of_order_end_where_they_should() -> None:
    partner, statement, outbound = await a_planned_payout()

    await tell(PayoutPaid(outbound))
    assert (await payout_of(statement)).state == "IN_BANK"
    assert await standing(partner) == {}
    await tell(TransferSent(outbound), TransferDelayed(outbound), TransferRefused(outbound, "late", "too late"))

    assert (await payout_of(statement)).state == "IN_BANK"
    assert await standing(partner) == {}


@pytest.mark.usefixtures("db")
async def test_transfers_of_others_are_none_of_ours() -> None:
    partner, statement, outbound = await a_planned_payout()
    outbound.purpose = "CASH"
    before = await Payout.all().values()

    await tell(TransferSent(outbound), PayoutPaid(outbound), TransferRefused(outbound, "a", "b"))

    assert await Payout.all().values() == before
    assert await standing(partner) == {"DUE": statement.closing_minor}
