"""Experiences by their session's rule, and donations, acknowledged at once."""

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import REDEMPTION, redeem, seen, wallet
from marketplace.app.tour.stage import Stage, money

TITLE = "Redeeming: experiences and donations"
_CAUSES = """query Causes { offers(first: 5, filter: { kinds: [DONATION], availableOnly: true }) { nodes {
  title ... on DonationOffer { charity { id name registryId } }
  items { id price { amount currency } amounts { step { amount } } } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards one booking was cancelled, one stands, and two charities were given something."""
    _booked(stage, cast)
    for member in (cast.astrid, cast.aisyah):
        _donated(stage, cast, member)


def _booked(stage: Stage, cast: Cast) -> None:
    astrid, before = cast.astrid, wallet(cast.astrid)
    far, soon = cast.items["PROVNING-1/SE"]["id"], cast.items["PROVNING-2/SE"]["id"]
    seats = seen(astrid.phone, far)["unitsLeft"]
    booked = redeem(cast, astrid, "PROVNING-1/SE")
    ticket: Json = booked.get("fulfilment") or {}
    said = f"ticket {ticket.get('ticket')}, can be cancelled until {str(ticket.get('cancelUntil'))[:16]}"
    stage.does(astrid.phone, "books a tasting in ten days", booked, "Redemption", said, state="FULFILLED")
    stage.equal(astrid.phone, "sees one seat fewer", seats - seen(astrid.phone, far)["unitsLeft"], 1)
    other = cast.johan.phone.do("cancelRedemption", redemptionId=booked["id"])
    stage.does(cast.johan.phone, "cancels Astrid's seat", other, "NotFound")
    gone = astrid.phone.do("cancelRedemption", REDEMPTION, redemptionId=booked["id"])
    stage.does(astrid.phone, "cancels in time", gone, "Redemption", state="CANCELLED")
    stage.equal(astrid.phone, "has her points back", wallet(astrid), before)
    stage.equal(astrid.phone, "and the seat is free", seen(astrid.phone, far)["unitsLeft"], seats)
    twice = astrid.phone.do("cancelRedemption", redemptionId=booked["id"])
    stage.does(astrid.phone, "cancels twice", twice, "RedemptionClosed")
    near = redeem(cast, astrid, "PROVNING-2/SE")
    stage.does(astrid.phone, "books the one in 20 hours", near, "Redemption", state="FULFILLED")
    late = astrid.phone.do("cancelRedemption", redemptionId=near["id"])
    stage.does(astrid.phone, "cancels it: the rule says 24 hours before", late, "CancellationClosed")
    stage.equal(astrid.phone, "keeps the seat", 4 - seen(astrid.phone, soon)["unitsLeft"], 1)


def _donated(stage: Stage, cast: Cast, member: Member) -> None:
    phone, (before, _) = member.phone, wallet(member)
    cause = phone.ask(_CAUSES)["offers"]["nodes"][0]
    item = cause["items"][0]
    least: Json = item["price"]
    price = seen(phone, item["id"])["pointsPrice"]["points"]
    words = f"From the tour {cast.run}"
    given = phone.do(
        "redeemOffer", REDEMPTION, itemId=item["id"], expectedPoints=price,
        amount=least if item["amounts"] else None, message=words,
    )  # fmt: skip
    stage.does(
        phone, f"gives {money(least)} to {cause['charity']['name']}", given, "Redemption", state="FULFILLED"
    )
    proof = given["fulfilment"]["pledge"]
    number = given["fulfilment"]["acknowledgementNumber"]
    stage.holds(
        phone, "has an acknowledgement at once", number in proof["acknowledgement"], proof["acknowledgement"]
    )
    stage.equal(phone, "has paid what was shown", wallet(member), (before - price, 0))
    if item["amounts"] and item["amounts"]["step"]:
        odd: Json = {"amount": str(float(least["amount"]) * 1.37), "currency": least["currency"]}
        off = phone.do("redeemOffer", REDEMPTION, itemId=item["id"], expectedPoints=price * 2, amount=odd)
        stage.does(phone, "gives an amount between the steps", off, "InvalidInput")
