"""One amount of points over several rewards: all of them, or none."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import ADDRESSES, points_of, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Several rewards at once"
_BASKET = """... on Basket { id redemptions { id points state offer { title } } }
  ... on LineRefused { line reasonCode reason }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has taken a voucher and a plate together, and has the points of both back."""
    astrid, before = cast.astrid.phone, wallet(cast.astrid)
    voucher, plate = (_line(cast, item) for item in ("KORT/SE", "FAT/SE"))
    plate["address"] = ADDRESSES["SE"]
    gone = _line(cast, "SLAPP/SE")
    none = astrid.do("redeemSplit", _BASKET, lines=[voucher, plate, gone])
    why: Json = {"line": 2, "reasonCode": "OFFER_SOLD_OUT"}
    stage.does(astrid, "takes two rewards and one that is sold out", none, "LineRefused", **why)
    stage.equal(astrid, "has not taken any of them", wallet(cast.astrid), before)
    both = astrid.do("redeemSplit", _BASKET, lines=[voucher, plate])
    taken: list[Json] = both.get("redemptions") or []
    spent = sum(int(each["points"]) for each in taken)
    stage.does(astrid, "takes the two", both, "Basket", f"{len(taken)} rewards for {spent:,} points")
    stage.show(
        "Astrid's basket",
        ("reward", "points", "state"),
        [(each["offer"]["title"], str(each["points"]), each["state"]) for each in taken],
    )
    stage.equal(astrid, "has so many points less", before.available - wallet(cast.astrid).available, spent)
    for each in taken:
        _undone(cast, each)
    stage.equal(astrid, "has them all back, one by one", wallet(cast.astrid), before)


def _line(cast: Cast, item: str) -> Json:
    return {"itemId": cast.items[item]["id"], "expectedPoints": points_of(cast, cast.astrid, item)}


def _undone(cast: Cast, taken: Json) -> None:
    """What is on its way is cancelled, what has arrived is refunded."""
    if taken["state"] == "PENDING":
        cast.astrid.phone.do("cancelRedemption", redemptionId=taken["id"])
    else:
        cast.north.do("refundRedemption", redemptionId=taken["id"], reason="The tour gives it back")
