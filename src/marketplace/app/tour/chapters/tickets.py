"""A booking that moves to another session, its QR ticket at the door, and a right at the till."""

from base64 import b64decode

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import changes, points_of, redeem, seen, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: a booking that moves, tickets and rights"
_MOVED = """... on Redemption { id state points fulfilment { ... on BookingFulfilment {
  startsAt movedFrom checkedInAt } } }"""
_DEARER = f"{_MOVED} ... on PriceChanged {{ now }}"
_PROOF = "... on Proof { number text svg png redemption { id } }"
_RIGHT = "... on Redemption { id fulfilment { ... on VoucherFulfilment { entitlement { right state } } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has been let in to a tasting, and has had a sample."""
    booked = redeem(cast, cast.astrid, "PROVNING-1/SE")
    stage.does(cast.astrid.phone, "books the tasting in ten days", booked, "Redemption", state="FULFILLED")
    moved = _moved(stage, cast, booked)
    _let_in(stage, cast, moved)
    _sampled(stage, cast)


def _moved(stage: Stage, cast: Cast, booked: Json) -> Json:
    astrid, (before, _) = cast.astrid.phone, wallet(cast.astrid)
    price, far = points_of(cast, cast.astrid, "PROVNING-3/SE"), cast.items["PROVNING-1/SE"]["id"]
    seats = seen(astrid, far)["unitsLeft"]
    wish = {"redemptionId": booked["id"], "itemId": cast.items["PROVNING-3/SE"]["id"]}
    unseen = astrid.do("rescheduleBooking", _DEARER, **wish, expectedPoints=booked["points"])
    stage.does(astrid, "moves it to tonight at the old price", unseen, "PriceChanged", now=price)
    foreign = cast.johan.phone.do("rescheduleBooking", _DEARER, **wish, expectedPoints=price)
    stage.does(cast.johan.phone, "moves Astrid's booking", foreign, "NotFound")
    moved = astrid.do("rescheduleBooking", _DEARER, **wish, expectedPoints=price)
    stage.does(astrid, "moves it to tonight, which is dearer", moved, "Redemption", points=price)
    stage.equal(astrid, "reads where it came from", moved["fulfilment"]["movedFrom"], booked["id"])
    stage.equal(astrid, "pays the difference", before - wallet(cast.astrid)[0], price - booked["points"])
    stage.equal(astrid, "and her old seat is free", seen(astrid, far)["unitsLeft"], seats + 1)
    return moved


def _let_in(stage: Stage, cast: Cast, booking: Json) -> None:
    astrid, door = cast.astrid.phone, cast.partner
    shown = astrid.do("showProof", _PROOF, redemptionId=booking["id"])
    stage.does(astrid, "shows her ticket", shown, "Proof", f"number {shown.get('number')}")
    drawn = shown["svg"].startswith("<?xml") and b64decode(shown["png"]).startswith(b"\x89PNG")
    stage.holds(astrid, "has it as a QR code", drawn, f"{len(shown['svg']):,} bytes of SVG")
    for did, text in (("made up", f"{shown['text'][:-1]}?"), ("read out by its number", shown["number"])):
        answer = door.do("checkInTicket", proof=text)
        stage.does(door, f"scans one that was {did}", answer, "ProofInvalid")
    other = cast.starbucks.do("checkInTicket", proof=shown["text"])
    stage.does(cast.starbucks, "scans it at another door", other, "ProofInvalid")
    inside = door.do("checkInTicket", _MOVED, proof=shown["text"])
    stage.does(door, "scans it", inside, "Redemption", id=booking["id"])
    stage.does(door, "scans it again", door.do("checkInTicket", proof=shown["text"]), "ProofUsed")
    told = changes(astrid, booking["id"])
    stage.equal(astrid, "reads that she is in", told[-1], "CHECKED_IN")


def _sampled(stage: Stage, cast: Cast) -> None:
    astrid, till, (before, _) = cast.astrid.phone, cast.partner, wallet(cast.astrid)
    taken = redeem(cast, cast.astrid, "PROV/SE", expectedPoints=0)
    stage.does(astrid, "takes a right to a sample", taken, "Redemption", state="FULFILLED", points=0)
    shown = astrid.do("showProof", _PROOF, redemptionId=taken["id"])
    wrong = till.do("checkInTicket", proof=shown["text"])
    stage.does(till, "takes it for a ticket", wrong, "ProofInvalid")
    used = till.do("useEntitlement", _RIGHT, proof=shown["text"])
    right = used["fulfilment"]["entitlement"]
    stage.equal(till, "scans it at the till", (right["right"], right["state"]), ("SAMPLE", "USED"))
    again = till.do("useEntitlement", _RIGHT, proof=shown["text"])
    stage.does(till, "scans it twice", again, "ProofUsed")
    stage.equal(astrid, "has not paid for it", wallet(cast.astrid)[0], before)
