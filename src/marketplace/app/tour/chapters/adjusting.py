"""A correction by two people, and what the new partner's next statement will say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from marketplace.app.tour import lending, statements
from marketplace.app.tour.cast import Cast
from marketplace.app.tour.stage import Stage, money

TITLE = "Adjustments"
_SHOWN = "... on Adjustment { id state amount { amount currency } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards a correction of -15 SEK waits for the next run."""
    _adjusted(stage, cast)
    _previewed(stage, cast)


def _adjusted(stage: Stage, cast: Cast) -> None:
    operator, controller = cast.operator, cast.controller
    wish = {"partnerId": cast.partner_id, "reason": "A crate of cups that arrived broken"}
    euros = operator.do("proposeAdjustment", **wish, amount={"amount": "15", "currency": "EUR"})
    stage.does(operator, "corrects in a currency that is not the contract's", euros, "WrongCurrency")
    amount = {"amount": "-15.00", "currency": "SEK"}
    proposed = operator.do("proposeAdjustment", _SHOWN, **wish, amount=amount)
    stage.does(operator, "proposes to take 15 SEK off", proposed, "Adjustment", state="PROPOSED")
    mine = {"adjustmentId": proposed["id"]}
    stage.does(operator, "approves it by herself", operator.do("approveAdjustment", **mine), "SamePerson")
    approved = controller.do("approveAdjustment", _SHOWN, **mine)
    stage.does(controller, "approves it", approved, "Adjustment", state="APPROVED")
    late = controller.do("declineAdjustment", **mine)
    stage.does(controller, "declines it afterwards", late, "AdjustmentDecided")
    other = operator.do("proposeAdjustment", _SHOWN, **wish, amount={"amount": "9999", "currency": "SEK"})
    declined = controller.do("declineAdjustment", _SHOWN, adjustmentId=other["id"])
    stage.does(controller, "declines 9,999 SEK", declined, "Adjustment", state="DECLINED")


def _previewed(stage: Stage, cast: Cast) -> None:
    """What the tour's own partner would get once nothing can be sent back any more: today's sales less refunds."""
    ahead = (datetime.now(UTC).date() + timedelta(days=21)).isoformat()
    rows = statements.previewed(cast.operator, ahead)
    row = next(row for row in rows if row["partner"]["id"] == cast.partner_id)
    figures = ("gross", "commission", "vat", "adjustments", "closing")
    said = ", ".join(f"{figure} {money(row[figure])}" for figure in figures)
    right = statements.balanced(row)
    stage.holds(cast.operator, f"previews {cast.partner.name}'s next statement", right, said)
    share = statements.of(row["commission"]) * 100 / statements.of(row["gross"])
    stage.holds(cast.operator, "finds 8 % commission on it", abs(share - 8) < Decimal("0.1"), f"{share:.3f} %")
    adjusted = statements.of(row["adjustments"])
    taken_off = -15 - lending.NETTED
    stage.equal(cast.operator, "and the correction, and the points it bought", adjusted, taken_off)
