"""Vouchers with one code for all, and a batch of codes that leaked: stopped at once, told, and let go again."""

from marketplace.app.tour import files
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, new_key, wait_for
from marketplace.app.tour.shopping import changes, redeem, seen
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: one code for all, and codes that leaked"
_CODE = "... on RevealedCode { code } ... on CodeStopped { stoppedAt }"
_FREEZE = "... on CodeFreeze { id codes releasedAt item { unitsLeft } }"
_FREEZES = "{ codeFreezes(open: true, first: 50) { nodes { id codes } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the code for all is sold out, and the codes that were stopped work again."""
    bonus: Json = {"memberId": cast.astrid.id, "reference": new_key(), "points": 20_000, "reason": "A loyal year"}
    given = cast.north.do("awardPoints", "... on Award { points }", **bonus)
    stage.does(cast.north, "thanks Astrid for a loyal year", given, "Award", points=20_000)
    _for_all(stage, cast)
    _leaked(stage, cast)


def _for_all(stage: Stage, cast: Cast) -> None:
    astrid, whole = cast.astrid.phone, files.generic_code("ALLA", cast.run)
    taken = [redeem(cast, cast.astrid, "ALLA/SE") for _ in range(3)]
    kinds = [answer["__typename"] for answer in taken]
    stage.equal(astrid, "takes three of two", kinds, ["Redemption", "Redemption", "OfferSoldOut"])
    codes = {astrid.do("revealCode", _CODE, redemptionId=each["id"]).get("code") for each in taken[:2]}
    stage.equal(astrid, "reveals both: the same code", codes, {whole})


def _leaked(stage: Stage, cast: Cast) -> None:
    astrid, partner, id = cast.astrid.phone, cast.partner, cast.items["KORT/SE"]["id"]
    mine = {"redemptionId": redeem(cast, cast.astrid, "KORT/SE")["id"]}
    leak = {"itemId": id, "reason": "Printed in a newspaper"}
    stage.does(cast.starbucks, "stops Fjord & Fika's codes", cast.starbucks.do("freezeCodes", **leak), "NotFound")
    stopped = partner.do("freezeCodes", _FREEZE, **leak)
    stage.does(partner, "stops every code of it", stopped, "CodeFreeze", codes=files.CODES_PER_ITEM)
    stage.equal(astrid, "sees none left", seen(astrid, id)["unitsLeft"], 0)
    stage.does(astrid, "takes another", redeem(cast, cast.astrid, "KORT/SE"), "OfferSoldOut")
    stage.does(astrid, "looks at the one she has", astrid.do("revealCode", _CODE, **mine), "CodeStopped")
    told = wait_for(lambda: {"changes": changes(astrid, mine["redemptionId"])}, _is_told)
    stage.equal(astrid, "is told of it", told["changes"], ["TAKEN", "FULFILLED", "CODE_FROZEN"])
    listed = [each["id"] for each in partner.ask(_FREEZES)["codeFreezes"]["nodes"]]
    stage.equal(partner, "lists what is stopped", listed, [stopped["id"]])
    free = partner.do("releaseCodes", _FREEZE, freezeId=stopped["id"])
    stage.does(partner, "lets them go: it was another shop's", free, "CodeFreeze")
    left = free["item"]["unitsLeft"]
    stage.equal(partner, "has all on the shelf but Astrid's", left, files.CODES_PER_ITEM - 1)
    again = partner.do("releaseCodes", freezeId=stopped["id"])
    stage.does(partner, "lets them go twice", again, "AlreadyReleased")
    stage.does(astrid, "sees her code again", astrid.do("revealCode", _CODE, **mine), "RevealedCode")


def _is_told(now: Json) -> bool:
    return "CODE_FROZEN" in now["changes"]
