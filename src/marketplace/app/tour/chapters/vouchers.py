"""Vouchers: the price that was seen, the code and who may see it, the last one, and a key sent many times."""

from collections import Counter
from functools import partial

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.client import at_once, new_key
from marketplace.app.tour.shopping import points_of, redeem, wallet
from marketplace.app.tour.stage import Stage

TITLE = "Redeeming: vouchers"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Astrid and Aisyah each have a voucher, and the last one of a drop has one owner."""
    _refused(stage, cast)
    _taken(stage, cast)
    _revealed(stage, cast)
    _the_last_one(stage, cast)


def _refused(stage: Stage, cast: Cast) -> None:
    astrid, johan, before = cast.astrid, cast.johan, wallet(cast.astrid)
    points = points_of(cast, astrid, "KAFFE-50/SE")
    cheaper = redeem(cast, astrid, "KAFFE-50/SE", expectedPoints=points - 1)
    stage.does(astrid.phone, "saw a lower price", cheaper, "PriceChanged", seen=points - 1, now=points)
    abroad = redeem(cast, astrid, "KAFFE-20/MY", expectedPoints=99_999)
    stage.does(astrid.phone, "takes one of Malaysia's", abroad, "NotAvailable", reason="NOT_IN_YOUR_MARKET")
    early = redeem(cast, astrid, "MOGEN/SE", expectedPoints=99_999)
    stage.does(astrid.phone, "takes one that opens next week", early, "NotAvailable", reason="NOT_YET_OPEN")
    odd = redeem(cast, astrid, "KAFFE-50/SE", lots=3, message="Hello")
    stage.does(astrid.phone, "takes three lots of a voucher, with a message", odd, "InvalidInput")
    poor = redeem(cast, johan, "POANG/SE", lots=5, membershipNumber="1234567897")
    stage.does(
        johan.phone, "takes more than he can pay", poor, "InsufficientPoints", required=3_000, available=2_000
    )
    nobody = cast.anybody.attempt("redeemOffer", itemId=cast.items["KAFFE-50/SE"]["id"], expectedPoints=1)
    stage.turned_away(cast.anybody, "takes one without a token", nobody, "UNAUTHENTICATED")
    stage.equal(astrid.phone, "has what she had", wallet(astrid), before)


def _taken(stage: Stage, cast: Cast) -> None:
    for member, item in ((cast.astrid, "KAFFE-50/SE"), (cast.aisyah, "KAFFE-20/MY")):
        (before, _), points = wallet(member), points_of(cast, member, item)
        order = partial(redeem, cast, member, item, idempotencyKey=new_key(), expectedPoints=points)
        answers = at_once([order] * 8)
        kinds = Counter(answer["__typename"] for answer in answers)
        ids = {answer["id"] for answer in answers if "id" in answer}
        stage.holds(member.phone, f"takes {item}, sent eight times at once", len(ids) == 1, dict(kinds))
        taken = order()
        said = f"FULFILLED for {taken.get('points')} points"
        stage.does(
            member.phone, "sends it a ninth time", taken, "Redemption", said, state="FULFILLED", points=points
        )
        stage.equal(member.phone, "has one redemption, and has paid once", wallet(member), (before - points, 0))
        cast.redeemed[item] = taken


def _revealed(stage: Stage, cast: Cast) -> None:
    astrid, taken = cast.astrid.phone, cast.redeemed["KAFFE-50/SE"]["id"]
    shown = "... on RevealedCode { code redemption { id } }"
    theirs = cast.johan.phone.do("revealCode", redemptionId=taken)
    stage.does(cast.johan.phone, "asks for Astrid's code", theirs, "NotFound")
    stage.turned_away(
        cast.partner, "asks for it too", cast.partner.attempt("revealCode", redemptionId=taken), "FORBIDDEN"
    )
    code = astrid.do("revealCode", shown, redemptionId=taken)
    ours = str(code.get("code")).startswith(f"FIKA-{cast.run}-KAFFE-50".upper())
    stage.does(astrid, "reveals her code", code, "RevealedCode", f"{str(code.get('code'))[:5]}… (hers alone)")
    stage.holds(astrid, "which is one that the partner uploaded", ours)
    again = astrid.do("revealCode", shown, redemptionId=taken)
    stage.equal(astrid, "reveals it again: the same code", again.get("code") == code.get("code"), True)
    entry = cast.partner.ask(
        "query R($id: ID!) { redemption(id: $id) { state member { id } fulfilment { __typename } } }", id=taken
    )["redemption"]
    stage.equal(
        cast.partner,
        "sees that it was sold, and not to whom",
        (entry["state"], entry["member"]),
        ("FULFILLED", None),
    )


def _the_last_one(stage: Stage, cast: Cast) -> None:
    tries = [cast.astrid, cast.johan] * 6
    prices = {member.reference: points_of(cast, member, "SISTA/SE") for member in (cast.astrid, cast.johan)}
    answers = at_once(
        [
            partial(
                redeem, cast, member, "SISTA/SE", expectedPoints=prices[member.reference], idempotencyKey=new_key()
            )
            for member in tries
        ]
    )
    kinds = Counter(answer["__typename"] for answer in answers)
    stage.equal(
        "Astrid, Johan", "12 requests at once for the last one", dict(kinds), {"Redemption": 1, "OfferSoldOut": 11}
    )
    late = redeem(cast, cast.astrid, "SISTA/SE", expectedPoints=prices[cast.astrid.reference])
    stage.does(cast.astrid.phone, "tries once more", late, "OfferSoldOut")
