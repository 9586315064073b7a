"""Brand currency at a price that holds, credited in a batch: one is refused, and of one a part."""

import csv
import io

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.chapters.deliveries import NUMBER
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import REDEMPTION, points_of, redeem, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: brand currency in batches"
_QUOTE = "... on ExchangeQuote { id units points holdsUntil }"
_BATCH = """... on CreditBatch { id number state size csv redemptions(first: 10) { nodes { id state
  fulfilment { ... on CreditFulfilment { refusedLots } } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards one order of stars is credited whole, one in part, and one is refused."""
    astrid, before, price = cast.astrid.phone, wallet(cast.astrid)[0], points_of(cast, cast.astrid, "POANG/SE")
    orders = [_quoted(stage, cast, price)]
    orders += [redeem(cast, cast.astrid, "POANG/SE", lots=2, membershipNumber=NUMBER) for _ in range(2)]
    stage.equal(astrid, "sets aside what seven lots cost", before - wallet(cast.astrid)[0], 7 * price)
    _answered(stage, cast, [order["id"] for order in orders])
    stage.equal(astrid, "has paid for four lots in the end", before - wallet(cast.astrid)[0], 4 * price)


def _quoted(stage: Stage, cast: Cast, price: int) -> Json:
    astrid, item = cast.astrid.phone, cast.items["POANG/SE"]["id"]
    quote = astrid.do("quoteExchange", _QUOTE, itemId=item, lots=3)
    said = f"{quote.get('units')} stars for {quote.get('points')} points until {str(quote.get('holdsUntil'))[:16]}"
    stage.does(astrid, "asks for a price that holds", quote, "ExchangeQuote", said, points=3 * price, units=300)
    taken = astrid.do(
        "redeemOffer", REDEMPTION, itemId=item, lots=3, quoteId=quote["id"], expectedPoints=quote["points"],
        membershipNumber=NUMBER,
    )  # fmt: skip
    stage.does(astrid, "takes them at it", taken, "Redemption", state="PENDING", points=3 * price)
    return taken


def _answered(stage: Stage, cast: Cast, orders: list[str]) -> None:
    partner, (whole, part, bad) = cast.partner, orders
    batch = partner.do("collectCredits", _BATCH)
    stage.does(partner, "collects what there is to credit", batch, "CreditBatch", state="COLLECTED", size=3)
    rows = list(csv.DictReader(io.StringIO(batch["csv"])))
    stage.equal(partner, "reads the batch as CSV", {row["redemption"] for row in rows}, set(orders))
    stage.equal(partner, "with the number to credit", {row["membership_number"] for row in rows}, {NUMBER})
    stage.does(partner, "collects again at once", partner.do("collectCredits", _BATCH), "NothingToCredit")
    has = partner.do("acknowledgeCreditBatch", _BATCH, batchId=batch["id"])
    stage.does(partner, "has loaded it", has, "CreditBatch", state="ACKNOWLEDGED")
    late = cast.astrid.phone.do("cancelRedemption", redemptionId=whole)
    stage.does(cast.astrid.phone, "cancels what is being credited", late, "RedemptionClosed")
    refused = [
        {"redemptionId": bad, "reason": "This card was closed."},
        {"redemptionId": part, "reason": "The card is full.", "lots": 1},
    ]
    done = partner.do("answerCreditBatch", _BATCH, batchId=batch["id"], refused=refused)
    stage.does(partner, "refuses one, and one lot of another", done, "CreditBatch", state="ANSWERED")
    found = {row["id"]: (row["state"], row["fulfilment"]["refusedLots"]) for row in done["redemptions"]["nodes"]}
    expected = {whole: ("FULFILLED", 0), part: ("FULFILLED", 1), bad: ("FAILED", 0)}
    stage.equal(partner, "sees what became of each", found, expected)
    again = partner.do("answerCreditBatch", _BATCH, batchId=batch["id"])
    stage.does(partner, "answers twice", again, "BatchAnswered")
