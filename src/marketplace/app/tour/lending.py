"""What a program has beyond what it paid in: credit, a warning in time, and partners that buy and give points."""

from decimal import Decimal
from typing import Final

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.shopping import REDEMPTION, wallet
from marketplace.app.tour.stage import Stage, money

NETTED: Final = Decimal(36)
"""What the partner pays for points out of what it is owed: an adjustment on its next statement."""
_MONEY = "{ amount currency }"
_CREDIT = f"{{ program {{ funding {{ credit {{ limit {_MONEY} drawn {_MONEY} left {_MONEY} }} }} }} }}"
_LOW = "{ program { funding { runway { daysLeft alert { lowSince } notices { daysLeft } } } } }"
_ORDER = f"""... on CoalitionOrder {{ id state points price {_MONEY}
    invoice {{ number state dueOn creditorReference amount {_MONEY} }} }}"""

_AWARD = """... on CoalitionAward { id points left reference } ... on CoalitionPointsSpent { left }
    ... on CoalitionReferenceReused { reference points }"""


def on_credit(stage: Stage, cast: Cast, server: Client, maja: Member, program: str) -> None:
    """Two people lend to a program that has nothing left, and it goes on."""
    limit = {"amount": "100", "currency": "SEK"}
    wish = {"programId": program, "limit": limit, "reason": "It pays well", "paymentDays": 10}
    refused = server.attempt("proposeCreditLine", **wish)
    stage.turned_away(server, "lends to itself", refused, "FORBIDDEN")
    asked = cast.operator.do("proposeCreditLine", "... on CreditLineChange { id state }", **wish)
    stage.does(
        cast.operator, "proposes a line of credit", asked, "CreditLineChange", money(limit), state="PROPOSED"
    )
    alone = cast.operator.do("approveCreditLine", changeId=asked["id"])
    stage.does(cast.operator, "approves it alone", alone, "SamePerson")
    agreed = cast.controller.do("approveCreditLine", "... on CreditLineChange { state }", changeId=asked["id"])
    stage.does(cast.controller, "approves it, too", agreed, "CreditLineChange", state="APPROVED")
    item = cast.items["KAFFE-50/SE"]["id"]
    taken = maja.phone.do("redeemOffer", REDEMPTION, itemId=item, expectedPoints=500)
    stage.does(maja.phone, "takes another coffee, on credit", taken, "Redemption", state="FULFILLED", points=500)
    credit = server.ask(_CREDIT)["program"]["funding"]["credit"]
    stage.equal(server, "has drawn 50 SEK of it", credit["drawn"]["amount"], "50.00")
    lower = cast.operator.do(
        "proposeCreditLine", "... on CreditLineChange { id }", **(wish | {"limit": limit | {"amount": "49"}})
    )
    refused = cast.controller.do("approveCreditLine", changeId=lower["id"])
    stage.does(cast.controller, "lowers it below what is drawn", refused, "CreditLineInUse")


def warned(stage: Stage, server: Client) -> None:
    """The program says when it wants to be told, and is."""
    below = {"amount": "80", "currency": "SEK"}
    stage.does(server, "wants to know below 80 SEK", server.do("setFundingAlert", below=below, days=7), "Program")
    runway = server.ask(_LOW)["program"]["funding"]["runway"]
    stage.equal(server, "is told that it runs low, once", len(runway["notices"]), 1)


def bought(stage: Stage, cast: Cast, server: Client, program: str) -> None:
    """A partner orders points of the program by invoice, and finance cancels the order."""
    rate = {"amount": "120", "currency": "SEK"}
    stage.does(server, "sells 1,000 steps for 120 SEK", server.do("setCoalitionRate", perThousand=rate), "Program")
    wish = {"programId": program, "points": 5_000, "payment": "INVOICE"}
    seen = {"amount": "500", "currency": "SEK"}
    changed = cast.partner.do("orderCoalitionPoints", **wish, expectedPrice=seen)
    stage.does(cast.partner, "orders 5,000 of them for 500 SEK", changed, "CoalitionPriceChanged")
    order = cast.partner.do("orderCoalitionPoints", _ORDER, **wish, expectedPrice=seen | {"amount": "600"})
    invoice: Json = order.get("invoice") or {}
    said = (
        f"{invoice.get('number')}, to be paid by {invoice.get('dueOn')} under {invoice.get('creditorReference')}"
    )
    stage.does(cast.partner, "orders them for 600 SEK by invoice", order, "CoalitionOrder", said, state="AWAITING")
    wish = {"orderId": order["id"], "reason": "The campaign was called off"}
    foreign = server.attempt("reverseCoalitionOrder", **wish)
    stage.turned_away(server, "takes the order back by itself", foreign, "FORBIDDEN")
    back = cast.operator.do("reverseCoalitionOrder", _ORDER, **wish)
    stage.does(cast.operator, "cancels the order and its invoice", back, "CoalitionOrder", state="CANCELLED")


def given(stage: Stage, cast: Cast, maja: Member, program: str) -> None:
    """The partner buys points out of what it is owed, and gives some to a member who buys at its till."""
    price = {"amount": str(NETTED), "currency": "SEK"}
    wish = {"programId": program, "points": 300, "payment": "NETTED", "expectedPrice": price}
    order = cast.partner.do("orderCoalitionPoints", _ORDER, **wish)
    stage.does(cast.partner, "buys 300 out of what it is owed", order, "CoalitionOrder", state="READY")
    had, _ = wallet(maja)
    sale: Json = {"programId": program, "memberReference": maja.reference, "reference": f"till-{cast.run}"}
    sale |= {"points": 200, "reason": "Two coffees at the till"}
    award = cast.partner.do("awardCoalitionPoints", _AWARD, **sale)
    stage.does(cast.partner, "gives Maja 200 for two coffees", award, "CoalitionAward", points=200, left=100)
    again = cast.partner.do("awardCoalitionPoints", _AWARD, **sale)
    stage.equal(cast.partner, "sends the same sale again: nothing is added", again.get("id"), award["id"])
    other = cast.partner.do("awardCoalitionPoints", _AWARD, **(sale | {"points": 100}))
    stage.does(cast.partner, "gives other points for the same sale", other, "CoalitionReferenceReused", points=200)
    more = cast.partner.do("awardCoalitionPoints", _AWARD, **(sale | {"reference": f"till-{cast.run}-2"}))
    stage.does(cast.partner, "gives more than it has left", more, "CoalitionPointsSpent", left=100)
    never = cast.starbucks.do("awardCoalitionPoints", _AWARD, **sale)
    stage.does(cast.starbucks, "gives points that it never bought", never, "CoalitionPointsSpent", left=0)
    stage.equal(maja.phone, "has 200 more", wallet(maja), (had + 200, 0))
