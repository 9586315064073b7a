"""The programs pay in, enrol the tour's members and award them points."""

from collections.abc import Callable
from decimal import Decimal

import httpx

from marketplace.app.tour.cast import Cast, Member
from marketplace.app.tour.client import Client, Json, new_key, wait_for
from marketplace.app.tour.stage import Stage, money

TITLE = "Money in, members, points"
_FUNDING = "{ program { funding { available { amount currency } held { amount currency } } } }"
_TOP_UP = "... on TopUp { id state method failure amount { amount currency } }"
_TOP_UPS = """{ topUps(first: 20) { nodes { id state failure
  invoice { number state hostedUrl dueOn lastFailure } } } }"""


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards both programs have money, and three members have points."""
    _by_bank(stage, cast)
    _by_card(stage, cast.north, cast.operator, "SEK", "75000")
    _by_card(stage, cast.kopi, cast.operator, "MYR", "30000")
    _by_invoice(stage, cast)
    _enrolled(stage, cast)
    for program, member, points in (
        (cast.north, cast.astrid, 20_000),
        (cast.north, cast.johan, 2_000),
        (cast.kopi, cast.aisyah, 40_000),
    ):
        _awarded(stage, program, member, points)
    _awarded_badly(stage, cast)


def _available(program: Client) -> Decimal:
    return Decimal(str(program.ask(_FUNDING)["program"]["funding"]["available"]["amount"]))


def _by_bank(stage: Stage, cast: Cast) -> None:
    north, operator, before = cast.north, cast.operator, _available(cast.north)
    wish = {"method": "BANK_TRANSFER", "reference": f"bank-{cast.run}"}
    euros = north.do("topUpProgram", **wish, amount={"amount": "100", "currency": "EUR"})
    stage.does(north, "announces euros, though its home currency is SEK", euros, "WrongCurrency")
    amount = {"amount": "250000", "currency": "SEK"}
    top_up = north.do("topUpProgram", _TOP_UP, **wish, amount=amount)
    stage.does(north, "announces a bank transfer", top_up, "TopUp", money(top_up.get("amount")), state="PENDING")
    other = north.do("topUpProgram", **wish, amount=amount | {"amount": "90000"})
    stage.does(north, "announces another amount by the same reference", other, "TopUpReferenceReused")
    proof = {"topUpId": top_up["id"], "evidence": f"camt.053 entry {cast.run}"}
    stage.turned_away(north, "confirms it by itself", north.attempt("confirmTopUp", **proof), "FORBIDDEN")
    stage.equal(north, "has nothing of it yet", _available(north), before)
    seen = operator.do("confirmTopUp", _TOP_UP, **proof)
    stage.does(operator, "sees it on the bank statement: much, so it takes two", seen, "TopUp", state="PENDING")
    stage.does(operator, "confirms it alone", operator.do("confirmTopUp", **proof), "SecondPersonNeeded")
    stage.equal(north, "has nothing of it yet", _available(north), before)
    seconded = cast.controller.do("confirmTopUp", _TOP_UP, **proof)
    stage.does(cast.controller, "sees it, too", seconded, "TopUp", state="SUCCEEDED")
    stage.does(operator, "confirms it once more", operator.do("confirmTopUp", **proof), "TopUpNotPending")
    stage.equal(north, "has exactly that much more", _available(north) - before, Decimal(250_000))


def _by_card(stage: Stage, program: Client, operator: Client, currency: str, amount: str) -> None:
    before = _available(program)
    wish = {"method": "STRIPE", "amount": {"amount": amount, "currency": currency}}
    declined = program.do(
        "topUpProgram", _TOP_UP, **wish, reference=new_key(), paymentMethod="pm_card_chargeDeclined"
    )
    end = _ended(program, declined)
    stage.equal(
        program, "pays by a card that is declined", (end["state"], end["failure"]), ("FAILED", "card_declined")
    )
    paid = program.do("topUpProgram", _TOP_UP, **wish, reference=new_key(), paymentMethod="pm_card_bypassPending")
    stage.does(program, "pays by card", paid, "TopUp", money(paid.get("amount")), method="STRIPE")
    by_hand = operator.do("confirmTopUp", topUpId=paid["id"], evidence="it looks fine")
    stage.holds(
        operator,
        "confirms the card by hand: refused",
        by_hand["__typename"] == "TopUpConfirmsItself",
        by_hand["message"],
    )
    stage.equal(program, "waits until Stripe says so", _ended(program, paid)["state"], "SUCCEEDED")
    stage.equal(program, "has exactly that much more", _available(program) - before, Decimal(amount))


def _by_invoice(stage: Stage, cast: Cast) -> None:
    """Stripe mails an invoice; its payer tries one card, then another, on the invoice's own page."""
    north, before = cast.north, _available(cast.north)
    to = {"email": "accounts@northern.example", "dueInDays": 14}
    amount = {"amount": "12000", "currency": "SEK"}
    wish = {"method": "STRIPE_INVOICE", "amount": amount, "reference": new_key(), "invoice": to}
    asked = north.do("topUpProgram", _TOP_UP, **wish)
    stage.does(north, "asks for an invoice", asked, "TopUp", money(asked.get("amount")), state="PENDING")
    sent = _invoiced(north, asked, lambda invoice: invoice["state"] == "OPEN")
    stage.holds(
        north, "sees its number and its page", bool(sent["hostedUrl"]), f"{sent['number']}, {sent['dueOn']}"
    )
    if cast.stripe is None:
        stage.say("Stripe itself is used here: nobody pays the invoice.")
        return
    httpx.post(sent["hostedUrl"], data={"payment_method": "pm_card_chargeDeclined"}, timeout=30)
    declined = _invoiced(north, asked, lambda invoice: invoice["lastFailure"] is not None)
    stage.equal(north, "pays it by a card that is declined: it stays open", declined["state"], "OPEN")
    httpx.post(sent["hostedUrl"], data={}, timeout=30).raise_for_status()
    stage.equal(north, "pays it by another", _ended(north, asked)["state"], "SUCCEEDED")
    stage.equal(north, "has exactly that much more", _available(north) - before, Decimal(12_000))


def _invoiced(program: Client, top_up: Json, is_there: Callable[[Json], bool]) -> Json:
    def look() -> Json:
        rows = program.ask(_TOP_UPS)["topUps"]["nodes"]
        return next(row for row in rows if row["id"] == top_up["id"])["invoice"]

    return wait_for(look, is_there, patience_s=30)


def _ended(program: Client, top_up: Json) -> Json:
    def look() -> Json:
        rows = program.ask(_TOP_UPS)["topUps"]["nodes"]
        return next(row for row in rows if row["id"] == top_up["id"])

    return wait_for(look, lambda row: row["state"] != "PENDING")


def _enrolled(stage: Stage, cast: Cast) -> None:
    north, shown = cast.north, "... on Member { id country languages tier { name discountBp } }"
    astrid: Json = {"reference": cast.astrid.reference, "subject": cast.astrid.reference, "name": "Astrid Lind"}
    early = cast.astrid.phone.answer("{ me { id } }")
    stage.turned_away(cast.astrid.phone, "opens the app before she is enrolled", early, "UNAUTHENTICATED")
    abroad = north.do("enrolMember", **astrid, country="BR", languages=["pt-BR"])
    stage.does(north, "enrols Astrid in Brazil, where it is not", abroad, "InvalidInput")
    made = north.do("enrolMember", shown, **astrid, country="SE", languages=["sv-SE", "en"], tier="gold")
    stage.does(north, "enrols Astrid in Sweden, in gold", made, "Member", country="SE")
    again = north.do("enrolMember", shown, **astrid, country="SE", languages=["sv-SE", "en"], tier="gold")
    stage.equal(north, "enrols her again: the same member", again.get("id"), made["id"])
    moved = north.do("enrolMember", **astrid, country="NO", languages=["nb"], tier="gold")
    stage.does(north, "enrols her reference with other facts", moved, "MemberReferenceReused")
    cast.astrid.id = made["id"]
    for program, member, country, languages in (
        (north, cast.johan, "SE", ["sv"]),
        (cast.kopi, cast.aisyah, "MY", ["ms", "en"]),
    ):
        facts = {"reference": member.reference, "subject": member.reference, "name": member.phone.name}
        made = program.do("enrolMember", shown, **facts, country=country, languages=languages)
        stage.does(program, f"enrols {member.phone.name}", made, "Member", country=country)
        member.id = made["id"]


def _awarded(stage: Stage, program: Client, member: Member, points: int) -> None:
    wish = {"memberId": member.id, "reference": f"welcome-{member.reference}", "reason": "Welcome"}
    given = program.do("awardPoints", "... on Award { points expiresAt }", **wish, points=points)
    said = f"{points:,} points until {str(given.get('expiresAt'))[:10]}"
    stage.does(program, f"welcomes {member.phone.name} with points", given, "Award", said, points=points)
    wallet = member.phone.ask("{ me { wallet { available } } }")["me"]["wallet"]
    stage.equal(member.phone, "sees them in the wallet", wallet["available"], points)


def _awarded_badly(stage: Stage, cast: Cast) -> None:
    north, kopi, astrid = cast.north, cast.kopi, cast.astrid
    wish: Json = {"memberId": astrid.id, "reference": f"welcome-{astrid.reference}", "reason": "Welcome"}
    twice = north.do("awardPoints", "... on Award { points }", **wish, points=20_000)
    stage.does(north, "awards the same event again: nothing is added", twice, "Award", points=20_000)
    more = north.do("awardPoints", **wish, points=30_000)
    stage.does(north, "awards more by the same reference", more, "AwardReferenceReused")
    none = north.do("awardPoints", memberId=astrid.id, reference=new_key(), points=-5, reason="Oops")
    stage.does(north, "awards -5 points", none, "InvalidInput")
    foreign = kopi.do("awardPoints", memberId=astrid.id, reference=new_key(), points=5, reason="Hello")
    stage.does(kopi, "awards points to another program's member", foreign, "NotFound")
    wallet = astrid.phone.ask("{ me { wallet { available held } } }")["me"]["wallet"]
    stage.equal(astrid.phone, "still has what she had", wallet, {"available": 20_000, "held": 0})
