"""A process that takes, puts back, spends, earns and reads at random, and writes down what it was answered.

`python -m tests.faults.historian URL SEED OPERATIONS ITEMS MEMBERS` with ids by commas; a line of JSON for each
operation: object, when it was called and had returned (the machine's monotonic clock), what, given, answer.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Hashable
from random import Random
from typing import Any
from uuid import UUID, uuid4

import orjson

from marketplace.app import wiring
from marketplace.catalog.models import Item
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.catalog.steps import put_back, take_along, take_stock
from marketplace.kit import clock, database, sharing
from marketplace.kit.writes import Raced
from marketplace.members.models import Member
from marketplace.points.queries import available_points
from marketplace.points.refusals import InsufficientPoints
from marketplace.points.steps import earn, hold

AT_ONCE = 8
Deed = tuple[str, int, Callable[[], Awaitable[Any]]]


class Historian:
    """One process with a few tasks."""

    def __init__(self, seed: int, items: list[Item], members: list[Member]) -> None:
        self.random = Random(seed)
        self.items = items
        self.members = members
        self.taken: dict[UUID, list[UUID]] = {item.id: [] for item in items}
        self.lines: list[bytes] = []

    async def work(self, count: int) -> None:
        """So many operations, one after the other."""
        for _ in range(count):
            if self.random.random() < 0.5:
                item = self.random.choice(self.items)
                await self._record(item.id, self._of_stock(item))
            else:
                member = self.random.choice(self.members)
                await self._record(member.id, self._of_wallet(member))

    async def _record(self, key: UUID, deed: Deed) -> None:
        what, given, do = deed
        called = time.monotonic_ns()
        answer = await do()
        told = [str(key), called, time.monotonic_ns(), what, given, answer]
        self.lines.append(orjson.dumps(told))

    def _of_stock(self, item: Item) -> Deed:
        mine = self.taken[item.id]
        what = self.random.choice(("take", "take", "read", "put" if mine else "take"))
        ref = mine.pop() if what == "put" else uuid4()
        return (
            what,
            1,
            {"take": lambda: self._take(item, ref), "put": lambda: _put(item, ref)}.get(what, lambda: _left(item)),
        )

    async def _take(self, item: Item, ref: UUID) -> bool:
        """In a transaction that others share, as redemptions do, or in one of its own."""
        try:
            await together_or_alone(
                ref, lambda: _taken(item, ref), lambda: take_stock(item, ref_type="test", ref_id=ref)
            )
        except OfferSoldOut:
            return False
        self.taken[item.id].append(ref)
        return True

    def _of_wallet(self, member: Member) -> Deed:
        points = self.random.randint(1, 60)
        ways: list[tuple[str, Callable[[], Awaitable[Any]]]] = [
            ("spend", lambda: _spend(member, points)),
            ("spend", lambda: _spend(member, points)),
            ("earn", lambda: _earn(member, points // 2 + 1)),
            ("read", lambda: available_points(member.id)),
        ]
        what, do = self.random.choice(ways)
        return what, points // 2 + 1 if what == "earn" else points, do


async def together_or_alone(
    who: Hashable, together: Callable[[], Awaitable[object]], alone: Callable[[], Awaitable[object]]
) -> None:
    """As the door does it: what cannot be done in a transaction with others is done in one of its own."""
    try:
        async with sharing.seat(who):
            await together()
    except (sharing.Apart, Raced):
        async with database.transaction():
            await alone()


async def _taken(item: Item, ref: UUID) -> None:
    async with take_along(item, 1, ("test", ref), lambda _: None) as given:
        if given is None:
            raise sharing.Apart


async def _put(item: Item, ref: UUID) -> None:
    async with database.transaction():
        await put_back(item, None, ref_type="test", ref_id=ref)


async def _left(item: Item) -> int:
    return await database.value("SELECT loaded - taken FROM stock WHERE item_id = $1", item.id)


async def _spend(member: Member, points: int) -> bool:
    def do() -> Awaitable[object]:
        return hold(member.id, member.program.unit, points, reason="test", ref_type="test", ref_id=ref)

    ref = uuid4()
    try:
        await together_or_alone(member.id, do, do)
    except InsufficientPoints:
        return False
    return True


async def _earn(member: Member, points: int) -> None:
    async with database.transaction():
        await earn(
            member.id, member.program_id, member.program.unit, points,
            origin_type="test", origin_id=uuid4(), earned_at=clock.now(), expires_at=None,
        )  # fmt: skip


async def main(url: str, seed: int, count: int, items: list[UUID], members: list[UUID]) -> None:
    """Work, then tell."""
    wiring.wire()
    async with database.opened(url, pool=AT_ONCE):
        things = await Item.filter(id__in=items).order_by("id")
        people = await Member.filter(id__in=members).order_by("id").prefetch_related("program")
        historian = Historian(seed, things, people)
        await asyncio.gather(*(historian.work(count // AT_ONCE) for _ in range(AT_ONCE)))
    sys.stdout.buffer.write(b"\n".join(historian.lines) + b"\n")


if __name__ == "__main__":
    _, _url, _seed, _count, _items, _members = sys.argv
    _ids = [[UUID(id) for id in ids.split(",")] for ids in (_items, _members)]
    asyncio.run(main(_url, int(_seed), int(_count), *_ids))
