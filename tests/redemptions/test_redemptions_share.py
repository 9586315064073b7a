"""Redemptions of a crowd share transactions: each one's outcome, replay and refusal are what they are alone."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest

from marketplace.catalog.models import Item, Offer, OfferKind, Stock
from marketplace.kit import clock, database, ids
from marketplace.kit.models import AuditEntry, OperationRecord
from marketplace.points.models import ActivityClock
from marketplace.redemptions.models import Redemption
from tests import builders
from tests.books import violations
from tests.redemptions.world import ADDRESS, Shopper, a_shopper, money_of, nothing_happens, server_of

pytestmark = pytest.mark.usefixtures("db")
NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
_TRANSACTIONS = "SELECT count(DISTINCT xmin::text) FROM redemption"


async def a_crowd(size: int, **facts: Any) -> list[Shopper]:
    """Members of one program, each with 3,000 points."""
    first = await a_shopper(funding=50_000_00, **facts)
    return [first, *[await a_shopper(first.program, **facts) for _ in range(size - 1)]]


def kinds_of(answers: Sequence[Any]) -> list[str]:
    return [answer["__typename"] for answer in answers]


async def test_a_crowd_is_served_by_few_transactions() -> None:
    crowd = await a_crowd(12)
    items = [await builders.a_voucher([f"{shelf}-{code}" for code in range(6)]) for shelf in range(2)]
    answers = await asyncio.gather(*(each.redeem(items[nr % 2]) for nr, each in enumerate(crowd)))
    assert kinds_of(answers) == ["Redemption"] * 12
    assert await database.value(_TRANSACTIONS) <= 2
    for item in items:
        positions = [row.code_position for row in await Redemption.filter(item_id=item.id)]
        assert sorted(positions, key=str) == [1, 2, 3, 4, 5, 6]
    assert [await each.wallet() for each in crowd] == [2000] * 12
    assert [await each.lots() for each in crowd] == [[1500, 500]] * 12
    assert await money_of(crowd[0].program) == (49_880_00, 0)
    assert await AuditEntry.filter(operation="redeem_offer").count() == 12
    assert await OperationRecord.filter(operation="redeem_offer", result_id=None).count() == 0
    assert await violations() == []


async def test_refused_and_repeated_commands_leave_their_neighbours_alone() -> None:
    crowd = await a_crowd(6)
    poor = await a_shopper(crowd[0].program, points=10)
    voucher, gone = await builders.a_voucher([f"C{n}" for n in range(20)]), await builders.a_voucher(["ONLY"])
    once = await builders.a_voucher([f"D{n}" for n in range(5)], max_per_member=1)
    await crowd[5].redeem(gone)
    first, held = await crowd[0].redeem(voucher, idempotencyKey="again"), await crowd[4].redeem(once)
    before = await database.value(_TRANSACTIONS)
    answers = await asyncio.gather(
        crowd[0].redeem(voucher, idempotencyKey="again"),
        crowd[1].redeem(voucher),
        crowd[2].redeem(voucher, expectedPoints=999),
        poor.redeem(voucher),
        crowd[3].redeem(gone),
        crowd[4].redeem(once),
        crowd[5].redeem(voucher, idempotencyKey="new"),
    )
    assert answers[0] == first
    assert kinds_of(answers) == [
        "Redemption", "Redemption", "PriceChanged", "InsufficientPoints", "OfferSoldOut", "NotAvailable",
        "Redemption",
    ]  # fmt: skip
    assert await database.value(_TRANSACTIONS) == before + 1, "those who could be served were, together"
    wallets = [await each.wallet() for each in (*crowd, poor)]
    assert wallets == [2000, 2000, 3000, 3000, 2000, 1000, 10]
    assert (await Stock.get(item_id=voucher.id)).taken == 3
    assert held["state"] == "FULFILLED"
    async with nothing_happens():
        other = await crowd[5].redeem(voucher, idempotencyKey="new", expectedPoints=1001)
    assert other["__typename"] == "IdempotencyKeyReused"
    assert await violations() == []


async def test_one_member_several_times_among_others() -> None:
    crowd = await a_crowd(3)
    voucher = await builders.a_voucher([f"C{n}" for n in range(20)])
    wishes = [crowd[0].redeem(voucher, idempotencyKey=f"k{n % 4}") for n in range(8)]
    answers = await asyncio.gather(*wishes, crowd[1].redeem(voucher), crowd[2].redeem(voucher))
    assert kinds_of(answers).count("Redemption") == 8, "three keys of the first, each twice, and both others"
    assert kinds_of(answers).count("InsufficientPoints") == 2
    assert len({answer["id"] for answer in answers if "id" in answer}) == 5
    assert [await each.wallet() for each in crowd] == [0, 2000, 2000]


async def test_what_does_not_suffice_for_all_goes_to_as_many_as_it_can() -> None:
    crowd = await a_crowd(6, points=1000)
    few = await builders.a_voucher([f"C{n}" for n in range(4)])
    answers = await asyncio.gather(*(each.redeem(few) for each in crowd))
    assert sorted(kinds_of(answers)) == ["OfferSoldOut"] * 2 + ["Redemption"] * 4
    poor_house = await a_shopper(funding=25_00)
    others = [poor_house, *[await a_shopper(poor_house.program) for _ in range(3)]]
    plenty = await builders.a_voucher([f"D{n}" for n in range(9)])
    answers = await asyncio.gather(*(each.redeem(plenty) for each in others))
    assert sorted(kinds_of(answers)) == ["ProgramUnfunded"] * 2 + ["Redemption"] * 2
    assert await money_of(poor_house.program) == (5_00, 0)
    assert await violations() == []


async def test_what_needs_a_transaction_of_its_own_has_it() -> None:
    crowd = await a_crowd(6)
    voucher = await builders.a_voucher([f"C{n}" for n in range(9)])
    goods = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=4)
    seat = await builders.a_session(seats=4)
    charity = await builders.a_charity()
    brand = await builders.a_brand(charity)
    gift = await builders.an_item(await builders.an_offer(OfferKind.DONATION, brand=brand))
    limited = await builders.a_voucher([f"L{n}" for n in range(9)])
    offer = await limited.offer
    offer.limits = {"DAY": 1}
    await offer.save()
    answers = await asyncio.gather(
        crowd[0].redeem(voucher),
        crowd[1].redeem(goods, address=ADDRESS),
        crowd[2].redeem(seat, expectedPoints=10_000),
        crowd[3].redeem(gift),
        crowd[4].redeem(limited),
        crowd[5].redeem(voucher, quantity=2),
    )
    assert kinds_of(answers)[:5] == ["Redemption"] * 5
    assert kinds_of(answers)[5] == "InvalidInput"
    assert [answer.get("state") for answer in answers[:2]] == ["FULFILLED", "PENDING"]
    assert await violations() == []


async def test_limits_are_counted_and_rolling_points_live_on_for_a_whole_crowd() -> None:
    with clock.at(NOON):
        crowd = await a_crowd(4, points=0)
        server, id = server_of(crowd[0].program), ids.public("program", crowd[0].program.id)
        await server.do("setExpiryPolicy", "... on ExpiryPolicy { kind }", programId=id, kind="ROLLING", months=1)
        for each in crowd:
            member = ids.public("member", each.member.id)
            bought = {"reference": each.member.reference, "reason": "bought"}
            await server.do("awardPoints", "", points=9000, memberId=member, **bought)
        most = [{"period": "DAY", "redemptions": 2}, {"period": "MONTH", "points": 5000}]
        await server.do("setProgramLimits", "", programId=id, limits=most)
        once, other = [await builders.a_voucher([f"{shelf}{n}" for n in range(20)]) for shelf in "AB"]
        await Offer.filter(id=once.offer_id).update(limits={"DAY": 1, "LIFETIME": 9})
    with clock.at(NOON + timedelta(days=2)):
        wanted = (once, once, other, other)
        answers = [await asyncio.gather(*(each.redeem(item) for each in crowd)) for item in wanted]
        assert [set(kinds_of(some)) for some in answers] == [
            {"Redemption"}, {"NotAvailable"}, {"Redemption"}, {"ProgramLimitReached"}
        ]  # fmt: skip
        assert await database.value(_TRANSACTIONS) == 2
        dates = {row.expires_at.date() for row in await ActivityClock.all()}
        assert dates == {(NOON + timedelta(days=33)).date()}
        assert await violations() == []


@dataclass
class Model:
    """What additions say of some members and some items, when nothing ever comes back."""

    wallets: Counter[int]
    shelves: Counter[int]
    most: dict[int, int]
    taken: Counter[tuple[int, int]] = field(default_factory=Counter[tuple[int, int]])
    made: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict[tuple[int, str], tuple[int, str]])

    def took(self, member: int, item: int, key: str, id: str) -> None:
        """A member was answered with a redemption: the first one of its key, or what its key made."""
        assert self.made.setdefault((member, key), (item, id)) == (item, id)

    def count(self, made: Iterable[tuple[int, str]]) -> None:
        """What these keys took."""
        for member, key in made:
            item, _ = self.made[member, key]
            self.wallets[member] -= 1000
            self.shelves[item] -= 1
            self.taken[member, item] += 1

    def explains(self, kind: str, wish: "Wish") -> bool:
        """Whether a refusal holds when all is done; then there is an order in which it held before."""
        match kind:
            case "InsufficientPoints":
                return self.wallets[wish.member] < 1000
            case "OfferSoldOut":
                return not self.shelves[wish.item]
            case "NotAvailable":
                return self.taken[wish.member, wish.item] == self.most.get(wish.item)
            case "PriceChanged":
                return wish.saw != 1000
            case "IdempotencyKeyReused":
                return wish.key.startswith("used")
            case _:
                return False


class Wish(NamedTuple):
    """Who wants what, under which key, and which price was seen."""

    member: int
    item: int
    key: str
    saw: int


@pytest.mark.parametrize("seed", range(2))
async def test_any_crowd_ends_as_if_one_had_come_after_the_other(seed: int) -> None:
    chance, crowd = Random(seed), await a_crowd(6, points=9000)
    items = [
        await builders.a_voucher([f"A{n}" for n in range(200)]),
        await builders.a_voucher([f"B{n}" for n in range(15)]),
        await builders.a_voucher([f"C{n}" for n in range(200)], max_per_member=2),
        await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=20),
    ]
    model = Model(Counter(dict.fromkeys(range(6), 9000)), Counter({0: 200, 1: 15, 2: 200, 3: 20}), {2: 2})
    for round in range(14):
        wishes = [
            Wish(
                chance.randrange(6), chance.randrange(4), chance.choice((f"{round}-{n}", f"used-{n % 5}")),
                chance.choice((1000, 1000, 1000, 1000, 999)),
            )
            for n in range(chance.randint(2, 14))
        ]  # fmt: skip
        before = set(model.made)
        answers = await asyncio.gather(*(answer_to(crowd[wish.member], items, wish) for wish in wishes))
        for wish, answer in zip(wishes, answers, strict=True):
            if answer["__typename"] == "Redemption":
                model.took(wish.member, wish.item, wish.key, answer["id"])
        model.count(set(model.made) - before)
        odd = [
            (wish, answer)
            for wish, answer in zip(wishes, answers, strict=True)
            if answer["__typename"] != "Redemption" and not model.explains(answer["__typename"], wish)
        ]
        assert odd == []
        assert [await each.wallet() for each in crowd] == [model.wallets[nr] for nr in range(6)]
    rows = await Redemption.all()
    assert len(rows) == len(model.made)
    for nr, item in enumerate(items):
        stock = await Stock.get(item_id=item.id)
        assert stock.loaded - stock.taken == model.shelves[nr]
    assert await violations() == []


async def answer_to(shopper: Shopper, items: list[Item], wish: Wish) -> Any:
    """What a wish is answered."""
    where: dict[str, Any] = {"address": ADDRESS} if wish.item == 3 else {}
    return await shopper.redeem(items[wish.item], idempotencyKey=wish.key, expectedPoints=wish.saw, **where)
