"""Points paid out as money: spent when the money has left, given back only when it surely has not or came back."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.kit import clock, database, ids
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.payments.models import ConnectedAccount, OutboundTransfer, PayeeKind
from marketplace.payments.steps import open_account
from tests import builders
from tests.client import as_partner
from tests.payments.outbound import Payments, run_jobs, sent_at_stripe
from tests.redemptions.world import (
    Shopper,
    a_shopper,
    forbidden,
    give_points,
    money_of,
    nothing_happens,
    pay_in,
    server_of,
    support,
)

CASH = "... on CashRedemption { id state points amount { amount currency } pointValue cashRateBp closedReason }"
FIELDS = "... on CashRedemption { state closedReason inBankAt waitingForFunds }"
STATE = f"query($id: ID!) {{ node(id: $id) {{ {FIELDS} }} }}"


async def clearing() -> int:
    """What our balance at Stripe has lost, in EUR cents."""
    return await queries.balance(accounts.house(Purpose.STRIPE_CLEARING, "EUR"))


async def onboard(payments: Payments, shopper: Shopper, *, finish: bool = True) -> ConnectedAccount:
    """The member's account at Stripe."""
    async with database.transaction():
        account = await open_account(PayeeKind.MEMBER, shopper.member.id, "NL")
    await run_jobs()
    account = await ConnectedAccount.get(id=account.id)
    if finish:
        await payments.stand_in.order(f"accounts/{account.stripe_id}/onboard")
        await payments.webhooks(1)
    return account


@pytest.fixture
async def shopper(payments: Payments) -> Shopper:
    """A member with 3,000 points and an account that can be paid."""
    someone = await a_shopper()
    await onboard(payments, someone)
    return someone


async def cash(shopper: Shopper, points: int = 1000, selection: str = CASH, **fields: object) -> Any:
    return await shopper.phone.do("redeemForCash", selection, points=points, **fields)


async def state_of(shopper: Shopper, answer: Any) -> Any:
    return (await shopper.phone.get(STATE, id=answer["id"]))["node"]


async def test_points_are_held_until_the_money_has_left(payments: Payments, shopper: Shopper) -> None:
    answer = await cash(shopper, expectedAmount={"amount": "8.00", "currency": "EUR"})
    assert (answer["state"], answer["points"], answer["cashRateBp"]) == ("PENDING", 1000, 8000)
    assert answer["amount"] == {"amount": "8.00", "currency": "EUR"}
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2000, 1000)
    assert await money_of(shopper.program) == (492_00, 8_00)

    await run_jobs()

    assert (await state_of(shopper, answer))["state"] == "FULFILLED"
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (2000, 0)
    assert await shopper.lots() == [1500, 500]
    assert await money_of(shopper.program) == (492_00, 0)
    assert await clearing() == 8_00
    row = await OutboundTransfer.get()
    assert await sent_at_stripe(payments.gateway, row.id) == [800]


async def test_a_definite_refusal_gives_everything_back(payments: Payments, shopper: Shopper) -> None:
    account = await ConnectedAccount.get(owner_id=shopper.member.id)
    await payments.stand_in.order(f"accounts/{account.stripe_id}/disable")
    answer = await cash(shopper)
    await run_jobs()
    found = await state_of(shopper, answer)
    assert found["state"] == "FAILED"
    assert found["closedReason"] == "refused: insufficient_capabilities_for_transfer"
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await clearing() == 0


async def test_an_unknown_outcome_keeps_the_hold(payments: Payments, shopper: Shopper) -> None:
    await payments.stand_in.fault("drop_after", times=3)
    answer = await cash(shopper)
    await run_jobs()
    assert (await state_of(shopper, answer))["state"] == "PENDING"
    assert await shopper.wallet(Purpose.HELD) == 1000

    await run_jobs(after=timedelta(seconds=6))

    assert (await state_of(shopper, answer))["state"] == "FULFILLED"
    row = await OutboundTransfer.get()
    assert await sent_at_stripe(payments.gateway, row.id) == [800]


async def test_our_own_balance_must_cover_it_and_waiting_says_so(payments: Payments, shopper: Shopper) -> None:
    await payments.stand_in.balance(7_99)
    answer = await cash(shopper)
    await run_jobs()
    found = await state_of(shopper, answer)
    assert (found["state"], found["waitingForFunds"]) == ("PENDING", True)
    assert await shopper.wallet(Purpose.HELD) == 1000
    await payments.stand_in.balance(50_00)
    await run_jobs(after=timedelta(minutes=11))
    assert (await state_of(shopper, answer))["state"] == "FULFILLED"


async def test_a_reversal_brings_the_points_back_to_their_lots(payments: Payments, shopper: Shopper) -> None:
    answer, desk = await cash(shopper), await support()
    await run_jobs()
    asked = await desk.do("reverseCash", CASH, cashRedemptionId=answer["id"])
    assert asked["state"] == "FULFILLED"
    assert await shopper.wallet() == 2000

    await run_jobs()

    found = await state_of(shopper, answer)
    assert (found["state"], found["closedReason"]) == ("REFUNDED", "the transfer was reversed")
    assert (await shopper.wallet(), await shopper.wallet(Purpose.HELD)) == (3000, 0)
    assert await shopper.lots() == [1500, 1500]
    assert await money_of(shopper.program) == (500_00, 0)
    assert await clearing() == 0
    async with nothing_happens():
        again = await desk.do(
            "reverseCash", "... on AlreadyRefunded { refundedAt }", cashRedemptionId=answer["id"]
        )
    assert again["__typename"] == "AlreadyRefunded"


async def test_what_is_not_sent_yet_cannot_be_reversed(payments: Payments, shopper: Shopper) -> None:
    answer, stranger = await cash(shopper), await builders.a_program()
    async with nothing_happens():
        early = await server_of(shopper.program).do(
            "reverseCash", "... on NotRefundable { current }", cashRedemptionId=answer["id"]
        )
        foreign = await server_of(stranger).do("reverseCash", "", cashRedemptionId=answer["id"])
        await forbidden(shopper.phone, "reverseCash", cashRedemptionId=answer["id"])
    assert (early["__typename"], early["current"]) == ("NotRefundable", "PENDING")
    assert foreign["__typename"] == "NotFound"


async def test_the_bank_is_a_state_of_its_own(payments: Payments, shopper: Shopper) -> None:
    answer = await cash(shopper)
    await run_jobs()
    account = await ConnectedAccount.get(owner_id=shopper.member.id)
    assert (await state_of(shopper, answer))["inBankAt"] is None
    payout = await payments.payout(account)
    await payments.stand_in.order(f"payouts/{payout}/paid")
    await payments.inbox.holds(payments.brought + 3)
    await payments.webhooks(len(payments.inbox.got) - payments.brought)
    assert (await state_of(shopper, answer))["inBankAt"] is not None


@pytest.mark.parametrize("facts", [{"cash_rate_bp": 0}, {"cash_countries": ["DE"]}])
async def test_without_a_cash_policy_for_the_country_it_is_not_offered(db: None, facts: dict[str, Any]) -> None:
    program = await builders.a_program(**facts)
    await pay_in(program, 100_00)
    shopper = await a_shopper(program)
    async with nothing_happens():
        answer = await cash(shopper, 1000, "... on CashNotOffered { country }")
    assert (answer["__typename"], answer["country"]) == ("CashNotOffered", "NL")


@pytest.mark.parametrize("points", [-5, 0, 499])
async def test_less_than_the_minimum_is_refused(db: None, points: int) -> None:
    shopper = await a_shopper()
    async with nothing_happens():
        answer = await cash(shopper, points, "... on CashBelowMinimum { minimum missing }")
    assert (answer["__typename"], answer["missing"]) == ("CashBelowMinimum", 500 - points)


async def test_points_worth_less_than_a_cent_are_refused_with_how_many_are_needed(db: None) -> None:
    program = await builders.a_program(cash_min_points=0)
    shopper = await a_shopper(program)
    async with nothing_happens():
        answer = await cash(shopper, 1, "... on CashBelowMinimum { minimum missing }")
    assert (answer["minimum"], answer["missing"]) == (2, 1)


async def test_less_cash_than_was_seen_is_refused(payments: Payments, shopper: Shopper) -> None:
    async with nothing_happens():
        answer = await cash(
            shopper,
            1000,
            "... on CashAmountChanged { seen { amount } now { amount } }",
            expectedAmount={"amount": "8.01", "currency": "EUR"},
        )
        other = await cash(shopper, 1000, expectedAmount={"amount": "8", "currency": "USD"})
    assert answer["__typename"] == "CashAmountChanged"
    assert (answer["seen"]["amount"], answer["now"]["amount"]) == ("8.01", "8.00")
    assert [problem["path"] for problem in other["problems"]] == ["expectedAmount.currency"]


async def test_without_an_account_it_is_refused_with_what_is_missing(payments: Payments) -> None:
    shopper = await a_shopper()
    async with nothing_happens():
        none = await cash(shopper, 1000, "... on PayoutAccountMissing { notPayableReason }")
    assert (none["__typename"], none["notPayableReason"]) == ("PayoutAccountMissing", "NO_ACCOUNT")
    await onboard(payments, shopper, finish=False)
    async with nothing_happens():
        open_ = await cash(shopper, 1000, "... on PayoutAccountMissing { notPayableReason }")
    assert open_["notPayableReason"] == "ONBOARDING_INCOMPLETE"


async def test_more_than_the_wallet_or_the_funding_holds_is_refused(payments: Payments) -> None:
    rich = await a_shopper(funding=7_99)
    await onboard(payments, rich)
    async with nothing_happens():
        poor = await cash(rich, 3001, "... on InsufficientPoints { missing }")
        unfunded = await cash(rich, 1000)
    assert (poor["__typename"], poor["missing"]) == ("InsufficientPoints", 1)
    assert unfunded["__typename"] == "ProgramUnfunded"


async def a_capped_shopper(payments: Payments) -> Shopper:
    program: Program = await builders.a_program(cash_max_points=1500, timezone="Pacific/Auckland")
    await pay_in(program, 500_00)
    someone = await a_shopper(program, points=20_000)
    await onboard(payments, someone)
    return someone


async def test_a_month_has_a_limit_by_the_programs_own_calendar(payments: Payments) -> None:
    with clock.at(datetime(2026, 11, 30, 10, 30, tzinfo=UTC)):  # 23:30 in Auckland
        shopper = await a_capped_shopper(payments)
        assert (await cash(shopper))["state"] == "PENDING"
        async with nothing_happens():
            answer = await cash(shopper, 1000, "... on CashAboveMaximum { maximum left }")
        assert (answer["__typename"], answer["maximum"], answer["left"]) == ("CashAboveMaximum", 1500, 500)
    with clock.at(datetime(2026, 11, 30, 11, 30, tzinfo=UTC)):  # the first of December there
        assert (await cash(shopper))["state"] == "PENDING"


async def test_many_at_once_never_pass_the_limit(payments: Payments) -> None:
    shopper = await a_capped_shopper(payments)
    answers = await asyncio.gather(*(cash(shopper, 500) for _ in range(8)))
    kinds = [answer["__typename"] for answer in answers]
    assert (kinds.count("CashRedemption"), kinds.count("CashAboveMaximum")) == (3, 5)


async def test_points_can_become_cash_some_days_after_enrolling_and_after_earning(payments: Payments) -> None:
    program = await builders.a_program(enrolled_days=10, earned_days=5)
    await pay_in(program, 500_00)
    shopper = await a_shopper(program, points=0, enrolled_at=clock.now() - timedelta(days=3))
    await onboard(payments, shopper)
    await give_points(shopper.member, program, 1000)
    refused = "... on CashCoolingOff { readyPoints readyAt }"
    async with nothing_happens():
        young = await cash(shopper, 1000, refused)
    assert (young["__typename"], young["readyPoints"]) == ("CashCoolingOff", 0)
    with clock.travel(timedelta(days=8)):
        await give_points(shopper.member, program, 1000)
        async with nothing_happens():
            fresh = await cash(shopper, 1500, refused)
        assert fresh["readyPoints"] == 1000
        assert (await cash(shopper, 1000))["state"] == "PENDING"


async def test_an_identity_is_confirmed_by_the_program_before_cash(payments: Payments) -> None:
    program = await builders.a_program(identity_required=True)
    await pay_in(program, 500_00)
    shopper = await a_shopper(program)
    await onboard(payments, shopper)
    who = {"memberId": ids.public("member", shopper.member.id)}
    async with nothing_happens():
        assert (await cash(shopper))["__typename"] == "IdentityNotConfirmed"
    stranger = await server_of(await builders.a_program()).do("confirmIdentity", "", **who)
    assert stranger["__typename"] == "NotFound"
    confirmed = await server_of(program).do("confirmIdentity", "... on Member { identityConfirmedAt }", **who)
    assert confirmed["identityConfirmedAt"] is not None
    assert (await cash(shopper))["state"] == "PENDING"
    await server_of(program).do("confirmIdentity", "... on Member { id }", **who, confirmed=False)
    async with nothing_happens():
        assert (await cash(shopper))["__typename"] == "IdentityNotConfirmed"


async def test_a_country_that_no_rail_reaches_is_named_before_points_are_held(db: None) -> None:
    program = await builders.a_program(countries=["MY"], cash_countries=["MY"])
    shopper = await a_shopper(program, country="MY")
    async with nothing_happens():
        answer = await cash(shopper, 1000, "... on CashCannotReach { country message }")
    assert (answer["__typename"], answer["country"]) == ("CashCannotReach", "MY")


async def test_the_choices_say_what_is_left_of_the_period_and_everything_that_is_missing(
    payments: Payments,
) -> None:
    program = await builders.a_program(cash_max_points=1500, cash_period="DAY", identity_required=True)
    await pay_in(program, 500_00)
    shopper = await a_shopper(program, identity_confirmed_at=clock.now())
    text = """query($points: BigInt!) { redemptionChoices(points: $points) { cash { pointsLeft period
        reasons { code message opensAt } } } }"""

    async def choice(points: int) -> Any:
        return (await shopper.phone.get(text, points=points))["redemptionChoices"]["cash"]

    assert [reason["code"] for reason in (await choice(1000))["reasons"]] == ["PAYOUT_ACCOUNT_MISSING"]
    await onboard(payments, shopper)
    assert (await choice(1000)) == {"pointsLeft": 1500, "period": "DAY", "reasons": []}
    await cash(shopper)
    left = await choice(1000)
    assert (left["pointsLeft"], [reason["code"] for reason in left["reasons"]]) == (500, ["CASH_ABOVE_MAXIMUM"])
    assert left["reasons"][0]["opensAt"] is not None
    with clock.travel(timedelta(days=1)):
        assert (await choice(1000))["pointsLeft"] == 1500


async def test_each_sees_their_own(payments: Payments, shopper: Shopper) -> None:
    answer, neighbour = await cash(shopper), await a_shopper(shopper.program)
    text = "{ cashRedemptions { totalCount nodes { id member { id } } } }"
    mine = (await shopper.phone.get(text))["cashRedemptions"]
    assert mine == {
        "totalCount": 1,
        "nodes": [{"id": answer["id"], "member": {"id": ids.public("member", shopper.member.id)}}],
    }
    assert (await server_of(shopper.program).get(text))["cashRedemptions"]["totalCount"] == 1
    assert (await neighbour.phone.get(text))["cashRedemptions"]["totalCount"] == 0
    assert (await neighbour.phone.get(STATE, id=answer["id"]))["node"] is None
    partner = as_partner((await builders.a_partner()).id)
    assert (await partner.get(text))["cashRedemptions"]["totalCount"] == 0


async def test_what_stripe_asks_for_later_is_told_in_words_and_closes_cash_when_it_is_late(
    payments: Payments, shopper: Shopper
) -> None:
    account = await ConnectedAccount.get(owner_id=shopper.member.id)
    text = "{ payoutAccount { payoutsEnabled requirementsInWords pastDue deadline notPayableReason } }"
    order = f"accounts/{account.stripe_id}/require"
    await payments.stand_in.order(order, names=["individual.verification.document"], in_s=86400)
    await payments.webhooks(1)
    asked = (await shopper.phone.get(text))["payoutAccount"]
    assert (asked["payoutsEnabled"], asked["pastDue"]) == (True, [])
    assert asked["requirementsInWords"] == ["A document that shows who you are."]
    assert asked["deadline"] is not None
    assert (await cash(shopper, 500))["state"] == "PENDING"

    await payments.stand_in.order(order, names=["individual.verification.document"])
    await payments.webhooks(1)
    late = (await shopper.phone.get(text))["payoutAccount"]
    assert (late["payoutsEnabled"], late["notPayableReason"]) == (False, "ONBOARDING_INCOMPLETE")
    async with nothing_happens():
        assert (await cash(shopper, 500))["__typename"] == "PayoutAccountMissing"
    choices = "{ redemptionChoices(points: 1000) { cash { reasons { code } } } }"
    reasons = (await shopper.phone.get(choices))["redemptionChoices"]["cash"]["reasons"]
    assert reasons == [{"code": "PAYOUT_ACCOUNT_MISSING"}]

    await payments.stand_in.order(f"accounts/{account.stripe_id}/onboard")
    await payments.webhooks(1)
    assert (await cash(shopper, 500))["state"] == "PENDING"
