"""Each balance transaction of Stripe's is matched by the id of what it came from, and a day closes when it is."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import wiring
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.members.models import Program
from marketplace.payments import balance, days
from marketplace.payments.models import BalanceTransaction, InboundPayment, StripeDay
from marketplace.payments.steps import tracing
from tests import builders
from tests.banking.bank import an_account, clearing, read
from tests.banking.messages import Booked, statement
from tests.billing.test_top_up_program import available, pay_in
from tests.books import violations
from tests.client import Caller, as_operator, as_partner, as_program
from tests.payments.outbound import Payments, run_jobs
from tests.settlement.books import COLLEAGUE, FINANCE, house, onboard, sell, settle

pytestmark = pytest.mark.usefixtures("db")
DAY = timedelta(days=1)
LIST = """{ reconciliationExceptions(first: 50) { nodes { side at day ageDays said amount { amount }
    stripeTransaction { id kind source countsOn matches { source journal { reason } } } bankEntry { id }
    journal { id reason } } } }"""
STANDING = """query($day: Date!) { stripeStanding(currency: "EUR", day: $day) { since opening { amount }
    stripe { amount } books { amount } crossing { amount } apart { amount } unexplained toldUntil
    kinds { kind number amount { amount } fee { amount } net { amount } } } }"""
CLOSED = "... on StripeDay { day opening { amount } closing { amount } crossing { amount } transactions }"
EXPLAINED = "... on StripeTransaction { explainedAt note }"


async def apart() -> list[Any]:
    return (await FINANCE.get(LIST))["reconciliationExceptions"]["nodes"]


async def close(day: date, by: Caller = FINANCE, **facts: str) -> Any:
    return await by.do("closeStripeDay", CLOSED, **{"currency": "EUR", "day": str(day)} | facts)


async def explain(node: Any, by: Caller = FINANCE, note: str = "seen", **was: Any) -> Any:
    id = node["stripeTransaction"]["id"]
    return await by.do("explainStripeTransaction", EXPLAINED, stripeTransactionId=id, was=was, note=note)


async def a_charge(payments: Payments, amount: str = "1000.00") -> tuple[Program, InboundPayment]:
    """A program that has paid in by a card."""
    program = await builders.a_program()
    await pay_in(program, amount, method="STRIPE", paymentMethod="pm_card_bypassPending")
    await run_jobs()
    await payments.webhooks(3)
    return program, await InboundPayment.all().order_by("-id").get()


async def both_ways_say_the_same() -> None:
    """What goes on from the closed days is what is added up from the beginning: before, on and after them."""
    for ahead in range(-2, 4):
        day = today_at_stripe() + ahead * DAY
        assert await days.standing("EUR", day) == await days.standing_anew("EUR", day), day


def today_at_stripe() -> date:
    """The stand-in's day: its clock does not travel."""
    return clock.today()


async def test_a_month_in_miniature_is_matched_by_id_and_its_day_closes_once(payments: Payments) -> None:
    """The whole life of money at Stripe: each of its steps finds the journal that says the same."""
    wiring.wire()
    day = today_at_stripe()
    program, payment = await a_charge(payments)
    partner = await builders.a_partner()
    await onboard(payments, partner)
    await sell(program, partner, 50_00)
    await settle()
    await run_jobs()
    await payments.webhooks(1)
    dispute = await payments.stand_in.order(f"payment_intents/{payment.stripe_id}/dispute", amount=100_00)
    await payments.stand_in.order(f"disputes/{dispute['id']}/close", won=True)
    await payments.webhooks(2)
    await payments.gateway.refund(str(payment.stripe_id), key="part", amount=200_00)
    await payments.webhooks(2)
    [payout] = await payments.stand_in.order("payout")
    await payments.stand_in.order(f"payouts/{payout['id']}/paid")
    await payments.stand_in.order(f"payouts/{payout['id']}/fail")
    await balance.sync()

    assert await available(program) == "750.00"
    (funds,) = await apart()
    assert funds == IsPartialDict(side="STRIPE", at="STRIPE", said="adjustment", amount={"amount": "1000.00"})
    assert (await close(day))["__typename"] == "StripeDayUnknown"

    with clock.travel(DAY + timedelta(hours=1)):
        await balance.sync()
        waits = await close(day)
        shown = (await FINANCE.get(STANDING, day=str(day)))["stripeStanding"]
        alone = await explain(funds, own="OWN_FUNDS")
        closed = await asyncio.gather(close(day), close(day, by=COLLEAGUE))
        again = await close(day)

    assert waits == IsPartialDict(__typename="StripeDayUnexplained", code="STRIPE_DAY_UNEXPLAINED")
    assert shown == IsPartialDict(unexplained=1, apart={"amount": "0.00"}, toldUntil=str(day))
    assert {kind["kind"]: kind["number"] for kind in shown["kinds"]} == {
        "adjustment": 3, "charge": 1, "payout": 1, "payout_failure": 1, "refund": 1, "transfer": 1,
    }  # fmt: skip
    assert sum(float(kind["net"]["amount"]) for kind in shown["kinds"]) == float(shown["stripe"]["amount"])
    assert alone["note"] == "seen"
    assert sorted(each["__typename"] for each in closed) == ["StripeDay", "StripeDayClosed"]
    assert again == IsPartialDict(__typename="StripeDayClosed", code="STRIPE_DAY_CLOSED")
    assert await house(Purpose.OWN_FUNDS) == 1000_00
    assert (await StripeDay.get()).closing_minor == -await house(Purpose.STRIPE_CLEARING)
    assert await apart() == []
    await both_ways_say_the_same()
    assert await violations() == []
    told = await BalanceTransaction.get(type="charge")
    assert told.source == payment.charge_id


async def test_equal_amounts_are_not_taken_for_each_other(payments: Payments) -> None:
    """Two charges of one amount, one of them nobody's: by its amount it would have passed."""
    wiring.wire()
    await a_charge(payments, "20000.00")
    strange = await payments.gateway.create_payment(
        amount=20000_00, currency="EUR", key="by hand", metadata={}, transfer_group="none"
    )
    await payments.gateway.confirm_payment(strange.id, payment_method="pm_card_visa", key="confirmed by hand")
    await balance.sync()

    [_, charge] = await apart()
    by_nothing = await explain(charge, matched=True)
    first = await explain(charge, own="GAIN_OR_LOSS")
    same = await explain(charge, own="GAIN_OR_LOSS")
    second = await explain(charge, own="GAIN_OR_LOSS", by=COLLEAGUE)
    late = await explain(charge, own="GAIN_OR_LOSS", by=COLLEAGUE)

    assert charge == IsPartialDict(amount={"amount": "20000.00"}, journal=None)
    assert charge["stripeTransaction"]["kind"] == "charge"
    assert by_nothing == IsPartialDict(__typename="NotThatStripeJournal", code="NOT_THAT_STRIPE_JOURNAL")
    assert first["explainedAt"] is None
    assert same["__typename"] == "SecondPersonNeeded"
    assert second["explainedAt"] is not None
    assert late == IsPartialDict(__typename="StripeTransactionExplained", code="STRIPE_TRANSACTION_EXPLAINED")
    assert await house(Purpose.ADJUSTMENTS) == 1000_00 + 20000_00
    assert await violations() == []


async def test_what_the_books_have_under_another_id_is_proposed_and_keeps_the_day_open(payments: Payments) -> None:
    wiring.wire()
    day = today_at_stripe()
    payee = await payments.payee()
    await balance.sync()
    await explain((await apart())[0], own="OWN_FUNDS")
    async with database.transaction():
        connected = accounts.partner(new_id(), Purpose.STRIPE_CONNECTED, "EUR")
        moved = Entry(connected, accounts.house(Purpose.STRIPE_CLEARING, "EUR"), 700)
        await tracing.trace(await post("test.sent", "test", new_id(), [moved]), "tr_mistyped", -700, "EUR")
    with clock.travel(DAY + timedelta(hours=1)):
        await balance.sync()
        differs = await close(day)
    await payments.gateway.send_transfer(
        amount=700, currency="EUR", destination=str(payee.stripe_id), transfer_group="by hand", key="k"
    )
    await balance.sync()
    books, told = sorted(await apart(), key=lambda node: node["side"])

    assert differs == IsPartialDict(__typename="StripeDayNotEqual", code="STRIPE_DAY_NOT_EQUAL")
    assert books == IsPartialDict(
        side="BOOKS", at="STRIPE", said="test.sent tr_mistyped", amount={"amount": "-7.00"}
    )
    assert told["journal"] == books["journal"]
    done = await explain(told, journalId=told["journal"]["id"])
    assert done["explainedAt"] is not None
    assert await apart() == []


async def test_what_is_told_of_a_closed_day_counts_on_the_next_and_waits_for_a_person(payments: Payments) -> None:
    wiring.wire()
    day = today_at_stripe()
    await balance.sync()
    await explain((await apart())[0], own="OWN_FUNDS")
    with clock.travel(DAY + timedelta(hours=1)):
        await balance.sync()
        assert (await close(day))["closing"]["amount"] == "1000.00"
    await a_charge(payments)
    await balance.sync()

    (late,) = await apart()
    assert late == IsPartialDict(side="STRIPE", day=str(day), amount={"amount": "970.70"})
    assert late["stripeTransaction"]["countsOn"] == str(day + DAY)
    assert {match["journal"]["reason"] for match in late["stripeTransaction"]["matches"]} == {
        "stripe_balance", "funding.paid_in",
    }  # fmt: skip
    assert (await explain(late, matched=False))["__typename"] == "InvalidInput"
    assert (await explain(late, matched=True))["explainedAt"] is not None
    await both_ways_say_the_same()
    with clock.travel(2 * DAY + timedelta(hours=1)):
        await balance.sync()
        closed = await close(day + DAY)
    assert closed == IsPartialDict(
        opening={"amount": "1000.00"}, closing={"amount": "1970.70"}, crossing={"amount": "0.00"}, transactions=1
    )
    await both_ways_say_the_same()
    assert await violations() == []


async def test_what_the_books_have_on_the_next_day_crosses_and_both_sides_are_equal(payments: Payments) -> None:
    """Stripe took the money before midnight, and told us after it."""
    wiring.wire()
    day = today_at_stripe()
    with clock.travel(DAY + timedelta(hours=1)):
        await a_charge(payments)
        await balance.sync()
        for node in await apart():
            await explain(node, own="OWN_FUNDS")
        closed = await close(day)

    assert closed == IsPartialDict(closing={"amount": "1970.70"}, crossing={"amount": "1000.00"})
    await both_ways_say_the_same()
    assert await violations() == []
    await database.execute("UPDATE stripe_posting SET counted_on = $1", day + 9 * DAY)
    wrong = [each.detail for each in await violations()]
    assert any(detail.startswith("the books closed at 97070, what is counted") for detail in wrong), wrong
    assert any(detail.endswith("no closed day of it") for detail in wrong), wrong


@pytest.mark.parametrize("bank_first", [True, False])
async def test_our_payout_is_the_entry_of_the_bank_that_names_it(payments: Payments, bank_first: bool) -> None:
    wiring.wire()
    await an_account()
    day = str(clock.today())
    await balance.sync()
    [payout] = await payments.stand_in.order("payout")
    named = f"STRIPE PAYOUT {payout['id'].replace('_', ' ').upper()}"
    arrived = statement([Booked("1000.00", "B-1", day=day, remittance=named)], day=day)
    if bank_first:
        await read(arrived)
    await balance.sync()
    waiting = [(node["side"], node["said"]) for node in await apart() if node["at"] == "BANK"]
    if not bank_first:
        await read(arrived)

    assert waiting == ([] if bank_first else [("BOOKS", f"stripe_balance {payout['id']}")])
    assert [node["at"] for node in await apart()] == ["STRIPE"]
    assert await clearing() == 0

    await payments.stand_in.order(f"payouts/{payout['id']}/fail")
    await balance.sync()
    assert [node["said"] for node in await apart() if node["at"] == "BANK"] == [f"stripe_balance {payout['id']}"]
    await read(statement([Booked("-1000.00", "B-2", day=day, remittance=named)], opening="2000.00", day=day))
    assert [node["at"] for node in await apart()] == ["STRIPE"]
    assert await clearing() == 0
    assert await violations() == []


async def test_a_payout_that_failed_before_the_bank_had_it_leaves_nothing_to_explain(payments: Payments) -> None:
    wiring.wire()
    await an_account()
    [payout] = await payments.stand_in.order("payout")
    await payments.stand_in.order(f"payouts/{payout['id']}/fail")
    await balance.sync()

    assert [node["at"] for node in await apart()] == ["STRIPE"]
    assert await house(Purpose.BANK_CLEARING) == 0
    assert await violations() == []


async def test_a_transfer_taken_back_in_two_parts_is_matched_part_by_part(payments: Payments) -> None:
    wiring.wire()
    program, _ = await a_charge(payments)
    partner = await builders.a_partner()
    await onboard(payments, partner)
    await sell(program, partner, 50_00)
    await settle()
    await run_jobs()
    await payments.webhooks(1)
    [sent] = await payments.gateway.find_transfers((await database.value("SELECT id FROM outbound_transfer")).hex)
    await payments.gateway.reverse_transfer(sent.id, key="one", amount=1000)
    await payments.gateway.reverse_transfer(sent.id, key="two")
    await payments.webhooks(2)
    await balance.sync()

    assert await BalanceTransaction.filter(type="transfer_refund", explained_at__isnull=False).count() == 2
    assert [node["said"] for node in await apart()] == ["adjustment"]
    assert await violations() == []


async def test_nobody_but_finance_sees_or_does_any_of_it(payments: Payments) -> None:
    await balance.sync()
    told = ids.public("stripeTransaction", (await BalanceTransaction.get()).id)
    partner = await builders.a_partner()
    for caller in (as_partner(partner.id), as_program(new_id()), as_operator(new_id(), "support")):
        for text in ("{ stripeTransactions { nodes { id } } }", "{ stripeDays { nodes { id } } }"):
            assert (await caller.ask(text))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        shown = await caller.ask(STANDING, day="2026-01-01")
        assert shown["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await caller.get("query($id: ID!) { node(id: $id) { id } }", id=told))["node"] is None
    assert (await close(clock.today(), currency="SEK"))["__typename"] == "NotFound"
    open_ones = await FINANCE.get("{ stripeTransactions(explained: false) { totalCount } }")
    assert open_ones == {"stripeTransactions": {"totalCount": 1}}


async def test_a_dispute_that_nobody_here_posts_waits_for_a_person_who_says_it_is_a_loss(
    payments: Payments,
) -> None:
    """Of a charge that somebody made by hand: its amount stands on DISPUTED until then."""
    wiring.wire()
    strange = await payments.gateway.create_payment(
        amount=50_00, currency="EUR", key="by hand", metadata={}, transfer_group="none"
    )
    await payments.gateway.confirm_payment(strange.id, payment_method="pm_card_visa", key="confirmed by hand")
    await payments.stand_in.order(f"payment_intents/{strange.id}/dispute")
    await balance.sync()
    waiting = {node["stripeTransaction"]["kind"]: node for node in (await apart())[1:]}
    before = await house(Purpose.DISPUTED)
    for node in waiting.values():
        assert (await explain(node, own="GAIN_OR_LOSS"))["explainedAt"] is not None

    assert set(waiting) == {"charge", "adjustment"}
    assert (before, await house(Purpose.DISPUTED)) == (-50_00, 0)
    assert await house(Purpose.ADJUSTMENTS) == 1000_00
    assert [node["said"] for node in await apart()] == ["adjustment"]
    assert await violations() == []
