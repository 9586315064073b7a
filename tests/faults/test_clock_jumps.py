"""The clocks of server and worker jump by days, each for itself: everybody has what they were told even so."""

import asyncio
import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.catalog.models import Item, Offer, OfferKind, Stock
from marketplace.kit import clock, database, ids, migrations
from marketplace.ledger import digests
from marketplace.points import jobs as expiry
from tests import builders
from tests.app.application import AUDIENCE
from tests.faults.clients import Client, Tally
from tests.faults.drill import drill
from tests.faults.programs import House, Program
from tests.redemptions.world import ADDRESS, give_points, pay_in

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
JUMPS = int(os.environ.get("FAULTS_JUMPS", "120"))
SEED = int(os.environ.get("FAULTS_SEED", "0")) or secrets.randbelow(1_000_000) + 1
FARTHEST = timedelta(days=2)
LATER = FARTHEST + timedelta(days=1)
"""By then all is due and past that was written by a clock that was ahead."""
HOUR = timedelta(hours=1)
TOLD = "... on Redemption { id state } ... on NotAvailable { reason }"


class Clocks(House):
    """The house, with a clock for the server and another one for the worker."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server = self._program("server", "serve", "--port", str(self.port))
        self.worker = self._program("worker", "work")
        self.cli = self._under("server")
        self.move()

    def _program(self, name: str, *command: str) -> Program:
        return Program([*self._under(name), *command], self.folder / f"{name}.log")

    def _under(self, name: str) -> list[str]:
        return ["tests.faults.off_clock", str(self.folder / f"{name}.clock")]

    def move(self, *, server: timedelta = timedelta(), worker: timedelta = timedelta()) -> None:
        """Set both clocks, by how much they are ahead of the machine's."""
        for name, ahead in (("server", server), ("worker", worker)):
            new = self.folder / f"{name}.clock.new"
            new.write_text(str(ahead.total_seconds()))
            new.rename(self.folder / f"{name}.clock")


async def test_clocks_that_jump_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_JUMPS={JUMPS}")
    house = Clocks(tmp_path / "var")
    async with drill(house, SEED, begun=timedelta(days=5)) as shopping:
        await shopping.play(_jump(house, Random(SEED)))
        with clock.travel(LATER):
            house.move(server=LATER, worker=LATER)
            await shopping.everything_is_as_told()


async def _jump(house: Clocks, random: Random) -> None:
    for _ in range(JUMPS):
        server, worker = (FARTHEST * random.uniform(-1, 1) for _ in range(2))
        house.move(server=server, worker=worker)
        await asyncio.sleep(random.uniform(0.1, 0.8))


@dataclass
class Story:
    """Members with tokens, what they want, and how they ask for it."""

    house: Clocks
    url: str
    item: Item
    mug: Item
    people: list[Client]

    async def redeem(self, who: int, item: Item, key: str, **more: object) -> Any:
        """One answer."""
        fields = {"itemId": ids.public("item", item.id), "expectedPoints": 1000, "idempotencyKey": key} | more
        return await self.people[who].do("redeemOffer", TOLD, **fields)

    async def move(self, ahead: timedelta) -> None:
        """Set the server's clock, and see that it goes by it."""
        self.house.move(server=ahead)
        await asyncio.sleep(0.3)

    async def left(self, item: Item) -> int:
        """Units that nobody has taken."""
        async with database.opened(self.url):
            stock = await Stock.get(item_id=item.id)
        return stock.loaded - stock.taken

    async def available(self, who: int) -> int:
        """What a member is told of the wallet."""
        return (await self.people[who].ask("{ me { wallet { available } } }"))["me"]["wallet"]["available"]


async def test_what_was_said_under_a_wrong_clock_holds_under_the_right_one(tmp_path: Path) -> None:
    house = Clocks(tmp_path / "var")
    wiring.wire()
    with house.up() as url:
        await migrations.migrate(url)
        async with database.opened(url):
            item, mug, tokens = await _world(DevIssuer(house.folder / "dev-issuer"))
        async with httpx.AsyncClient(timeout=20) as http:
            tally = Tally()
            people = [Client(house.url, token, http, Random(n), tally) for n, token in enumerate(tokens)]
            await house.is_ready()
            story = Story(house, url, item, mug, people)
            await _a_drop(story)
            await _a_reservation(story)
            await _points_that_expire(story)
        books = await asyncio.to_thread(house.run, "check", "books")
        assert books.returncode == 0, books.stdout + books.stderr


async def _world(issuer: DevIssuer) -> tuple[Item, Item, list[str]]:
    with clock.travel(timedelta(days=-5)):
        program = await builders.a_program(code="CLOCKS", issuer=issuer.issuer("CLOCKS"))
        await pay_in(program, 1_000_00)
        item = await builders.a_voucher([f"DROP-{number}" for number in range(3)])
        mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE), stock=4)
        tokens: list[str] = []
        for _ in range(4):
            member = await builders.a_member(program)
            await give_points(member, program, 5_000)
            await give_points(member, program, 2_000, 15)
            tokens.append(issuer.mint("CLOCKS", member.subject, audience=AUDIENCE))
    await Offer.filter(id=item.offer_id).update(published_from=clock.now() + HOUR)
    return item, mug, tokens


async def _a_drop(story: Story) -> None:
    """Whoever won while the clock was ahead has won, whatever it says now; for all others it has not begun."""
    early = await story.redeem(0, story.item, "drop-0")
    assert early["reason"] == "NOT_YET_OPEN"
    await story.move(2 * HOUR)
    won = await story.redeem(0, story.item, "drop-0")
    assert won["state"] == "FULFILLED"
    await story.move(-2 * HOUR)
    assert await story.redeem(0, story.item, "drop-0") == won
    assert (await story.redeem(1, story.item, "drop-1"))["reason"] == "NOT_YET_OPEN"
    assert await story.left(story.item) == 2


async def _a_reservation(story: Story) -> None:
    """What is over by a clock that is ahead is not used then; what its job has ended is over for good."""
    await story.move(timedelta())
    more: dict[str, Any] = {"address": ADDRESS}
    kept, lost = [
        (
            await story.people[who].do(
                "reserveItem", "... on Reservation { id }", itemId=ids.public("item", story.mug.id)
            )
        )["id"]
        for who in (1, 2)
    ]
    assert await story.left(story.mug) == 2
    await story.move(HOUR)
    over = await story.redeem(1, story.mug, "kept", reservationId=kept, **more)
    assert over["__typename"] == "ReservationOver"
    await story.move(timedelta())
    taken = await story.redeem(1, story.mug, "kept", reservationId=kept, **more)
    assert taken["state"] == "PENDING"
    story.house.move(worker=HOUR)
    async with asyncio.timeout(60):
        while await story.left(story.mug) != 3:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    story.house.move()
    gone = await story.redeem(2, story.mug, "lost", reservationId=lost, **more)
    assert gone["__typename"] == "ReservationOver"
    assert await story.redeem(1, story.mug, "kept", reservationId=kept, **more) == taken
    assert await story.left(story.mug) == 3


async def _points_that_expire(story: Story) -> None:
    """A clock that is ahead hides them; only what was swept is gone, and no day is sealed that is not over."""
    assert await story.available(3) == 7_000
    await story.move(timedelta(days=11))
    assert await story.available(3) == 5_000
    await story.move(timedelta())
    assert await story.available(3) == 7_000
    async with database.opened(story.url):
        with clock.travel(timedelta(days=11)):
            await expiry.expire_lots()
            await digests.seal()
    assert await story.available(3) == 5_000
    assert (await story.redeem(3, story.mug, "after", address=ADDRESS))["state"] == "PENDING"
    assert await story.available(3) == 4_000
