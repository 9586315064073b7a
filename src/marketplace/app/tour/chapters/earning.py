"""Astrid buys, scans and reviews: what each earns, why not, and what goes back with a return."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import Json, at_once
from marketplace.app.tour.stage import Stage

TITLE = "Earning"
_EVENT = """... on EarningEvent { id reference state outcomes { ruleCode reason points whyNot }
  grants { points state ruleCode pendingUntil } }"""
_RULE = "... on EarningRule { id ruleCode state sentence warnings { code text } }"
_BACK = "... on EventReversal { points takenPoints owedPoints cancelledPoints event { state } }"
_WAYS = "{ me { earningWays { ruleCode sentence open nextStep { sentence } } wallet { available pending owed } } }"
_SHORTEST = "query($n: BigInt!) { me { shortestWay(points: $n) { sentence points } } }"
_TRY = """query($id: ID!, $since: DateTime!) { simulateRule(rule: {ruleId: $id}, since: $since) {
  sentence events matched members points cost { amount currency } missed { reason times } complete } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid has earned by rules, a rule of this tour has come and gone, and one purchase went back."""
    _what_earns_what(stage, cast)
    _bought_and_sent_back(stage, cast)
    _a_rule_tried(stage, cast)
    _a_friend(stage, cast)


def _told(cast: Cast, type: str, name: str, amount: str | None = None, who: str | None = None) -> Json:
    event: Json = {
        "type": type,
        "reference": f"{cast.run}-{name}",
        "member": {"reference": who or cast.astrid.reference},
        "channel": "web",
    }
    return event | ({"amount": {"amount": amount, "currency": "SEK"}} if amount else {})


def _what_earns_what(stage: Stage, cast: Cast) -> None:
    ways = cast.astrid.phone.ask(_WAYS)["me"]["earningWays"]
    stage.show(
        "What earns what, as Astrid reads it",
        ("rule", "sentence", "next step"),
        [(way["ruleCode"], way["sentence"], way["nextStep"] and way["nextStep"]["sentence"]) for way in ways],
    )
    stage.holds(cast.astrid.phone, "reads what earns what", len(ways) >= 6, f"{len(ways)} rules")
    for points in (50, 5000):
        found = cast.astrid.phone.ask(_SHORTEST, n=points)["me"]["shortestWay"]
        stage.holds(
            cast.astrid.phone, f"asks for the shortest way to {points}", bool(found), found and found["sentence"]
        )


def _bought_and_sent_back(stage: Stage, cast: Cast) -> None:
    north, astrid = cast.north, cast.astrid.phone
    before = astrid.ask(_WAYS)["me"]["wallet"]
    bought = _told(cast, "PURCHASE", "shoes", "499.00")
    twins = at_once([lambda: north.do("recordEvent", _EVENT, event=bought)] * 2)
    stage.equal(north, "tells a purchase of 499 SEK twice at once: one event", twins[0]["id"], twins[1]["id"])
    gave = sum(grant["points"] for grant in twins[0]["grants"])
    said = ", ".join(f"{each['ruleCode']} {each['points']} ({each['reason']})" for each in twins[0]["outcomes"])
    stage.does(north, "reads what it gave, and why not", twins[0], "EarningEvent", said, state="JUDGED")
    other = north.do("recordEvent", _EVENT, event=bought | {"amount": {"amount": "1.00", "currency": "SEK"}})
    stage.does(north, "tells it with another amount", other, "EarningReferenceReused")
    review = north.do("recordEvent", _EVENT, event=_told(cast, "REVIEW", "review"))
    stage.does(north, "tells a review, whose points are pending for a week", review, "EarningEvent")
    now = astrid.ask(_WAYS)["me"]["wallet"]
    stage.equal(astrid, "has the points of the purchase", now["available"] - before["available"], gave)
    stage.holds(astrid, "sees the others on their way", now["pending"] > before["pending"], now["pending"])
    part = {
        "reference": bought["reference"], "reversalReference": f"{cast.run}-laces", "reason": "One shoe",
        "amount": {"amount": "249.50", "currency": "SEK"},
    }  # fmt: skip
    back = north.do("reverseEvent", _BACK, **part)
    stage.does(north, "takes half of it back", back, "EventReversal", f"{back.get('takenPoints')} points taken")
    rest = north.do(
        "reverseEvent", _BACK, reference=bought["reference"], reversalReference=f"{cast.run}-all", reason="Both"
    )
    stage.does(north, "takes the rest back", rest, "EventReversal", f"{rest.get('takenPoints')} points taken")
    after = astrid.ask(_WAYS)["me"]["wallet"]
    stage.equal(astrid, "has what she had before", after["available"], before["available"])


def _a_rule_tried(stage: Stage, cast: Cast) -> None:
    north, code = cast.north, f"photo-{cast.run}"
    terms: Json = {"kind": "FIXED", "events": ["OWN_CONTENT"], "points": 40, "capTimes": 1, "capPeriod": "WEEK"}
    facts: Json = {"code": code, "objective": "Show real customers", "measure": "EVENTS"}
    wrong = north.do("draftRule", _RULE, **facts, terms=terms | {"points": 0, "tiers": ["iron"]})
    stage.does(north, "drafts a rule for nothing, for iron members", wrong, "InvalidInput")
    rule = north.do("draftRule", _RULE, **facts, terms=terms)
    stage.does(north, "drafts a rule", rule, "EarningRule", rule.get("sentence"), state="DRAFT")
    stage.does(north, "drafts it again", north.do("draftRule", _RULE, **facts, terms=terms), "RuleCodeTaken")
    photo = _told(cast, "OWN_CONTENT", "photo")
    for name, gives in (("photo", 0), ("photo-2", 40), ("photo-3", 0)):
        if name == "photo-2":
            started = north.do("startRule", _RULE, ruleId=rule["id"])
            stage.does(north, "starts it", started, "EarningRule", state="LIVE")
        told = north.do("recordEvent", _EVENT, event=photo | {"reference": f"{cast.run}-{name}"})
        points = sum(grant["points"] for grant in told["grants"])
        why = "; ".join(each["whyNot"] or "" for each in told["outcomes"])
        stage.equal(north, f"tells a picture: {why or 'as the rule stands'}", points, gives)
    tried = north.ask(_TRY, id=rule["id"], since="2026-01-01T00:00:00Z")["simulateRule"]
    stage.holds(
        north, "tries it on the past", tried["matched"] >= 1, f"{tried['matched']} of {tried['events']} events"
    )
    ended = north.do("endRule", _RULE, ruleId=rule["id"])
    stage.does(north, "ends it", ended, "EarningRule", state="ENDED")
    stage.does(north, "starts it again", north.do("startRule", _RULE, ruleId=rule["id"]), "RuleNotReady")


def _a_friend(stage: Stage, cast: Cast) -> None:
    astrid, johan, north = cast.astrid.phone, cast.johan.phone, cast.north
    code = astrid.do("createReferralCode", "... on ReferralCode { referralCode }")["referralCode"]
    own = astrid.do("useReferralCode", code=code)
    stage.does(astrid, "invites herself", own, "ReferralRefused")
    stage.does(johan, "says that Astrid invited him", johan.do("useReferralCode", code=code), "Referral")
    before = astrid.ask(_WAYS)["me"]["wallet"]["available"]
    first = north.do("recordEvent", _EVENT, event=_told(cast, "PURCHASE", "first", "100.00", cast.johan.reference))
    gave = {each["ruleCode"]: each["points"] for each in first["outcomes"]}
    stage.holds(johan, "gets points for his first purchase", gave.get("bring-a-friend", 0) > 0, gave)
    got = astrid.ask(_WAYS)["me"]["wallet"]["available"] - before
    stage.holds(astrid, "gets hers, once", got > 0, got)
