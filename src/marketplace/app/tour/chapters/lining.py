"""The last one: set aside for a while, waited for, lapsed, and offered to who has waited longest."""

from functools import partial

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.shopping import ADDRESSES, points_of, redeem
from marketplace.app.tour.stage import Stage

TITLE = "The last one, and the line for it"
SOON_S = 60
_HELD = "... on Reservation { id state secondsLeft expiresAt }"
_PLACE = "... on WaitingPlace { id state position }"
_LINES = "{ me { waitingPlaces { state position } reservations { id secondsLeft isSecondChance } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the only coffee pot stands on the shelf again: reserved, offered, taken, and given back."""
    pot, address = {"itemId": cast.items["KANNA/SE"]["id"]}, {"address": ADDRESSES["SE"]}
    astrid, johan = cast.astrid.phone, cast.johan.phone
    price = points_of(cast, cast.astrid, "KANNA/SE")
    there = astrid.do("waitForItem", _PLACE, **pot)
    stage.does(astrid, "wants to wait for what is there", there, "StillAvailable")
    held = johan.do("reserveItem", _HELD, **pot)
    said = f"for {held.get('secondsLeft')} seconds"
    stage.does(johan, "sets the only coffee pot aside", held, "Reservation", said, state="OPEN")
    gone = redeem(cast, cast.astrid, "KANNA/SE", expectedPoints=price, **address)
    stage.does(astrid, "would have it", gone, "OfferSoldOut")
    place = astrid.do("waitForItem", _PLACE, **pot)
    stage.does(astrid, "waits in line", place, "WaitingPlace", state="WAITING", position=1)
    if int(held["secondsLeft"]) <= SOON_S:
        offered = wait_for(partial(_lines, cast.astrid), lambda me: bool(me["reservations"]), patience_s=SOON_S)
    else:
        released = johan.do("releaseReservation", _HELD, reservationId=held["id"])
        stage.does(johan, "lets it go: this demo would hold it longer than we wait", released, "Reservation")
        offered = _lines(cast.astrid)
    mine: list[Json] = offered["reservations"]
    chance: Json = mine[0] if mine else {}
    told = f"hers for {chance.get('secondsLeft')} seconds"
    stage.holds(astrid, "is offered it when his time is over", chance.get("isSecondChance") is True, told)
    lapsed = redeem(cast, cast.johan, "KANNA/SE", expectedPoints=price, reservationId=held["id"], **address)
    stage.does(johan, "comes too late", lapsed, "ReservationOver")
    taken = redeem(cast, cast.astrid, "KANNA/SE", expectedPoints=price, reservationId=chance.get("id"), **address)
    stage.does(astrid, "takes it", taken, "Redemption", state="PENDING")
    second = johan.do("waitForItem", _PLACE, **pot)
    stage.does(johan, "waits now", second, "WaitingPlace", state="WAITING", position=1)
    back = astrid.do("cancelRedemption", "... on Redemption { state }", redemptionId=taken["id"])
    stage.does(astrid, "thinks better of it", back, "Redemption", state="CANCELLED")
    his = _lines(cast.johan)
    states = [each["state"] for each in his["waitingPlaces"]]
    stage.equal(johan, "is offered it in the same instant", states, ["OFFERED"])
    for each in his["reservations"]:
        let = johan.do("releaseReservation", _HELD, reservationId=each["id"])
        stage.does(johan, "lets it go", let, "Reservation", state="RELEASED")


def _lines(member: Member) -> Json:
    return member.phone.ask(_LINES)["me"]
