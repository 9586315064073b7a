"""What looks odd is held until a person decides; the member is told the truth, and not the rule."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import OfferKind
from marketplace.kit import ids
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.payments.models import OutboundTransfer
from marketplace.risk.models import RiskSighting
from tests import books, builders
from tests.client import Caller, as_operator
from tests.payments.outbound import Payments, run_jobs
from tests.redemptions.test_redeem_for_cash import onboard
from tests.redemptions.world import (
    ADDRESS,
    REDEMPTION,
    Shopper,
    a_shopper,
    forbidden,
    money_of,
    nothing_happens,
    partner_of,
    pay_in,
    server_of,
    support,
)

CASH = "... on CashRedemption { id state waitsFor closedReason }"
QUEUE = """{ riskReviews(state: OPEN) { nodes {
    id leaving points memberId reasons { kind found threshold } } } }"""


def watcher() -> Caller:
    """A person of the risk role."""
    return as_operator(uuid4(), "risk")


async def rule(program: Program, kind: str, threshold: int | None, leaving: str = "CASH", hours: int = 24) -> None:
    answer = await watcher().do(
        "setRiskRule",
        "... on RiskRule { kind }",
        programId=ids.public("program", program.id),
        leaving=leaving,
        kind=kind,
        threshold=threshold,
        hours=hours,
    )
    assert answer["kind"] == kind


async def queue() -> list[Any]:
    return (await watcher().get(QUEUE))["riskReviews"]["nodes"]


async def decide(review: Any, *, release: bool, note: str = "looked at it") -> Any:
    wanted = "... on RiskReview { state decidedAt note }"
    return await watcher().do("decideReview", wanted, reviewId=review["id"], release=release, note=note)


async def a_payee(payments: Payments, program: Program | None = None, **facts: Any) -> Shopper:
    if program is None:
        program = await builders.a_program()
        await pay_in(program, 500_00)
    shopper = await a_shopper(program, **facts)
    await onboard(payments, shopper)
    return shopper


async def cash(shopper: Shopper, points: int = 1000, **fields: Any) -> Any:
    return await shopper.phone.do("redeemForCash", CASH, points=points, **fields)


async def test_cash_that_looks_odd_is_held_and_sent_when_a_person_releases_it(payments: Payments) -> None:
    shopper = await a_payee(payments)
    await rule(shopper.program, "AMOUNT_OVER", 999)
    held = await cash(shopper)
    assert (held["state"], held["waitsFor"]) == ("PENDING", "IN_REVIEW")
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2000, 1000)
    await run_jobs()
    assert not await OutboundTransfer.exists()
    assert await books.violations() == []

    (review,) = await queue()
    assert review == IsPartialDict(
        leaving="CASH",
        points=1000,
        memberId=ids.public("member", shopper.member.id),
        reasons=[{"kind": "AMOUNT_OVER", "found": 1000, "threshold": 999}],
    )
    assert await decide(review, release=True) == IsPartialDict(state="RELEASED", note="looked at it")
    await run_jobs()
    text = f"query($id: ID!) {{ node(id: $id) {{ {CASH} }} }}"
    found = (await shopper.phone.get(text, id=held["id"]))["node"]
    assert found == IsPartialDict(state="FULFILLED", waitsFor=None)
    assert await queue() == []
    async with nothing_happens():
        again = await watcher().do(
            "decideReview", "... on ReviewClosed { current }", reviewId=review["id"], release=False, note="no"
        )
    assert (again["__typename"], again["current"]) == ("ReviewClosed", "RELEASED")
    assert await books.violations() == []


async def test_cash_that_is_refused_gives_everything_back_without_telling_the_rule(payments: Payments) -> None:
    shopper = await a_payee(payments)
    await rule(shopper.program, "AMOUNT_OVER", 999)
    held = await cash(shopper)
    (review,) = await queue()
    await decide(review, release=False)
    text = f"query($id: ID!) {{ node(id: $id) {{ {CASH} }} }}"
    told = (await shopper.phone.get(text, id=held["id"]))["node"]
    assert told == IsPartialDict(state="FAILED", closedReason="it was looked at and could not be approved")
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await money_of(shopper.program) == (500_00, 0)
    assert await books.violations() == []


async def test_each_kind_of_rule_counts_what_it_says(payments: Payments) -> None:
    program = await builders.a_program(cash_max_points=10**6)
    await pay_in(program, 500_00)
    first, second = await a_payee(payments, program), await a_payee(payments, program)
    await rule(program, "TOO_MANY", 1)
    await rule(program, "NEW_ACCOUNT", 700, hours=1)
    await rule(program, "SHARED_DEVICE", 1)
    assert (await cash(first, 600, device="phone-1"))["waitsFor"] is None
    assert (await cash(first, 600))["waitsFor"] == "IN_REVIEW"
    assert (await cash(second, 800, device="phone-1"))["waitsFor"] == "IN_REVIEW"
    kinds = [{reason["kind"] for reason in review["reasons"]} for review in await queue()]
    assert kinds == [{"NEW_ACCOUNT", "SHARED_DEVICE"}, {"TOO_MANY"}]
    assert "phone-1" not in str(await RiskSighting.all().values())
    for kind in ("TOO_MANY", "NEW_ACCOUNT", "SHARED_DEVICE"):
        await rule(program, kind, None)
    assert (await cash(second, 800, device="phone-1"))["waitsFor"] is None


async def test_gifts_that_go_straight_out_and_a_shared_bank_account_are_seen(
    payments: Payments,
) -> None:
    program = await builders.a_program()
    await pay_in(program, 500_00)
    giver, taker = await a_shopper(program), await a_shopper(program, points=0)
    for shopper in (giver, taker):
        account = await onboard(payments, shopper, finish=False)
        await payments.stand_in.order(f"accounts/{account.stripe_id}/onboard", bank="same")
        await payments.webhooks(1)
    await rule(program, "GIFTS_THEN_OUT", 999)
    await rule(program, "SHARED_BANK_ACCOUNT", 1)
    assert (await cash(giver, 600))["waitsFor"] == "IN_REVIEW"
    given = await giver.phone.do(
        "givePoints", "... on Gift { id }", points=1000, recipientReference=taker.member.reference
    )
    await taker.phone.do("claimGift", "", gift={"giftId": given["id"]})
    assert (await cash(taker, 600))["waitsFor"] == "IN_REVIEW"
    kinds = [{reason["kind"] for reason in review["reasons"]} for review in await queue()]
    assert kinds == [{"GIFTS_THEN_OUT", "SHARED_BANK_ACCOUNT"}, {"SHARED_BANK_ACCOUNT"}]


async def test_a_reward_that_looks_odd_waits_out_of_its_brands_sight(payments: Payments) -> None:
    program = await builders.a_program(points_share_bp=0)
    await pay_in(program, 500_00)
    await rule(program, "SHARED_ADDRESS", 1, "REWARD")
    item = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=5)
    wanted = f"{REDEMPTION[:-1]} waitsFor closedReason card {{ state }} }}"
    first, second, third = [await a_shopper(program) for _ in range(3)]
    assert (await first.redeem(item, wanted, address=ADDRESS))["waitsFor"] is None
    held = await second.redeem(item, wanted, address=ADDRESS | {"line1": "DAMRAK 1"})
    card = {"amount": "6.00", "currency": "EUR"}
    paying = await third.redeem(item, wanted, expectedPoints=400, card=card, address=ADDRESS)
    assert (held["waitsFor"], paying["waitsFor"], paying["card"]) == ("IN_REVIEW", "IN_REVIEW", None)
    parcel = {"redemptionId": held["id"], "carrier": "PostNL", "tracking": "3S1"}
    brand = await partner_of(item)
    async with nothing_happens():
        assert (await brand.do("shipRedemption", "", **parcel))["__typename"] == "NotFound"
    assert await books.violations() == []
    newest, oldest = await queue()
    await decide(newest, release=True)
    await decide(oldest, release=True)
    text = f"query($id: ID!) {{ node(id: $id) {{ {wanted} }} }}"
    assert (await third.phone.get(text, id=paying["id"]))["node"] == IsPartialDict(
        waitsFor="CARD", card={"state": "AWAITING"}
    )
    assert (await brand.do("shipRedemption", "", **parcel))["__typename"] == "Redemption"
    assert await books.violations() == []


async def test_a_voucher_is_handed_out_on_release_and_goes_back_on_refusal(db: None) -> None:
    program = await builders.a_program()
    await pay_in(program, 500_00)
    await rule(program, "AMOUNT_OVER", 0, "REWARD")
    item = await builders.a_voucher()
    shoppers = [await a_shopper(program) for _ in range(3)]
    held = [await shopper.redeem(item) for shopper in shoppers[:2]]
    assert (await shoppers[2].redeem(item, ""))["__typename"] == "OfferSoldOut"
    newest, oldest = await queue()
    await asyncio.gather(decide(oldest, release=True), decide(newest, release=False))
    text = f"query($id: ID!) {{ node(id: $id) {{ {REDEMPTION} }} }}"
    states = [
        (await shopper.phone.get(text, id=each["id"]))["node"]["state"]
        for shopper, each in zip(shoppers, held, strict=False)
    ]
    assert states == ["FULFILLED", "FAILED"]
    assert await books.violations(but="marketplace.payments") == []


async def test_a_member_may_take_back_what_is_held(db: None) -> None:
    program = await builders.a_program()
    await pay_in(program, 500_00)
    await rule(program, "AMOUNT_OVER", 0, "REWARD")
    shopper = await a_shopper(program)
    held = await shopper.redeem(await builders.a_voucher())
    (review,) = await queue()
    await shopper.phone.do("cancelRedemption", "", redemptionId=held["id"])
    closed = await watcher().do(
        "decideReview", "... on ReviewClosed { current }", reviewId=review["id"], release=True, note="late"
    )
    assert (closed["__typename"], closed["current"]) == ("ReviewClosed", "WITHDRAWN")
    assert await shopper.wallet() == 3000
    assert await books.violations(but="marketplace.payments") == []


async def test_only_people_of_the_risk_role_see_and_decide(db: None) -> None:
    program = await builders.a_program()
    await pay_in(program, 500_00)
    await rule(program, "AMOUNT_OVER", 0, "REWARD")
    shopper = await a_shopper(program)
    await shopper.redeem(await builders.a_voucher())
    (review,) = await queue()
    other = {"reviewId": review["id"], "release": True, "note": "mine"}
    for caller in (shopper.phone, server_of(program), await support()):
        await forbidden(caller, "decideReview", **other)
        answer = await caller.ask(QUEUE)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        node = await caller.ask("query($id: ID!) { node(id: $id) { id } }", id=review["id"])
        assert node["data"]["node"] is None
    unsaid = await watcher().do("decideReview", "", **(other | {"note": " "}))
    assert [problem["path"] for problem in unsaid["problems"]] == ["note"]
    text = "query($id: ID!) { riskRules(programId: $id) { kind threshold hours } }"
    rules = (await watcher().get(text, id=ids.public("program", program.id)))["riskRules"]
    assert rules == [{"kind": "AMOUNT_OVER", "threshold": 0, "hours": 24}]


@pytest.mark.parametrize("fields", [{"threshold": -1}, {"hours": 0}])
async def test_a_rule_that_makes_no_sense_is_refused(db: None, fields: dict[str, Any]) -> None:
    program = await builders.a_program()
    facts = {"programId": ids.public("program", program.id), "leaving": "CASH", "kind": "TOO_MANY", "threshold": 1}
    answer = await watcher().do("setRiskRule", "", **(facts | fields))
    assert answer["__typename"] == "InvalidInput"
