"""A drop: announced, closed until its instant, open to everybody then, and gone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, at_once, wait_for
from marketplace.app.tour.shopping import points_of, redeem
from marketplace.app.tour.stage import Stage

TITLE = "A drop"
AHEAD = timedelta(seconds=6)
_DROP = "... on Drop { id state opensAt serverTime willRemindMe }"
_DROPS = "{ drops { id state serverTime opensAt } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards both vouchers of the drop have an owner."""
    operator, astrid = cast.operator, cast.astrid.phone
    price = points_of(cast, cast.astrid, "SLAPP/SE")
    opens = datetime.now(UTC) + AHEAD
    wish = {"offerId": cast.items["SLAPP/SE"]["offer"], "opensAt": opens.isoformat()}
    wrong = operator.do("planDrop", **wish, endsAt=opens.isoformat())
    stage.does(operator, "plans a drop that ends as it opens", wrong, "InvalidInput")
    planned = operator.do("planDrop", _DROP, **wish, endsAt=(opens + timedelta(hours=1)).isoformat())
    stage.does(operator, "plans a drop in seconds from now", planned, "Drop", state="ANNOUNCED")
    reminded = astrid.do("remindMeOfDrop", _DROP, dropId=planned["id"])
    stage.does(astrid, "wants to be reminded", reminded, "Drop", willRemindMe=True)
    early = redeem(cast, cast.astrid, "SLAPP/SE", expectedPoints=price)
    stage.does(astrid, "is too early", early, "NotAvailable", reason="NOT_YET_OPEN")
    seen = wait_for(partial(_drop, cast, planned["id"]), lambda drop: drop["state"] != "ANNOUNCED", patience_s=20)
    stage.equal(astrid, "waits for its instant", seen["state"], "OPEN")
    late = (datetime.fromisoformat(seen["serverTime"]) - datetime.fromisoformat(seen["opensAt"])).total_seconds()
    stage.holds(astrid, "sees it open by the server's clock", late >= 0, f"{late:.1f} s after its instant")
    answers = at_once([partial(redeem, cast, cast.astrid, "SLAPP/SE", expectedPoints=price) for _ in range(6)])
    kinds = Counter(answer["__typename"] for answer in answers)
    stage.equal(astrid, "asks six times for two", dict(kinds), {"Redemption": 2, "OfferSoldOut": 4})
    stage.equal(astrid, "sees it sold out", _drop(cast, planned["id"])["state"], "SOLD_OUT")
    again = astrid.do("remindMeOfDrop", _DROP, dropId=planned["id"])
    stage.does(astrid, "wants to be reminded now", again, "DropHasOpened")


def _drop(cast: Cast, id: str) -> Json:
    found: list[Json] = cast.astrid.phone.ask(_DROPS)["drops"]
    return next((drop for drop in found if drop["id"] == id), {"state": "not listed"})
