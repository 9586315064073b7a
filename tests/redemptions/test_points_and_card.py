"""Points and a card for one price: authorised first, taken when the points are posted, let go otherwise."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import OfferKind, Stock
from marketplace.kit import clock, database, ids, jobs
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.payments.models import CardPayment, CardRefund
from marketplace.payments.stand_in.resources.payment_intents import AUTHORISED_S
from marketplace.redemptions.models import Redemption
from tests import books, builders
from tests.payments.outbound import Payments, run_jobs
from tests.redemptions.carding import SIX, a_buyer, balanced, buy, confirm, everything, house, look
from tests.redemptions.world import (
    ADDRESS,
    a_shopper,
    forbidden,
    money_of,
    nothing_happens,
    partner_of,
    pay_in,
    payable,
    server_of,
    support,
)


async def test_a_card_is_authorised_first_and_charged_when_the_points_are_posted(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    assert bought == IsPartialDict(state="PENDING", points=400, waitsFor="CARD")
    assert bought["card"] == IsPartialDict(amount=SIX, state="AWAITING", chargedAt=None)
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2600, 400)
    assert await money_of(shopper.program) == (496_00, 4_00)
    await balanced()

    await confirm(payments, shopper, bought)
    await payments.webhooks(2)  # created, amount_capturable_updated; the capture is called
    assert await look(shopper, bought) == IsPartialDict(
        state="FULFILLED", waitsFor=None, card=IsPartialDict(state="CAPTURED")
    )
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2600, 0)
    assert await money_of(shopper.program) == (496_00, 0)
    await everything(payments)

    assert (await house(Purpose.STRIPE_CLEARING), await house(Purpose.CARD_CLEARING)) == (-6_00, 0)
    assert await payable(item) == 10_00 - 80 - 17
    revealed = await shopper.phone.do("revealCode", "... on RevealedCode { code }", redemptionId=bought["id"])
    assert revealed["code"] == "AAAA-1111"
    await balanced()


async def test_what_the_card_would_pay_is_told_before(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    text = """query($id: ID!, $points: BigInt!) { cardQuote(itemId: $id, points: $points) { points fullPoints
        leastPoints card { amount } whyNot { code } } }"""

    async def quoted(points: int) -> Any:
        return (await shopper.phone.get(text, id=ids.public("item", item.id), points=points))["cardQuote"]

    assert await quoted(400) == {
        "points": 400, "fullPoints": 1000, "leastPoints": 200, "card": {"amount": "6.00"}, "whyNot": None,
    }  # fmt: skip
    assert (await quoted(100))["whyNot"] == {"code": "TOO_FEW_POINTS"}
    assert (await quoted(1500))["card"] is None


async def test_a_card_that_pays_otherwise_than_seen_or_allowed_is_refused(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    strict = await a_buyer(points_share_bp=10_000)
    donation = await builders.an_item(await builders.an_offer(OfferKind.DONATION))
    async with nothing_happens():
        dear = await buy(shopper, item, card={"amount": "5.99", "currency": "EUR"})
        few = await shopper.redeem(item, "... on TooFewPoints { leastPoints }", expectedPoints=199, card=SIX)
        closed = await buy(strict, item)
        foreign = await buy(shopper, item, card={"amount": "99", "currency": "SEK"})
        small = await buy(shopper, item, 960)
        given = await buy(shopper, donation)
    assert dear["__typename"] == "CardAmountChanged"
    assert (few["__typename"], few["leastPoints"]) == ("TooFewPoints", 200)
    assert closed["__typename"] == "CardNotOffered"
    paths = [[problem["path"] for problem in each["problems"]] for each in (foreign, small, given)]
    assert paths == [["card.currency"], ["card"], ["card"]]


async def test_enough_points_need_no_card(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    assert await buy(shopper, item, 1000) == IsPartialDict(state="FULFILLED", points=1000, card=None)


async def test_the_tiers_discount_is_the_programs_and_a_card_pays_the_discounted_rest(payments: Payments) -> None:
    program = await builders.a_program(points_share_bp=0)
    await pay_in(program, 500_00)
    shopper, item = await a_shopper(program, tier="gold"), await builders.a_voucher()
    bought = await buy(shopper, item, 410, card={"amount": "5.00", "currency": "EUR"})
    assert bought["card"]["amount"]["amount"] == "5.00"
    await confirm(payments, shopper, bought)
    await everything(payments)
    borne = await queries.balance(accounts.program(program.id, Purpose.TIER_DISCOUNT, program.unit))
    assert (await look(shopper, bought))["state"] == "FULFILLED"
    assert borne == -90
    await balanced()


async def test_a_partner_bears_its_part_of_the_discount_whatever_a_card_pays(payments: Payments) -> None:
    program = await builders.a_program(points_share_bp=0)
    await pay_in(program, 500_00)
    brand = await builders.a_brand(await builders.a_partner(tier_discount_share_bp=10_000))
    shopper, item = await a_shopper(program, tier="gold"), await builders.a_voucher(brand=brand)
    bought = await buy(shopper, item, 1, card={"amount": "9.09", "currency": "EUR"})
    await confirm(payments, shopper, bought)
    await everything(payments)
    row = await Redemption.get(partner_id=brand.partner_id)
    assert (row.home_minor, row.card_minor, row.discount_minor, row.partner_discount_minor) == (9_10, 9_09, 90, 90)
    assert await money_of(program) == (500_00 - 1, 0)
    await balanced()
    desk = await support()
    await desk.do("refundRedemption", "", redemptionId=bought["id"], reason="x")
    await everything(payments)
    assert (await money_of(program), await payable(item), await shopper.wallet()) == ((500_00, 0), 0, 3000)
    await balanced()


async def test_a_declined_card_can_be_followed_by_another_and_the_bank_may_ask_its_holder(
    payments: Payments,
) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await confirm(payments, shopper, bought, "pm_card_chargeDeclinedInsufficientFunds")
    await everything(payments)
    declined = await look(shopper, bought)
    assert (declined["state"], declined["card"]["declineCode"]) == ("PENDING", "insufficient_funds")
    asked = await confirm(payments, shopper, bought, "pm_card_threeDSecure2Required")
    assert asked["status"] == "requires_action"
    await everything(payments)
    assert (await look(shopper, bought))["card"]["state"] == "AWAITING"
    await payments.stand_in.order(f"payment_intents/{asked['id']}/authenticate")
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(
        state="FULFILLED", card=IsPartialDict(state="CAPTURED", declineCode=None)
    )
    await balanced()


async def test_a_card_that_nobody_confirms_gives_everything_back(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    unasked, asked = await buy(shopper, item), await buy(shopper, item)
    await confirm(payments, shopper, asked, "pm_card_chargeDeclined")
    await run_jobs(after=timedelta(minutes=31))
    for bought in (unasked, asked):
        found = await look(shopper, bought)
        assert (found["state"], found["closedReason"]) == ("FAILED", "the card was not confirmed in time")
        assert found["card"]["state"] in {"RELEASED", "RELEASING"}
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await money_of(shopper.program) == (500_00, 0)
    assert (await Stock.get(item_id=item.id)).taken == 0 or await database.value(
        "SELECT count(*) FROM returned_code"
    )
    late = await shopper.phone.do(
        "startCardPayment", "... on CardNotAwaited { current }", redemptionId=asked["id"]
    )
    assert (late["__typename"], late["current"]) == ("CardNotAwaited", "FAILED")
    await everything(payments)
    await balanced()


async def test_who_confirms_while_time_runs_out_is_heard_though_the_webhook_is_lost(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await payments.stand_in.webhook_fault("drop", "payment_intent.amount_capturable_updated")
    await confirm(payments, shopper, bought)
    await run_jobs(after=timedelta(minutes=31))
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(state="FULFILLED", card=IsPartialDict(state="CAPTURED"))
    await balanced()


@pytest.mark.parametrize("kind", ["twice", "late", "out_of_order", "forged"])
async def test_webhooks_come_as_they_like(payments: Payments, kind: str) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    for event in ("payment_intent.amount_capturable_updated", "payment_intent.succeeded"):
        await payments.stand_in.webhook_fault(kind, event, seconds=0.2)
    bought = await buy(shopper, item)
    await confirm(payments, shopper, bought)
    await everything(payments)
    with clock.travel(timedelta(minutes=4)):
        await jobs.periodics()["payments.recover"].handler()
    await run_jobs(after=timedelta(minutes=4))
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(state="FULFILLED", card=IsPartialDict(state="CAPTURED"))
    assert (await shopper.wallet(), await house(Purpose.STRIPE_CLEARING)) == (2600, -6_00)
    assert (400 in payments.answers) == (kind == "forged")
    await balanced()


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "status"])
@pytest.mark.parametrize("call", ["capture", "cancel", "refunds"])
async def test_an_answer_that_is_lost_is_found_out(payments: Payments, call: str, kind: str) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    shown = await confirm(payments, shopper, bought)
    path = "/v1/refunds" if call == "refunds" else f"/v1/payment_intents/{shown['id']}/{call}"
    if call == "cancel":
        await shopper.phone.do("cancelRedemption", "", redemptionId=bought["id"])
    await payments.stand_in.fault(kind, path, times=3, status=500)
    await everything(payments)
    if call == "refunds":
        await (await support()).do("refundRedemption", "", redemptionId=bought["id"], reason="broken")
        await everything(payments)
    await run_jobs(after=timedelta(seconds=31))
    await everything(payments)
    expected = {"capture": ("FULFILLED", "CAPTURED"), "cancel": ("CANCELLED", "RELEASED")}
    found = await look(shopper, bought)
    assert (found["state"], found["card"]["state"]) == expected.get(call, ("REFUNDED", "CAPTURED"))
    assert await house(Purpose.STRIPE_CLEARING) == (-6_00 if call == "capture" else 0)
    assert await house(Purpose.CARD_CLEARING) == 0
    assert await shopper.wallet() == (2600 if call == "capture" else 3000)
    await balanced()


async def test_a_card_is_asked_for_once_though_the_answer_is_lost(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await payments.stand_in.fault("drop_after", "/v1/payment_intents", times=3)
    lost = await shopper.phone.do("startCardPayment", "", redemptionId=bought["id"])
    assert lost["__typename"] == "PaymentsUnavailable"
    await confirm(payments, shopper, bought)
    await everything(payments)
    made = {each["key"] for each in await payments.stand_in.requests("/v1/payment_intents")}
    assert len(made) == 1
    assert (await look(shopper, bought))["state"] == "FULFILLED"
    await balanced()


async def test_a_refund_gives_the_card_its_money_and_the_points_to_their_lots(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await confirm(payments, shopper, bought)
    await everything(payments)
    await (await support()).do("refundRedemption", "", redemptionId=bought["id"], reason="broken")
    assert await house(Purpose.CARD_CLEARING) == 6_00
    await everything(payments)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert (await house(Purpose.STRIPE_CLEARING), await house(Purpose.CARD_CLEARING), await payable(item)) == (
        0,
        0,
        0,
    )
    assert [refund.state for refund in await CardRefund.all()] == ["DONE"]
    text = "query($id: ID!) { node(id: $id) { ... on Redemption { events { change } } } }"
    story = [each["change"] for each in (await shopper.phone.get(text, id=bought["id"]))["node"]["events"]]
    assert story == ["TAKEN", "FULFILLED", "CARD_CHARGED", "REFUNDED", "CARD_REFUNDED"]
    await balanced()


async def test_a_refund_in_parts_gives_each_source_its_share(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await confirm(payments, shopper, bought)
    await everything(payments)
    part = {
        "redemptionId": bought["id"],
        "reason": "half",
        "part": {"amount": {"amount": "3.33", "currency": "EUR"}},
    }
    for _ in range(2):
        assert (await (await support()).do("refundRedemption", "", **part))["__typename"] == "Redemption"
    await everything(payments)
    assert (await shopper.wallet(), await house(Purpose.STRIPE_CLEARING)) == (2600 + 266, -6_00 + 3_99)
    await balanced()
    whole = {"redemptionId": bought["id"], "reason": "the rest"}
    await (await support()).do("refundRedemption", "", **whole)
    await everything(payments)
    assert [refund.amount_minor for refund in await CardRefund.all().order_by("id")] == [1_99, 2_00, 2_01]
    assert (await shopper.wallet(), await money_of(shopper.program)) == (3000, (500_00, 0))
    await balanced()


async def test_a_parcel_goes_to_the_brand_when_the_card_is_sure_and_is_charged_when_it_leaves(
    payments: Payments,
) -> None:
    shopper, item = (
        await a_buyer(),
        await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=3),
    )
    bought = await buy(shopper, item, address=ADDRESS)
    brand = await partner_of(item)
    parcel = {"redemptionId": bought["id"], "carrier": "PostNL", "tracking": "3S1"}
    async with nothing_happens():
        assert (await brand.do("shipRedemption", "", **parcel))["__typename"] == "NotFound"
    await confirm(payments, shopper, bought)
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(state="PENDING", card=IsPartialDict(state="AUTHORISED"))
    assert await house(Purpose.STRIPE_CLEARING) == 0
    await balanced()
    assert (
        await brand.do("shipRedemption", "... on Redemption { state card { state } }", **parcel)
    ) == IsPartialDict(state="FULFILLED", card=None)
    await everything(payments)
    assert (await look(shopper, bought))["card"]["state"] == "CAPTURED"
    await balanced()


async def test_an_authorisation_is_used_before_it_ends_and_given_back_if_nothing_comes(payments: Payments) -> None:
    shopper, item = (
        await a_buyer(),
        await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=3),
    )
    bought = await buy(shopper, item, address=ADDRESS)
    await confirm(payments, shopper, bought)
    await everything(payments)
    await run_jobs(after=timedelta(days=6, minutes=1))
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(state="PENDING", card=IsPartialDict(state="CAPTURED"))
    assert await money_of(shopper.program) == (496_00, 10_00)
    await balanced()
    reason = {"redemptionId": bought["id"], "reason": "out of stock"}
    await (await partner_of(item)).do("failRedemption", "", **reason)
    await everything(payments)
    assert (await look(shopper, bought))["state"] == "FAILED"
    assert (await shopper.wallet(), await money_of(shopper.program)) == (3000, (500_00, 0))
    assert await house(Purpose.CARD_CLEARING) == 0
    await balanced()


async def test_an_authorisation_that_ran_out_before_the_capture_undoes_what_was_given(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    shown = await confirm(payments, shopper, bought)
    await payments.stand_in.fault("status", f"/v1/payment_intents/{shown['id']}/capture", times=3, status=429)
    await payments.webhooks(2)
    found = await look(shopper, bought)
    assert (found["state"], found["card"]["state"]) == ("FULFILLED", "CAPTURING")
    hidden = await shopper.phone.do("revealCode", "... on CardNotTaken { message }", redemptionId=bought["id"])
    assert hidden["__typename"] == "CardNotTaken"
    await balanced()
    await payments.stand_in.order("clock", advance_s=AUTHORISED_S + 1)
    await run_jobs(after=timedelta(seconds=31))
    await everything(payments)
    lost = await look(shopper, bought)
    assert (lost["state"], lost["closedReason"]) == ("REFUNDED", "the card's authorisation ended")
    assert lost["card"]["state"] == "FAILED"
    assert (await shopper.wallet(), await money_of(shopper.program)) == (3000, (500_00, 0))
    assert (await house(Purpose.STRIPE_CLEARING), await house(Purpose.CARD_CLEARING)) == (0, 0)
    await balanced()


async def test_a_parcel_that_left_while_its_card_was_lost_is_our_loss_until_it_is_refunded(
    payments: Payments,
) -> None:
    shopper, item = (
        await a_buyer(),
        await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=3),
    )
    bought = await buy(shopper, item, address=ADDRESS)
    await confirm(payments, shopper, bought)
    await everything(payments)
    await payments.stand_in.order("clock", advance_s=AUTHORISED_S + 1)
    parcel = {"redemptionId": bought["id"], "carrier": "PostNL", "tracking": "3S1"}
    await (await partner_of(item)).do("shipRedemption", "", **parcel)
    await everything(payments)
    assert await look(shopper, bought) == IsPartialDict(state="FULFILLED", card=IsPartialDict(state="FAILED"))
    assert (await house(Purpose.ADJUSTMENTS), await house(Purpose.CARD_CLEARING)) == (-6_00, 0)
    await balanced()
    await (await support()).do("refundRedemption", "", redemptionId=bought["id"], reason="came back")
    assert (await house(Purpose.ADJUSTMENTS), await house(Purpose.CARD_CLEARING)) == (0, 0)
    await balanced()


async def test_confirming_and_cancelling_at_once_leave_one_truth(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher([f"CODE-{n:04}" for n in range(6)])
    bought = [await buy(shopper, item) for _ in range(3)]
    for each in bought:
        await confirm(payments, shopper, each)
    await payments.inbox.holds(6)
    took = asyncio.gather(*(shopper.phone.do("cancelRedemption", "", redemptionId=b["id"]) for b in bought))
    await asyncio.gather(took, payments.webhooks(6))
    await everything(payments)
    states = [(found["state"], found["card"]["state"]) for found in [await look(shopper, b) for b in bought]]
    assert set(states) <= {("CANCELLED", "RELEASED"), ("FULFILLED", "CAPTURED")}
    kept = states.count(("FULFILLED", "CAPTURED"))
    assert (await shopper.wallet(), await house(Purpose.STRIPE_CLEARING)) == (3000 - 400 * kept, -600 * kept)
    await balanced()


async def test_a_secret_is_for_the_member_alone(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought, neighbour = await buy(shopper, item), await a_buyer()
    foreign = await neighbour.phone.do("startCardPayment", "", redemptionId=bought["id"])
    assert foreign["__typename"] == "NotFound"
    await forbidden(server_of(shopper.program), "startCardPayment", redemptionId=bought["id"])
    shown = await confirm(payments, shopper, bought)
    kept = await database.value("SELECT string_agg(e.payload::text, '') FROM stripe_event e")
    assert shown["client_secret"] not in str(kept)


async def test_a_refund_row_and_a_redemption_say_the_same(payments: Payments) -> None:
    shopper, item = await a_buyer(), await builders.a_voucher()
    bought = await buy(shopper, item)
    await Redemption.all().update(card_minor=5_00)
    assert "cards go with their redemptions" in {each.check for each in await books.violations()}
    await Redemption.all().update(card_minor=6_00)
    await CardPayment.all().update(state="AUTHORISED")
    assert {each.check for each in await books.violations()} == {"cards go with their redemptions"}
    assert bought["state"] == "PENDING"
