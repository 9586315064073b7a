"""A drill: shoppers who go on while something goes wrong, and afterwards must have what they were told."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

import httpx

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.kit import clock, database, migrations
from tests.faults.clients import Client, Tally
from tests.faults.drained import drained
from tests.faults.phones import Phone, have_heard
from tests.faults.programs import House
from tests.faults.shoppers import CODES, PIECES, Shopper, World, build
from tests.faults.stripe import FAULTS, WEBHOOK_FAULTS, transfers_at_stripe
from tests.payments.stand_in import StandIn

OPERATIONS = {
    "redeemOffer": "redeem_offer",
    "cancelRedemption": "cancel_redemption",
    "shipRedemption": "ship_redemption",
    "revealCode": "reveal_code",
    "donatePoints": "donate_points",
    "awardPoints": "award_points",
    "givePoints": "give_points",
    "redeemForCash": "redeem_for_cash",
    "claimGift": "claim_gift",
    "recallGift": "recall_gift",
}
DONE = frozenset({"Redemption", "CashRedemption", "RevealedCode", "Pledge", "Award", "Gift"})


@dataclass
class Drill:
    """A house with shoppers in it, and where its database is reached directly."""

    house: House
    url: str
    stand_in: StandIn
    shoppers: list[Shopper]
    tally: Tally
    seed: int
    phones: list[Phone]
    following: list[asyncio.Task[None]]

    async def play(self, trouble: Coroutine[Any, Any, None]) -> None:
        """Let everybody shop until the trouble is over."""
        over = asyncio.Event()
        helping = [asyncio.create_task(self.house.keep_running()), asyncio.create_task(self._disturb())]
        playing = [asyncio.create_task(shopper.play(self.shoppers, over)) for shopper in self.shoppers]
        try:
            causing = asyncio.create_task(trouble)
            done, _ = await asyncio.wait([causing, *playing], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            over.set()
            await asyncio.gather(*playing)
        finally:
            for task in (*helping, *playing):
                task.cancel()

    async def _disturb(self) -> None:
        """Now and then Stripe does not answer, or tells its news twice, late or in another order."""
        random = Random(self.seed + 1)
        while True:
            await asyncio.sleep(random.uniform(5, 15))
            await self.stand_in.fault(random.choice(FAULTS), seconds=2)
            await self.stand_in.webhook_fault(random.choice(WEBHOOK_FAULTS), seconds=2)

    async def everything_is_as_told(self) -> None:
        """Wait until all is done, and compare answers, rows, money and books."""
        self._tell()
        async with database.opened(self.url):
            print(f"drained in {await drained(self.house):.0f} s")
        await self._everyone_has_what_the_answers_say()
        await self._everyone_has_heard()
        async with database.opened(self.url):
            await self._rows_are_what_was_answered()
        self._money_has_left_once()
        books = await asyncio.to_thread(self.house.run, "check", "books")
        assert books.returncode == 0, books.stdout + books.stderr

    def _tell(self) -> None:
        house, tally = self.house, self.tally
        print(f"{dict(house.killed)}; {tally.commands} commands, {tally.replays} replays, {dict(tally.retries)}")
        print(dict(sorted(tally.answers.items())))
        print(f"ended by themselves: server {house.server.ended}, worker {house.worker.ended}")

    async def _everyone_has_what_the_answers_say(self) -> None:
        for shopper in self.shoppers:
            await shopper.reveal()
            await shopper.cash_has_left()
            assert await shopper.wallet() == (shopper.available, shopper.held), shopper.reference
        codes = [code for shopper in self.shoppers for code in shopper.codes]
        assert len(codes) == len(set(codes)) <= CODES
        results = [result for shopper in self.shoppers for result in shopper.results]
        assert len(results) == len(set(results))

    async def _everyone_has_heard(self) -> None:
        standing = [(await shopper.wallet(), await shopper.states()) for shopper in self.shoppers]
        await have_heard(self.phones, standing)
        told, streams = (sum(getattr(each, what) for each in self.phones) for what in ("told", "streams"))
        print(f"the phones were told {told} times, over {streams} streams")
        assert [task.result() for task in self.following if task.done()] == []

    async def _rows_are_what_was_answered(self) -> None:
        for mutation, name in OPERATIONS.items():
            count = await database.value("SELECT count(*) FROM operation_record WHERE operation = $1", name)
            told = [(what.split(), times) for what, times in self.tally.answers.items()]
            assert count == sum(times for (what, kind), times in told if what == mutation and kind in DONE), name
        assert await database.value("SELECT count(*) FROM operation_record WHERE result_id IS NULL") == 0
        out = await database.rows("SELECT i.stock_mode, s.taken FROM stock s JOIN item i ON i.id = s.item_id")
        taken = {row["stock_mode"]: row["taken"] for row in out}
        assert taken["CODES"] == sum(len(shopper.codes) for shopper in self.shoppers)
        assert taken["COUNTED"] <= PIECES

    def _money_has_left_once(self) -> None:
        sent = transfers_at_stripe(self.house.folder)
        cash = sum(len(shopper.cash) for shopper in self.shoppers)
        assert len(sent) == len({row for row, _ in sent}) == cash
        assert sum(amount for _, amount in sent) == sum(shopper.paid_minor for shopper in self.shoppers)


@asynccontextmanager
async def drill(house: House, seed: int, *, begun: timedelta = timedelta()) -> AsyncGenerator[Drill]:
    """A house that is up, with a world that began so long ago, and members who have not begun to shop."""
    wiring.wire()
    tally = Tally()
    with house.up() as url:
        stand_in = StandIn(house.stripe_url)
        await house.stripe_listens()
        await migrations.migrate(url)
        async with database.opened(url):
            with clock.travel(-begun):
                world = await build(DevIssuer(house.folder / "dev-issuer"), stand_in)
        await stand_in.balance(1_000_000_00)
        async with httpx.AsyncClient(timeout=20) as http:
            shoppers = _shoppers(house, world, http, tally, seed)
            await house.is_ready()
            phones = [Phone(house.url, token) for _, token in world.members.values()]
            following = [asyncio.create_task(phone.follow()) for phone in phones]
            try:
                yield Drill(house, url, stand_in, shoppers, tally, seed, phones, following)
            finally:
                for task in following:
                    task.cancel()


def _shoppers(house: House, world: World, http: httpx.AsyncClient, tally: Tally, seed: int) -> list[Shopper]:
    def client(token: str, number: int) -> Client:
        return Client(house.url, token, http, Random(seed * 1000 + number), tally)

    desk = {name: client(token, 900 + n) for n, (name, token) in enumerate(world.tokens.items())}
    return [
        Shopper(
            reference, world, client(token, number), desk["partner"], desk["program"], 3 * (6_000 + 100 * number)
        )
        for number, (reference, (_, token)) in enumerate(world.members.items())
    ]
