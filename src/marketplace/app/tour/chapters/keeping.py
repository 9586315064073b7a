"""What becomes of points: their dates, every movement with its balance, and the way to the next level."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.stage import Stage

TITLE = "Points, their dates, and levels"
SOON = timedelta(seconds=10)
_WALLET = """{ me { tier { name discountBp }
  wallet { available upcomingExpiries(first: 3) { points expiresAt } savedSoFar { rewards { amount currency } }
    movements(first: 10) { nodes { points balance at cause { kind title } } } }
  tierProgress { basis qualified toGo next { name } text keepUntil inGrace }
  program { expiryPolicy { kind months period periodsAfter returned graceDays noticeDays } } } }"""
_RATELESS = "MNT"
_UNCOUNTED = "uncountedSpend { amount { amount currency } since text }"
_PREVIEW = "{ giftPreview(points: 100) { rule text firstExpiresAt points { points expiresAt } } }"


def play(stage: Stage, cast: Cast) -> None:
    """Members look at what they have; Johan gets points that are gone in a later chapter."""
    for member in (cast.astrid, cast.aisyah):
        _kept(stage, member)
    _told_before(stage, cast.astrid)
    _counts_later(stage, cast)
    _soon_gone(stage, cast)


def _soon_gone(stage: Stage, cast: Cast) -> None:
    """Points with a date so near that a later chapter finds them gone."""
    ends = datetime.now(UTC) + SOON
    facts = {"memberId": cast.johan.id, "reference": f"{cast.run}-soon", "reason": "For a day"}
    given = cast.north.do("awardPoints", "... on Award { points }", points=77, **facts, expiresAt=ends.isoformat())
    stage.does(cast.north, "gives Johan 77 points that end in seconds", given, "Award", points=77)
    first = cast.johan.phone.ask(_WALLET)["me"]["wallet"]["upcomingExpiries"][0]
    stage.equal(cast.johan.phone, "is shown what ends first, before it does", int(first["points"]), 77)


def _kept(stage: Stage, member: Member) -> None:
    me = member.phone.ask(_WALLET)["me"]
    wallet, policy = me["wallet"], me["program"]["expiryPolicy"]
    rows = wallet["movements"]["nodes"]
    steps = all(newer["balance"] - newer["points"] == older["balance"] for newer, older in pairwise(rows))
    stage.equal(member.phone, "each balance is the one before it and the movement", steps, True)
    stage.equal(member.phone, "the newest balance is what there is", rows[0]["balance"], wallet["available"])
    stage.show(
        f"{member.phone.name}: points by policy {policy['kind']}, {policy['returned']} when they come back late",
        ("points", "balance", "cause"),
        [(str(row["points"]), str(row["balance"]), row["cause"]["title"]) for row in rows],
    )
    progress = me["tierProgress"]
    stage.equal(member.phone, "knows the way to the next level", bool(progress and progress["text"]), True)


def _counts_later(stage: Stage, cast: Cast) -> None:
    """At Atlas levels follow from money spent, and what is bought in a currency without a rate has to wait."""
    vera = cast.person("Vera", "ATLAS", f"tour-{cast.run}-vera")
    facts = {"reference": vera.reference, "country": "KZ", "languages": ["ru", "en"], "name": "Vera"}
    stage.does(cast.atlas, "enrols Vera", cast.atlas.do("enrolMember", "... on Member { id }", **facts), "Member")
    for currency, amount, waits in (("EUR", "120.00", False), (_RATELESS, "450000.00", True)):
        event = {
            "type": "PURCHASE",
            "reference": f"{cast.run}-vera-{currency}",
            "member": {"reference": vera.reference},
            "amount": {"amount": amount, "currency": currency},
        }
        told = cast.atlas.do("recordEvent", f"... on EarningEvent {{ state {_UNCOUNTED} }}", event=event)
        stage.does(cast.atlas, f"tells a purchase of {amount} {currency}", told, "EarningEvent")
        stage.equal(cast.atlas, "is told whether it waits for a rate", told["uncountedSpend"] is not None, waits)
    progress = vera.phone.ask(f"{{ me {{ tierProgress {{ qualified text {_UNCOUNTED} }} }} }}")["me"][
        "tierProgress"
    ]
    stage.equal(vera.phone, "has counted what was spent in euro", int(progress["qualified"]), 120_00)
    [later] = progress["uncountedSpend"]
    stage.holds(vera.phone, "reads what counts later", later["amount"]["currency"] == _RATELESS, later["text"])


def _told_before(stage: Stage, member: Member) -> None:
    told = member.phone.ask(_PREVIEW)["giftPreview"]
    stage.equal(member.phone, "is told before giving what becomes of dates", told["rule"], "GRACE")
