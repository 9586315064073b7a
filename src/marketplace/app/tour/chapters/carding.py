"""Points and a card for one price: declined first, then paid, and both given back."""

from functools import partial

import httpx

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.shopping import wallet
from marketplace.app.tour.stage import Stage, money

TITLE = "Points and a card"
_QUOTE = """query Q($id: ID!, $points: BigInt!) { cardQuote(itemId: $id, points: $points) {
  fullPoints leastPoints card { amount currency } whyNot { code message } } }"""
_STATE = "id state points waitsFor card { state declineCode amount { amount currency } }"
_BOUGHT = f"... on Redemption {{ {_STATE} }}"
_LOOK = f"query L($id: ID!) {{ redemption(id: $id) {{ {_STATE} }} }}"
_FORM = "... on CardToConfirm { clientSecret }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has paid a voucher with points and a card, and has both back."""
    if not cast.stripe:
        stage.say("No stand-in for Stripe is at hand, whose payment form the member would fill in.")
        return
    astrid, before = cast.astrid.phone, wallet(cast.astrid)[0]
    bought = _bought(stage, cast)
    secret = astrid.do("startCardPayment", _FORM, redemptionId=bought["id"])
    stage.does(astrid, "opens Stripe's form", secret, "CardToConfirm", "with a secret that is hers alone")
    _confirmed(cast, secret["clientSecret"], "pm_card_chargeDeclined")
    told = wait_for(partial(_seen, cast, bought), lambda row: bool(row["card"]["declineCode"]))
    stage.equal(astrid, "is declined, and may try again", (told["state"], told["waitsFor"]), ("PENDING", "CARD"))
    _confirmed(cast, secret["clientSecret"], "pm_card_visa")
    paid = wait_for(partial(_seen, cast, bought), lambda row: row["card"]["state"] == "CAPTURED")
    stage.equal(
        astrid, "pays with another card", (paid["state"], paid["card"]["state"]), ("FULFILLED", "CAPTURED")
    )
    code = astrid.do("revealCode", redemptionId=bought["id"])
    stage.does(astrid, "reveals her code", code, "RevealedCode")
    stage.equal(astrid, "has paid so many points", before - wallet(cast.astrid)[0], bought["points"])
    back = cast.north.do("refundRedemption", _BOUGHT, redemptionId=bought["id"], reason="The shop was closed")
    stage.does(cast.north, "refunds points and card", back, "Redemption", state="REFUNDED")
    stage.equal(astrid, "has her points again", wallet(cast.astrid)[0], before)


def _bought(stage: Stage, cast: Cast) -> Json:
    astrid, id = cast.astrid.phone, cast.items["KORT/SE"]["id"]
    few = astrid.ask(_QUOTE, id=id, points=1)["cardQuote"]
    stage.equal(astrid, "offers a single point", few["whyNot"]["code"], "TOO_FEW_POINTS")
    least = few["leastPoints"]
    quote = astrid.ask(_QUOTE, id=id, points=least)["cardQuote"]
    said = f"{least} of {quote['fullPoints']} points, and {money(quote['card'])}"
    stage.holds(astrid, "asks what a card would pay beside the least", quote["card"] is not None, said)
    wish = {"itemId": id, "expectedPoints": least}
    less = quote["card"] | {"amount": "3.00"}
    stage.does(astrid, "saw less", astrid.do("redeemOffer", _BOUGHT, **wish, card=less), "CardAmountChanged")
    bought = astrid.do("redeemOffer", _BOUGHT, **wish, card=quote["card"])
    stage.does(astrid, "takes it: the card is awaited", bought, "Redemption", state="PENDING", waitsFor="CARD")
    early = cast.johan.phone.do("startCardPayment", _FORM, redemptionId=bought["id"])
    stage.does(cast.johan.phone, "pays with his card for her", early, "NotFound")
    return bought


def _confirmed(cast: Cast, secret: str, method: str) -> None:
    """What the person's browser does with Stripe's form."""
    intent = secret.partition("_secret_")[0]
    body = {"client_secret": secret, "payment_method": method}
    httpx.post(f"{cast.stripe}/_stand_in/payment_intents/{intent}/pay", json=body, timeout=30).raise_for_status()


def _seen(cast: Cast, bought: Json) -> Json:
    return cast.astrid.phone.ask(_LOOK, id=bought["id"])["redemption"]
