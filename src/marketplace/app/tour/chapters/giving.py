"""Points to a friend by link, taken back, declined; and to a charity, acknowledged."""

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.shopping import wallet
from marketplace.app.tour.stage import Stage

TITLE = "Giving"
_GIFT = "... on Gift { id state points claimToken firstPointsExpireAt }"
_PLEDGE = "... on Pledge { id number state points amount { amount currency } acknowledgement }"


def play(stage: Stage, cast: Cast) -> None:
    """Afterwards Johan has 300 of Astrid's points, and a charity has a pledge of 500."""
    _by_link(stage, cast)
    _by_name(stage, cast)
    _to_charity(stage, cast)


def _by_link(stage: Stage, cast: Cast) -> None:
    astrid, johan, aisyah = cast.astrid.phone, cast.johan.phone, cast.aisyah.phone
    (before, held), (had, _) = wallet(cast.astrid), wallet(cast.johan)
    stage.does(astrid, "gives more than she has", astrid.do("givePoints", points=before + 1), "InsufficientPoints")
    stage.does(astrid, "gives nothing", astrid.do("givePoints", points=0), "InvalidInput")
    gift = astrid.do("givePoints", _GIFT, points=300, message="Ta en fika!")
    until = str(gift.get("firstPointsExpireAt"))[:10]
    stage.does(
        astrid, "wraps 300 points, by link", gift, "Gift", f"points that expire on {until}", state="OFFERED"
    )
    stage.equal(astrid, "has them set aside", wallet(cast.astrid), (before - 300, held + 300))
    link = {"gift": {"token": gift["claimToken"]}}
    stage.does(astrid, "opens her own gift", astrid.do("claimGift", **link), "GiftToOneself")
    stage.does(aisyah, "opens it, in another program", aisyah.do("claimGift", **link), "GiftNotFound")
    guess = johan.do("claimGift", gift={"token": "guessed"})
    stage.does(johan, "guesses a link", guess, "GiftNotFound")
    both = johan.do("claimGift", _GIFT, **link)
    stage.does(johan, "claims it", both, "Gift", state="CLAIMED", points=300)
    stage.does(johan, "claims it twice", johan.do("claimGift", **link), "GiftNotOpen")
    late = astrid.do("recallGift", giftId=gift["id"])
    stage.does(astrid, "takes it back too late", late, "GiftNotOpen")
    stage.equal(
        "Astrid, Johan",
        "300 points changed hands",
        (before - wallet(cast.astrid)[0], wallet(cast.johan)[0] - had),
        (300, 300),
    )


def _by_name(stage: Stage, cast: Cast) -> None:
    astrid, johan, before = cast.astrid.phone, cast.johan.phone, wallet(cast.astrid)
    self_gift = astrid.do("givePoints", points=10, recipientReference=cast.astrid.reference)
    stage.does(astrid, "gives points to herself", self_gift, "GiftToOneself")
    stranger = astrid.do("givePoints", points=10, recipientReference=cast.aisyah.reference)
    stage.does(astrid, "gives points to a member of another program", stranger, "NotFound")
    first, second = (
        astrid.do("givePoints", _GIFT, points=50, recipientReference=cast.johan.reference) for _ in "ab"
    )
    stage.does(astrid, "gives Johan 50 points, twice", second, "Gift", state="OFFERED")
    back = astrid.do("recallGift", _GIFT, giftId=first["id"])
    stage.does(astrid, "takes one back", back, "Gift", state="RECALLED")
    gone = johan.do("claimGift", gift={"giftId": first["id"]})
    stage.does(johan, "claims the one that was taken back", gone, "GiftNotOpen")
    no = johan.do("declineGift", _GIFT, giftId=second["id"])
    stage.does(johan, "declines the other", no, "Gift", state="DECLINED")
    stage.equal(astrid, "has both back", wallet(cast.astrid), before)


def _to_charity(stage: Stage, cast: Cast) -> None:
    astrid, before = cast.astrid.phone, wallet(cast.astrid)
    charity = astrid.ask('{ charities(first: 3, search: "red") { nodes { id name country registryId } } }')
    chosen = charity["charities"]["nodes"][0]
    none = astrid.do("donatePoints", charityId=chosen["id"], points=0)
    stage.does(astrid, f"gives nothing to {chosen['name']}", none, "InvalidInput")
    shop = astrid.do("donatePoints", charityId=cast.partner_id.replace("partner", "charity"), points=100)
    stage.does(astrid, "donates to a shop", shop, "NotFound")
    for points in (500, 200):
        given = astrid.do("donatePoints", _PLEDGE, charityId=chosen["id"], points=points, message="Till nytta")
        stage.does(
            astrid, f"donates {points} points", given, "Pledge", given.get("acknowledgement"), state="PLEDGED"
        )
        cast.redeemed[f"pledge {points}"] = given
    wish = {"pledgeId": cast.redeemed["pledge 200"]["id"], "reason": "Given by mistake"}
    stage.turned_away(astrid, "cancels the second by herself", astrid.attempt("cancelPledge", **wish), "FORBIDDEN")
    undone = cast.operator.do("cancelPledge", _PLEDGE, **wish)
    stage.does(cast.operator, "cancels the second for her", undone, "Pledge", state="CANCELLED")
    twice = cast.operator.do("cancelPledge", **wish)
    stage.does(cast.operator, "cancels it twice", twice, "PledgeNotCancellable")
    stage.equal(astrid, "has given 500 points in the end", before[0] - wallet(cast.astrid)[0], 500)
