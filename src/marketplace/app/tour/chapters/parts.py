"""Refunds in parts: planned first, carried out as planned, and never more than was paid."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Client, Json
from marketplace.app.tour.shopping import changes, redeem, wallet
from marketplace.app.tour.stage import Stage, money
from marketplace.app.tour.statements import of

TITLE = "Refunds in parts"
_PLAN = """query Plan($id: ID!, $part: RefundPartInput) { refundPlan(redemptionId: $id, part: $part) { __typename
  ... on RefundPlan { points closes price { amount currency } leftPrice { amount currency }
    sources { source points lots { points expiresAt } } partner { gross { amount currency }
      commission { amount currency } commissionVat { amount currency } net { amount currency } payableOn } }
  ... on RefundTooLarge { left { amount currency } } ... on UserError { code message } } }"""
_DONE = "... on Redemption { state refunds { number points price { amount currency } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards a coffee was refunded by a part and then by the rest."""
    north, astrid, before = cast.north, cast.astrid.phone, wallet(cast.astrid)[0]
    taken = redeem(cast, cast.astrid, "KAFFE-50/SE")
    stage.does(astrid, "takes a coffee", taken, "Redemption", state="FULFILLED")
    id, part = taken["id"], {"amount": {"amount": "20.00", "currency": "SEK"}}
    plan = _planned(stage, north, id, part)
    _shared(stage, cast.operator, id, part)
    stage.equal(astrid, "has nothing back yet: it is a plan", before - wallet(cast.astrid)[0], taken["points"])
    some = {"redemptionId": id, "reason": "It was lukewarm", "part": part, "expectedPoints": plan["points"]}
    other = north.do("refundRedemption", _DONE, **(some | {"expectedPoints": plan["points"] + 1}))
    stage.does(north, "refunds another sum than was planned", other, "RefundChanged")
    done = north.do("refundRedemption", _DONE, **some)
    stage.does(north, "refunds it as planned", done, "Redemption", state="FULFILLED")
    back = wallet(cast.astrid)[0] - (before - taken["points"])
    stage.equal(astrid, "has those points", back, plan["points"])
    much = north.ask(_PLAN, id=id, part={"amount": {"amount": "40.00", "currency": "SEK"}})["refundPlan"]
    stage.does(north, "plans 40 SEK of the 30 that are left", much, "RefundTooLarge")
    rest = north.do("refundRedemption", _DONE, redemptionId=id, reason="And then cold")
    stage.does(north, "refunds the rest", rest, "Redemption", state="REFUNDED")
    sums = [refund["points"] for refund in rest["refunds"]]
    stage.equal(north, "has given back what was paid, to the point", sum(sums), taken["points"])
    stage.equal(astrid, "has what she had", wallet(cast.astrid)[0], before)
    told = changes(astrid, id)
    stage.equal(astrid, "reads both", told, ["TAKEN", "FULFILLED", "PARTLY_REFUNDED", "REFUNDED"])


def _planned(stage: Stage, desk: Client, id: str, part: Json) -> Json:
    """The plan of a refund, which must add up."""
    plan = desk.ask(_PLAN, id=id, part=part)["refundPlan"]
    said = f"{plan.get('points')} points, {money(plan.get('leftPrice'))} left"
    stage.does(desk, "plans to refund 20 SEK of 50", plan, "RefundPlan", said, closes=False)
    lots = sum(lot["points"] for source in plan["sources"] for lot in source["lots"])
    stage.equal(desk, "sees into which lots they go", lots, plan["points"])
    stage.equal(desk, "is not shown what the partner earns", plan["partner"], None)
    return plan


def _shared(stage: Stage, operator: Client, id: str, part: Json) -> None:
    """The partner's side of the same plan, which the operator sees."""
    share = operator.ask(_PLAN, id=id, part=part)["refundPlan"]["partner"]
    gross, commission, vat, net = (of(share[each]) for each in ("gross", "commission", "commissionVat", "net"))
    said = f"{money(share['gross'])} less {commission} commission and {vat} VAT is {net}"
    stage.holds(operator, "sees what the partner is owed less", gross - commission - vat == net, said)
