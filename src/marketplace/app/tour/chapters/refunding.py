"""A refund: the points go back into the very lots they came from, with their old dates."""

from datetime import UTC, datetime, timedelta

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import new_key
from marketplace.app.tour.shopping import REDEMPTION, redeem, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Refunds"
_WALLET = """{ me { wallet { available held expiringSoon nextExpiry
  movements(first: 40) { nodes { points reason at } } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid's first voucher is refunded, and a lot that expires soon has its date again."""
    _refused(stage, cast)
    _into_the_same_lot(stage, cast)
    _closed(stage, cast)
    found = cast.astrid.phone.ask(_WALLET)["me"]["wallet"]
    rows = [(each["at"][:19], f"{each['points']:+,}", each["reason"]) for each in found["movements"]["nodes"]]
    stage.show("Astrid's wallet, the newest first", ("at", "points", "why"), rows[:25])
    sums = sum(each["points"] for each in found["movements"]["nodes"])
    whole = len(found["movements"]["nodes"]) < 40
    stage.holds(
        cast.astrid.phone, "adds up every movement herself", not whole or sums == found["available"], f"{sums:,}"
    )


def _refused(stage: Stage, cast: Cast) -> None:
    mine = {"redemptionId": cast.redeemed["KAFFE-50/SE"]["id"]}
    astrid, north = cast.astrid.phone, cast.north
    own = astrid.attempt("refundRedemption", **mine, reason="I want it")
    stage.turned_away(astrid, "refunds her voucher by herself", own, "FORBIDDEN")
    stage.does(
        cast.kopi,
        "refunds it for another program",
        cast.kopi.do("refundRedemption", **mine, reason="Hm"),
        "NotFound",
    )
    stage.does(
        north, "refunds it without a reason", north.do("refundRedemption", **mine, reason=" "), "InvalidInput"
    )
    before = wallet(cast.astrid)[0]
    done = north.do("refundRedemption", REDEMPTION, **mine, reason="The shop was closed")
    stage.does(north, "refunds it", done, "Redemption", state="REFUNDED", closedReason="The shop was closed")
    stage.equal(astrid, "has the points again", wallet(cast.astrid)[0] - before, done["points"])
    twice = north.do("refundRedemption", **mine, reason="Once more")
    stage.does(north, "refunds it twice", twice, "AlreadyRefunded")


def _into_the_same_lot(stage: Stage, cast: Cast) -> None:
    astrid, north = cast.astrid.phone, cast.north
    soon = (datetime.now(UTC) + timedelta(days=5)).replace(microsecond=0)
    north.do(
        "awardPoints", memberId=cast.astrid.id, reference=new_key(), points=400, reason="A week's bonus",
        expiresAt=soon.isoformat(),
    )  # fmt: skip
    bonus = _dates(cast)
    stage.equal(astrid, "has 400 points that expire in five days", bonus[0], 400)
    taken = redeem(cast, cast.astrid, "KAFFE-50/SE")
    stage.does(astrid, "takes a coffee: the earliest points go first", taken, "Redemption", state="FULFILLED")
    stage.equal(astrid, "has none left that expire soon", _dates(cast)[0], 0)
    done = cast.operator.do("refundRedemption", redemptionId=taken["id"], reason="The machine was broken")
    stage.does(cast.operator, "refunds it", done, "Redemption")
    stage.equal(astrid, "has the same 400 with the same date", _dates(cast), bonus)


def _dates(cast: Cast) -> tuple[int, str]:
    found = cast.astrid.phone.ask(_WALLET)["me"]["wallet"]
    return found["expiringSoon"], found["nextExpiry"]


def _closed(stage: Stage, cast: Cast) -> None:
    code = cast.astrid.phone.do("revealCode", redemptionId=cast.redeemed["KAFFE-50/SE"]["id"])
    stage.does(cast.astrid.phone, "looks at the code once more", code, "CodeFrozen")
    sent = cast.redeemed["MUGG/SE"]["id"]
    back = cast.operator.do("refundRedemption", REDEMPTION, redemptionId=sent, reason="It broke on its way")
    stage.does(cast.operator, "refunds the mug that was delivered", back, "Redemption", state="REFUNDED")
