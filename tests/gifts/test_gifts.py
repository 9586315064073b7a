"""Giving points, claiming, recalling, declining, and time running out."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.gifts.jobs import expire_gifts
from marketplace.gifts.models import Gift
from marketplace.kit import clock, database
from marketplace.kit.actor import ActorKind
from marketplace.members.models import Member, Program
from marketplace.points.models import Lot
from marketplace.points.steps import earn
from tests import builders
from tests.books import violations
from tests.client import Caller, as_member

pytestmark = pytest.mark.usefixtures("db")
SELECTION = "... on Gift { id points state claimToken message firstPointsExpireAt }"


async def a_phone(program: Program, points: int = 0, **facts: Any) -> tuple[Member, Caller]:
    member = await builders.a_member(program, **facts)
    if points:
        async with database.transaction():
            await earn(
                member.id,
                program.id,
                program.unit,
                points,
                origin_type="award",
                origin_id=uuid4(),
                earned_at=clock.now(),
                expires_at=clock.now() + timedelta(days=90),
            )
    return member, as_member(member.id, program.id)


async def available(phone: Caller) -> int:
    return (await phone.get("{ me { wallet { available } } }"))["me"]["wallet"]["available"]


async def test_a_friend_claims_by_link_and_the_points_keep_their_dates() -> None:
    program = await builders.a_program()
    giver, phone = await a_phone(program, 500)
    friend, friends_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200, message="Thanks!")
    assert gift == IsPartialDict(state="OFFERED", claimToken=IsStr(regex="[0-9a-f]{32}"), message="Thanks!")
    assert (await available(phone), await available(friends_phone)) == (300, 0)
    claimed = await friends_phone.do("claimGift", SELECTION, gift={"token": gift["claimToken"]})
    assert claimed == IsPartialDict(id=gift["id"], state="CLAIMED", claimToken=None)
    assert (await available(phone), await available(friends_phone)) == (300, 200)
    given, kept = await Lot.get(member_id=friend.id), await Lot.get(member_id=giver.id)
    assert given.expires_at == kept.expires_at
    assert await violations() == []


async def test_a_named_receiver_claims_by_the_gifts_id_and_nobody_else_can() -> None:
    program = await builders.a_program()
    _, phone = await a_phone(program, 500)
    friend, friends_phone = await a_phone(program)
    _, strangers_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200, recipientReference=friend.reference)
    for choice in ({"giftId": gift["id"]}, {"token": gift["claimToken"]}, {"token": "0" * 32}):
        answer = await strangers_phone.do("claimGift", SELECTION, gift=choice)
        assert answer == IsPartialDict(__typename="GiftNotFound", code="GIFT_NOT_FOUND")
    assert await available(strangers_phone) == 0
    seen = (await friends_phone.get("{ gifts { nodes { id claimToken } } }"))["gifts"]["nodes"]
    assert seen == [{"id": gift["id"], "claimToken": None}]
    answer = await friends_phone.do("claimGift", SELECTION, gift={"giftId": gift["id"]})
    assert answer["state"] == "CLAIMED"


async def test_a_member_of_another_program_cannot_claim() -> None:
    _, phone = await a_phone(await builders.a_program(), 500)
    _, foreign = await a_phone(await builders.a_program())
    gift = await phone.do("givePoints", SELECTION, points=200)
    answer = await foreign.do("claimGift", SELECTION, gift={"token": gift["claimToken"]})
    assert answer == IsPartialDict(__typename="GiftNotFound")
    assert (await Gift.get()).state == "OFFERED"


async def test_nobody_gives_to_oneself() -> None:
    program = await builders.a_program()
    giver, phone = await a_phone(program, 500)
    answer = await phone.do("givePoints", SELECTION, points=200, recipientReference=giver.reference)
    assert answer == IsPartialDict(__typename="GiftToOneself", code="GIFT_TO_ONESELF")
    gift = await phone.do("givePoints", SELECTION, points=100)
    answer = await phone.do("claimGift", SELECTION, gift={"token": gift["claimToken"]})
    assert answer == IsPartialDict(__typename="GiftToOneself")
    assert await available(phone) == 400


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"points": 501}, "InsufficientPoints"),
        ({"points": 0}, "InvalidInput"),
        ({"points": 5, "message": "x" * 501}, "InvalidInput"),
        ({"points": 5, "recipientReference": "nobody"}, "NotFound"),
    ],
)
async def test_a_refused_gift_changes_nothing(fields: dict[str, Any], refusal: str) -> None:
    _, phone = await a_phone(await builders.a_program(), 500)
    assert await phone.do("givePoints", SELECTION, **fields) == IsPartialDict(__typename=refusal)
    assert await available(phone) == 500
    assert await Gift.all().count() == 0


async def test_a_recalled_gift_returns_to_its_lot_and_cannot_be_claimed() -> None:
    program = await builders.a_program()
    giver, phone = await a_phone(program, 500)
    _, friends_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200)
    assert (await phone.do("recallGift", SELECTION, giftId=gift["id"]))["state"] == "RECALLED"
    assert (await Lot.get(member_id=giver.id)).remaining == 500
    answer = await friends_phone.do("claimGift", SELECTION, gift={"token": gift["claimToken"]})
    assert answer == IsPartialDict(__typename="GiftNotOpen", code="GIFT_NOT_OPEN")
    again = await phone.do("recallGift", SELECTION, giftId=gift["id"])
    assert again == IsPartialDict(__typename="GiftNotOpen")
    assert await available(friends_phone) == 0
    assert await violations() == []


async def test_a_declined_gift_returns() -> None:
    program = await builders.a_program()
    _, phone = await a_phone(program, 500)
    friend, friends_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200, recipientReference=friend.reference)
    assert (await friends_phone.do("declineGift", SELECTION, giftId=gift["id"]))["state"] == "DECLINED"
    assert await available(phone) == 500


async def test_an_unclaimed_gift_returns_when_its_time_is_over() -> None:
    program = await builders.a_program()
    _, phone = await a_phone(program, 500)
    _, friends_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200)
    with clock.travel(timedelta(days=31)):
        late = await friends_phone.do("claimGift", SELECTION, gift={"token": gift["claimToken"]})
        assert late == IsPartialDict(__typename="GiftNotOpen")
        await expire_gifts()
        await expire_gifts()
        assert await available(phone) == 500
    assert (await Gift.get()).state == "EXPIRED"
    assert await violations() == []


async def test_a_claim_racing_a_recall_has_one_winner() -> None:
    program = await builders.a_program()
    _, phone = await a_phone(program, 500)
    _, friends_phone = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200)
    claim, recall = await asyncio.gather(
        friends_phone.do("claimGift", SELECTION, gift={"token": gift["claimToken"]}),
        phone.do("recallGift", SELECTION, giftId=gift["id"]),
    )
    assert sorted([claim["__typename"], recall["__typename"]]) == ["Gift", "GiftNotOpen"]
    assert await available(phone) + await available(friends_phone) == 500
    assert await violations() == []


async def test_a_stranger_can_neither_see_nor_recall_a_gift() -> None:
    program = await builders.a_program()
    _, phone = await a_phone(program, 500)
    _, stranger = await a_phone(program)
    gift = await phone.do("givePoints", SELECTION, points=200)
    assert stranger.actor is not None
    assert stranger.actor.kind is ActorKind.MEMBER
    text = "query($id: ID!) { node(id: $id) { id } }"
    assert await stranger.get(text, id=gift["id"]) == {"node": None}
    answer = await stranger.do("recallGift", SELECTION, giftId=gift["id"])
    assert answer == IsPartialDict(__typename="NotFound")
    assert (await Gift.get()).state == "OFFERED"
