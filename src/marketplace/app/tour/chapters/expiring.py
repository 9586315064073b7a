"""Points whose date has passed: not there from that instant, and breakage in the books soon after."""

from functools import partial

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, wait_for
from marketplace.app.tour.stage import Stage

TITLE = "Points that have expired"
_WALLET = (
    """{ me { wallet { available movements(first: 3) { nodes { points balance cause { kind title } } } } } }"""
)


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards the 77 points that Johan got for a day, earlier in this tour, are breakage."""
    johan = cast.johan.phone
    seen = wait_for(partial(_wallet, cast), lambda wallet: _newest(wallet)["points"] == -77, patience_s=100)
    newest = _newest(seen)
    stage.equal(johan, "sees 77 points leave at their date", newest["points"], -77)
    stage.equal(johan, "has what the movement says is left", seen["available"], newest["balance"])
    stage.show(
        "Johan: the newest movements",
        ("points", "balance", "cause"),
        [(str(row["points"]), str(row["balance"]), row["cause"]["title"]) for row in seen["movements"]["nodes"]],
    )


def _wallet(cast: Cast) -> Json:
    return cast.johan.phone.ask(_WALLET)["me"]["wallet"]


def _newest(wallet: Json) -> Json:
    return wallet["movements"]["nodes"][0]
