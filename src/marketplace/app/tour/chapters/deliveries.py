"""Brand currency and merchandise: what the member must say, and what the partner answers."""

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import ADDRESSES, ARRIVES, REDEMPTION, points_of, redeem, seen, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: brand currency and merchandise"
NUMBER = "1234567897"
"""A membership number with a check digit that holds (ISO/IEC 7812-1)."""
_SEEN = f"query R($id: ID!) {{ redemption(id: $id) {{ {ARRIVES} }} }}"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has stars and a mug on its way; what was refused or cancelled is back where it was."""
    _numbers(stage, cast)
    _credited(stage, cast)
    _refused(stage, cast)
    _addresses(stage, cast)
    for member, item in ((cast.astrid, "MUGG/SE"), (cast.aisyah, "MUGG/MY")):
        _sent(stage, cast, member, item)
    _cancelled(stage, cast)


def _numbers(stage: Stage, cast: Cast) -> None:
    astrid, before = cast.astrid, wallet(cast.astrid)
    for did, number in (
        ("gives no membership number", None),
        ("gives letters", "MY-NUMBER"),
        ("mistypes a digit", NUMBER[:-1] + "8"),
    ):
        answer = redeem(cast, astrid, "POANG/SE", membershipNumber=number)
        stage.does(astrid.phone, did, answer, "InvalidMembershipNumber")
    many = redeem(cast, astrid, "POANG/SE", membershipNumber=NUMBER, lots=1000)
    stage.does(astrid.phone, "takes a thousand lots", many, "InvalidInput")
    stage.equal(astrid.phone, "has what she had", wallet(astrid), before)


def _credited(stage: Stage, cast: Cast) -> None:
    astrid, partner, (before, _) = cast.astrid, cast.partner, wallet(cast.astrid)
    points = 2 * points_of(cast, astrid, "POANG/SE")
    taken = redeem(cast, astrid, "POANG/SE", membershipNumber="12345 67897", lots=2)
    stage.does(astrid.phone, "takes two lots of stars", taken, "Redemption", state="PENDING", points=points)
    stage.equal(astrid.phone, "has the points set aside", wallet(astrid), (before - points, points))
    order: Json = partner.ask(_SEEN, id=taken["id"])["redemption"]["fulfilment"]
    stage.equal(partner, "reads what to credit", (order["membershipNumber"], order["units"]), (NUMBER, 200))
    mine = {"redemptionId": taken["id"]}
    stage.does(
        cast.starbucks,
        "confirms it, though it is not theirs",
        cast.starbucks.do("confirmCredit", **mine),
        "NotFound",
    )
    done = partner.do("confirmCredit", REDEMPTION, **mine)
    stage.does(partner, "has credited it", done, "Redemption", state="FULFILLED")
    stage.does(
        partner, "refuses it afterwards", partner.do("refuseCredit", **mine, reason="Late"), "RedemptionClosed"
    )
    stage.equal(astrid.phone, "has paid for two lots", wallet(astrid), (before - points, 0))


def _refused(stage: Stage, cast: Cast) -> None:
    aisyah, partner, before = cast.aisyah, cast.partner, wallet(cast.aisyah)
    taken = redeem(cast, aisyah, "POANG/MY", membershipNumber=NUMBER)
    stage.does(aisyah.phone, "takes a lot of stars", taken, "Redemption", state="PENDING")
    refused = partner.do("refuseCredit", REDEMPTION, redemptionId=taken["id"], reason="This card was closed.")
    stage.does(partner, "cannot credit it", refused, "Redemption", state="FAILED")
    told: Json = aisyah.phone.ask(_SEEN, id=taken["id"])["redemption"]
    stage.equal(aisyah.phone, "is told why", told["fulfilment"]["refusedReason"], "This card was closed.")
    stage.equal(aisyah.phone, "has everything back", wallet(aisyah), before)


def _addresses(stage: Stage, cast: Cast) -> None:
    astrid, address, before = cast.astrid, ADDRESSES["SE"], wallet(cast.astrid)
    units = seen(astrid.phone, cast.items["MUGG/SE"]["id"])["unitsLeft"]
    for did, given in (
        ("orders a mug without an address", None),
        ("gives a postal code of another form", address | {"postalCode": "ABC"}),
        ("gives an address abroad", ADDRESSES["MY"]),
        ("leaves name and town blank", address | {"name": " ", "city": ""}),
    ):
        answer = redeem(cast, astrid, "MUGG/SE", address=given)
        stage.does(astrid.phone, did, answer, "InvalidAddress")
    stage.equal(astrid.phone, "has what she had", wallet(astrid), before)
    left = seen(astrid.phone, cast.items["MUGG/SE"]["id"])["unitsLeft"]
    stage.equal(astrid.phone, "and as many mugs are left", left, units)


def _sent(stage: Stage, cast: Cast, member: Member, item: str) -> None:
    partner, id = cast.partner, cast.items[item]["id"]
    before, points = seen(member.phone, id)["unitsLeft"], points_of(cast, member, item)
    country = item.partition("/")[2]
    taken = redeem(cast, member, item, address=ADDRESSES[country])
    stage.does(member.phone, f"orders {item}", taken, "Redemption", state="PENDING", points=points)
    stage.equal(member.phone, "sees one fewer on the shelf", before - seen(member.phone, id)["unitsLeft"], 1)
    order: Json = partner.ask(_SEEN, id=taken["id"])["redemption"]["fulfilment"]
    stage.equal(partner, "reads where to send it", order["address"]["city"], ADDRESSES[country]["city"])
    mine = {"redemptionId": taken["id"]}
    early = partner.do("markDelivered", **mine)
    stage.does(partner, "says it arrived before it was sent", early, "NotOnItsWay")
    blank = partner.do("shipRedemption", **mine, carrier="PostNord", tracking="")
    stage.does(partner, "sends it without a tracking number", blank, "InvalidInput")
    sent = partner.do("shipRedemption", REDEMPTION, **mine, carrier="PostNord", tracking=f"SE{cast.run}")
    stage.does(partner, "sends it", sent, "Redemption", state="FULFILLED")
    tracked: Json = member.phone.ask(_SEEN, id=taken["id"])["redemption"]["fulfilment"]
    stage.equal(
        member.phone, "follows it", (tracked["carrier"], tracked["tracking"]), ("PostNord", f"SE{cast.run}")
    )
    late = member.phone.do("cancelRedemption", **mine)
    stage.does(member.phone, "cancels what is on its way", late, "RedemptionClosed")
    there = partner.do("markDelivered", REDEMPTION, **mine)
    stage.equal(partner, "hears that it arrived", there["fulfilment"]["shipmentState"], "DELIVERED")
    cast.redeemed[item] = taken


def _cancelled(stage: Stage, cast: Cast) -> None:
    astrid, id, before = cast.astrid, cast.items["MUGG/SE"]["id"], wallet(cast.astrid)
    units = seen(astrid.phone, id)["unitsLeft"]
    taken = redeem(cast, astrid, "MUGG/SE", address=ADDRESSES["SE"])
    stage.does(astrid.phone, "orders another mug", taken, "Redemption", state="PENDING")
    gone = astrid.phone.do("cancelRedemption", REDEMPTION, redemptionId=taken["id"])
    stage.does(astrid.phone, "changes her mind", gone, "Redemption", state="CANCELLED")
    stage.equal(astrid.phone, "has everything back", wallet(astrid), before)
    stage.equal(astrid.phone, "and the mug is on the shelf", seen(astrid.phone, id)["unitsLeft"], units)
    sent = cast.partner.do("shipRedemption", redemptionId=taken["id"], carrier="PostNord", tracking="LATE")
    stage.does(cast.partner, "sends it all the same", sent, "RedemptionClosed")
