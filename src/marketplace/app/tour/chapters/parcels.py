"""An order that leaves in parcels, one of them lost, and a part of it sent back."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import ADDRESSES, changes, points_of, redeem, story, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: parcels, and a return"
_PARCEL = "... on Parcel { id number units state redemption { state } }"
_PACKED = f"{_PARCEL} ... on UnitsSpokenFor {{ unitsLeft }}"
_RETURN = "... on Return { id state quantity refusedReason redemption { state } }"
_RETURNS = "{ returns(state: REQUESTED, first: 20) { nodes { id quantity reason } } }"
_WAY = {"carrier": "PostNord", "trackingUrl": "https://tracking.example/fat"}


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has one of three plates; one came again after it was lost, two went back."""
    price = points_of(cast, cast.astrid, "FAT/SE")
    order = redeem(cast, cast.astrid, "FAT/SE", quantity=3, expectedPoints=3 * price, address=ADDRESSES["SE"])
    stage.does(cast.astrid.phone, "orders three plates", order, "Redemption", state="PENDING", points=3 * price)
    _sent(stage, cast, order["id"])
    _returned(stage, cast, order["id"], price)
    told = story(cast.astrid.phone, order["id"])
    stage.show("Astrid's order, step by step", ("", "what"), [(row["change"], row["text"]) for row in told])


def _sent(stage: Stage, cast: Cast, id: str) -> None:
    partner = cast.partner
    first = partner.do("packParcel", _PACKED, redemptionId=id, units=2)
    stage.does(partner, "packs two of them", first, "Parcel", number=1, units=2, state="PACKED")
    many = partner.do("packParcel", _PACKED, redemptionId=id, units=2)
    stage.does(partner, "packs two more: one is left", many, "UnitsSpokenFor", unitsLeft=1)
    second = partner.do("packParcel", _PACKED, redemptionId=id)
    for parcel in (first, second):
        way = _WAY | {"tracking": f"{cast.run}-{parcel['number']}"}
        gone = partner.do("shipParcel", _PARCEL, parcelId=parcel["id"], **way)
        stage.does(partner, f"sends parcel {parcel['number']}", gone, "Parcel", state="SHIPPED")
    partner.do("moveParcel", parcelId=first["id"], state="DELIVERED")
    lost = partner.do("moveParcel", _PARCEL, parcelId=second["id"], state="LOST")
    stage.does(partner, "hears that one was lost", lost, "Parcel", state="LOST")
    stage.does(
        partner, "sends what was lost", partner.do("shipParcel", parcelId=second["id"], **way), "ParcelMoved"
    )
    third = partner.do("packParcel", _PACKED, redemptionId=id)
    stage.does(partner, "packs the lost one again", third, "Parcel", number=3, units=1)
    partner.do("shipParcel", parcelId=third["id"], **_WAY, tracking=f"{cast.run}-3")
    there = partner.do("moveParcel", _PARCEL, parcelId=third["id"], state="DELIVERED")
    stage.does(partner, "hears that it arrived", there, "Parcel", state="DELIVERED")


def _returned(stage: Stage, cast: Cast, id: str, price: int) -> None:
    astrid, partner, (before, _) = cast.astrid.phone, cast.partner, wallet(cast.astrid)
    asked = astrid.do("requestReturn", _RETURN, redemptionId=id, quantity=2, reason="Too blue")
    stage.does(astrid, "sends two back", asked, "Return", state="REQUESTED", quantity=2)
    twice = astrid.do("requestReturn", _RETURN, redemptionId=id, quantity=1, reason="And this")
    stage.does(astrid, "sends another before they are there", twice, "ReturnUnderWay")
    waiting: list[Json] = partner.ask(_RETURNS)["returns"]["nodes"]
    stage.equal(partner, "reads what comes back", [each["id"] for each in waiting], [asked["id"]])
    foreign = cast.starbucks.do("confirmReturn", returnId=asked["id"])
    stage.does(cast.starbucks, "says that they have it", foreign, "NotFound")
    done = partner.do("confirmReturn", _RETURN, returnId=asked["id"])
    stage.does(partner, "has the two plates", done, "Return", state="RECEIVED")
    stage.equal(astrid, "has two thirds of the points again", wallet(cast.astrid)[0] - before, 2 * price)
    rest = astrid.do("requestReturn", _RETURN, redemptionId=id, reason="The last, too")
    refused = partner.do("refuseReturn", _RETURN, returnId=rest["id"], reason="It was eaten from.")
    stage.does(partner, "does not take the third", refused, "Return", refusedReason="It was eaten from.")
    ends = changes(astrid, id)[-2:]
    stage.equal(astrid, "reads all of it in her order", ends, ["RETURN_REQUESTED", "RETURN_REFUSED"])
