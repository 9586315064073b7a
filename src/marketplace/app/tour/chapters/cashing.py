"""Points as money: an account at Stripe, finished on Stripe's own page, and a transfer that is waited for."""

from marketplace.app.tour import banking
from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.shopping import wallet
from marketplace.app.tour.stage import Stage, money

TITLE = "Cash"
SENT = "... on CashRedemption { id state points closedReason amount { amount currency } inBankAt }"
CASH = f"{SENT} ... on PayoutAccountMissing {{ notPayableReason }} ... on CashBelowMinimum {{ minimum missing }}"
_ROW = f"query C($id: ID!) {{ node(id: $id) {{ {SENT} }} }}"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has money in the bank, and one payout was taken back."""
    _refused(stage, cast)
    banking.onboarded(stage, cast, cast.astrid.phone, "SE")
    _paid(stage, cast.astrid, 2_000, "140.00 SEK")
    _reversed(stage, cast)


def _refused(stage: Stage, cast: Cast) -> None:
    astrid, before = cast.astrid.phone, wallet(cast.astrid)
    stage.does(astrid, "cashes in 10 points", astrid.do("redeemForCash", CASH, points=10), "CashBelowMinimum")
    greedy = astrid.do("redeemForCash", CASH, points=60_000)
    stage.does(astrid, "cashes in more than a month allows", greedy, "CashAboveMaximum")
    aisyah = cast.aisyah.phone
    abroad = aisyah.do("redeemForCash", CASH, points=5_000)
    stage.does(aisyah, "cashes in where her program pays none", abroad, "CashNotOffered")
    far = aisyah.do(
        "createPayoutOnboardingLink",
        country="MY",
        returnUrl="https://example.com",
        refreshUrl="https://example.com",
    )
    stage.does(aisyah, "asks to be paid where Stripe does not reach", far, "PayoutsUnsupported")
    none = astrid.do("redeemForCash", CASH, points=2_000)
    stage.does(astrid, "has no account yet", none, "PayoutAccountMissing", notPayableReason="NO_ACCOUNT")
    stage.equal(astrid, "has what she had", wallet(cast.astrid), before)


def _paid(stage: Stage, member: Member, points: int, worth: str) -> None:
    phone, (before, _) = member.phone, wallet(member)
    amount, _, currency = worth.partition(" ")
    dear = {"amount": str(float(amount) + 1), "currency": currency}
    less = phone.do("redeemForCash", CASH, points=points, expectedAmount=dear)
    stage.does(phone, "saw more money for them", less, "CashAmountChanged")
    seen = {"amount": amount, "currency": currency}
    cash = phone.do("redeemForCash", CASH, points=points, expectedAmount=seen)
    stage.does(
        phone, f"cashes in {points:,} points", cash, "CashRedemption", money(cash.get("amount")), points=points
    )
    end = _followed(member, cash, "FULFILLED")
    stage.equal(phone, "waits until Stripe has sent it", end["state"], "FULFILLED")
    stage.equal(phone, "has paid with points", wallet(member), (before - points, 0))
    there = wait_for(lambda: phone.ask(_ROW, id=cash["id"])["node"], lambda row: row["inBankAt"] is not None)
    stage.holds(phone, "and it is in the bank", there["inBankAt"] is not None, there["inBankAt"])


def _followed(member: Member, cash: Json, state: str) -> Json:
    return wait_for(lambda: member.phone.ask(_ROW, id=cash["id"])["node"], lambda row: row["state"] == state)


def _reversed(stage: Stage, cast: Cast) -> None:
    astrid, before = cast.astrid, wallet(cast.astrid)
    cash = astrid.phone.do("redeemForCash", CASH, points=1_000)
    stage.does(astrid.phone, "cashes in 1,000 more by mistake", cash, "CashRedemption")
    _followed(astrid, cash, "FULFILLED")
    mine = {"cashRedemptionId": cash["id"]}
    stage.turned_away(
        astrid.phone, "takes it back by herself", astrid.phone.attempt("reverseCash", **mine), "FORBIDDEN"
    )
    stage.does(cast.kopi, "takes it back for another program", cast.kopi.do("reverseCash", **mine), "NotFound")
    asked = cast.north.do("reverseCash", SENT, **mine)
    stage.does(cast.north, "asks Stripe to take it back", asked, "CashRedemption")
    end = _followed(astrid, cash, "REFUNDED")
    stage.equal(astrid.phone, "sees that it came back", end["state"], "REFUNDED")
    stage.equal(astrid.phone, "has her points again", wallet(astrid), before)
    again = cast.north.do("reverseCash", **mine)
    stage.does(cast.north, "takes it back twice", again, "AlreadyRefunded")
