"""A rule of the program's finds a redemption odd: a person looks, lets one go on and refuses another."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json
from marketplace.app.tour.shopping import points_of, redeem, story, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Somebody looks first"
_RULE = "... on RiskRule { kind threshold }"
_REVIEW = "... on RiskReview { id state }"
_OPEN = """{ riskReviews(state: OPEN, first: 20) { nodes {
  id points redemption { id } reasons { kind found threshold } } } }"""
_ME = "{ me { program { id } } }"
_LOOK = "query L($id: ID!) { redemption(id: $id) { id state waitsFor closedReason } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the rule is gone again; Astrid has one voucher, and the points of the other back."""
    astrid, operator = cast.astrid.phone, cast.operator
    price = points_of(cast, cast.astrid, "KORT/SE")
    rule = {"programId": astrid.ask(_ME)["me"]["program"]["id"], "leaving": "REWARD", "kind": "AMOUNT_OVER"}
    stated = operator.do("setRiskRule", _RULE, **rule, threshold=price - 1)
    stage.does(operator, "wants to look at rewards of so many points", stated, "RiskRule", threshold=price - 1)
    before = wallet(cast.astrid)
    first, second = (redeem(cast, cast.astrid, "KORT/SE", expectedPoints=price) for _ in range(2))
    for each in (first, second):
        stage.does(astrid, "takes a voucher: somebody looks first", each, "Redemption", state="PENDING")
    hidden = astrid.do("revealCode", redemptionId=first["id"])
    stage.does(astrid, "asks for the code meanwhile", hidden, "CodeFrozen")
    _decided(stage, cast, first, release=True)
    now = astrid.ask(_LOOK, id=first["id"])["redemption"]
    stage.equal(astrid, "has the first, once it was released", now["state"], "FULFILLED")
    stage.does(astrid, "reveals its code", astrid.do("revealCode", redemptionId=first["id"]), "RevealedCode")
    _decided(stage, cast, second, release=False)
    now = astrid.ask(_LOOK, id=second["id"])["redemption"]
    stage.equal(astrid, "has not got the second", now["state"], "FAILED")
    stage.equal(astrid, "has its points back", wallet(cast.astrid).available, before.available - price)
    told = [(row["change"], row["text"]) for row in story(astrid, first["id"])]
    stage.show("The first, as Astrid is told it", ("", "what"), told)
    ended = operator.do("setRiskRule", _RULE, **rule, threshold=None)
    stage.does(operator, "ends the rule", ended, "RiskRule", threshold=None)


def _decided(stage: Stage, cast: Cast, taken: Json, *, release: bool) -> None:
    """A person decides about something that Astrid has taken."""
    operator = cast.operator
    waiting: list[Json] = operator.ask(_OPEN)["riskReviews"]["nodes"]
    found = next(each for each in waiting if each["redemption"] and each["redemption"]["id"] == taken["id"])
    did = "releases what looks fine" if release else "refuses what does not"
    odd = [f"{each['kind']}: {each['found']:,} points, over {each['threshold']:,}" for each in found["reasons"]]
    why = "; ".join(odd)
    decided = operator.do(
        "decideReview", _REVIEW, reviewId=found["id"], release=release, note="Looked at in the tour"
    )
    stage.does(operator, did, decided, "RiskReview", why)
