"""Friends bring friends: both sides are rewarded, once, and not for tricks."""

import asyncio

import pytest
from dirty_equals import IsPartialDict

from marketplace.earning.models import Referral
from tests.books import violations
from tests.earning.world import PER_EURO, World, a_world, another

pytestmark = pytest.mark.usefixtures("db")
BOTH = {"kind": "REFERRAL", "events": ["PURCHASE"], "points": 200, "referrerPoints": 300}


async def code_of(world: World) -> str:
    answer = await world.phone.do("createReferralCode", "... on ReferralCode { referralCode }")
    return answer["referralCode"]


async def invited(friend: World, code: str) -> str:
    answer = await friend.phone.do("useReferralCode", "... on ReferralRefused { problem }", code=code)
    return answer.get("problem") or answer["__typename"]


async def test_both_sides_are_rewarded_at_the_friends_first_purchase_once() -> None:
    sender = await a_world()
    friend = await another(sender)
    await sender.rule("friends", **BOTH)
    code = await code_of(sender)
    assert await code_of(sender) == code
    assert (await sender.phone.get("{ me { referralCode } }"))["me"]["referralCode"] == code
    assert await invited(friend, code.lower()) == "Referral"
    assert (await sender.wallet())["available"] == 0
    gave = await asyncio.gather(*(friend.earns(amount="10") for _ in range(3)))
    assert sorted(gave) == [0, 0, 200]
    assert ((await friend.wallet())["available"], (await sender.wallet())["available"]) == (200, 300)
    assert await violations() == []


async def test_oneself_rings_second_codes_old_customers_and_unknown_codes_are_refused() -> None:
    a = await a_world()
    b, c, d = await another(a), await another(a), await another(a)
    codes = [await code_of(each) for each in (a, b, c)]
    assert await invited(a, codes[0]) == "ONESELF"
    assert await invited(a, "NOBODY22") == "UNKNOWN_CODE"
    assert await invited(b, codes[0]) == "Referral"
    assert await invited(b, codes[2]) == "REFERRED_BEFORE"
    assert await invited(c, codes[1]) == "Referral"
    assert await invited(a, codes[2]) == "RING"
    await d.earns(amount="1")
    assert await invited(d, codes[0]) == "NOT_NEW"
    elsewhere = await a_world()
    assert await invited(elsewhere, codes[0]) == "UNKNOWN_CODE"
    refused = await a.phone.do("useReferralCode", "", code=codes[0])
    assert refused == IsPartialDict(__typename="ReferralRefused", code="REFERRAL_REFUSED")
    assert await Referral.all().count() == 2


async def test_two_who_invite_each_other_at_once_are_one_referral() -> None:
    a = await a_world()
    b = await another(a)
    first, second = await code_of(a), await code_of(b)
    answers = await asyncio.gather(invited(a, second), invited(b, first))
    assert sorted(answers) == ["RING", "Referral"]


async def test_a_server_tells_who_invited_and_a_returned_first_purchase_takes_both_back() -> None:
    sender = await a_world()
    friend = await another(sender)
    await sender.rule("friends", **BOTH)
    code = await code_of(sender)
    told = await friend.tell("REFERRAL", referralCode=code)
    assert told["state"] == "JUDGED"
    event = friend.event(amount="10")
    await sender.server.do("recordEvent", "", event=event)
    assert await sender.back(event["reference"]) == IsPartialDict(points=500, takenPoints=500)
    assert ((await friend.wallet())["available"], (await sender.wallet())["available"]) == (0, 0)
    assert await friend.earns(amount="10") == 200
    assert await violations() == []


async def test_a_members_friend_sees_nothing_of_them() -> None:
    sender = await a_world()
    friend = await another(sender)
    await sender.rule("friends", **BOTH)
    await sender.rule("euro", **PER_EURO)
    await invited(friend, await code_of(sender))
    await friend.earns(amount="10")
    text = "{ earningEvents { nodes { grants { points side } } } }"
    assert (await friend.phone.get(text))["earningEvents"]["nodes"][0]["grants"] == [
        {"points": 10, "side": "MEMBER"}, {"points": 200, "side": "MEMBER"},
    ]  # fmt: skip
    assert (await sender.phone.get(text))["earningEvents"]["nodes"] == []
