"""kill -9 of server, worker and postgres under load: nothing lost, nothing doubled, the books clean, all told."""

import asyncio
import os
import secrets
from pathlib import Path
from random import Random

import httpx
import pytest

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import wiring
from marketplace.kit import database, migrations
from tests.faults.clients import Client, Tally
from tests.faults.drained import drained
from tests.faults.phones import Phone, have_heard
from tests.faults.programs import House
from tests.faults.shoppers import CODES, PIECES, Shopper, World, build
from tests.faults.stripe import FAULTS, WEBHOOK_FAULTS, transfers_at_stripe
from tests.payments.stand_in import StandIn

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
KILLS = int(os.environ.get("FAULTS_KILLS", "54"))
SEED = int(os.environ.get("FAULTS_SEED", "0")) or secrets.randbelow(1_000_000) + 1
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


async def test_kills_at_random_moments_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_KILLS={KILLS}")
    house, tally = House(tmp_path / "var"), Tally()
    wiring.wire()
    with house.up() as url:
        stand_in = StandIn(house.stripe_url)
        await house.stripe_listens()
        await migrations.migrate(url)
        async with database.opened(url):
            world = await build(DevIssuer(house.folder / "dev-issuer"), stand_in)
        await stand_in.balance(1_000_000_00)
        async with httpx.AsyncClient(timeout=20) as http:
            shoppers = _shoppers(house, world, http, tally)
            await house.is_ready()
            phones = [Phone(house.url, token) for _, token in world.members.values()]
            following = [asyncio.create_task(phone.follow()) for phone in phones]
            await _load_and_kill(house, shoppers, stand_in)
            _tell(house, tally)
            async with database.opened(url):
                print(f"drained in {await drained(house):.0f} s")
            await _everyone_has_what_the_answers_say(shoppers)
            await have_heard(phones, [(await each.wallet(), await each.states()) for each in shoppers])
            told, streams = (sum(getattr(each, what) for each in phones) for what in ("told", "streams"))
            print(f"the phones were told {told} times, over {streams} streams")
            assert [task.result() for task in following if task.done()] == []
            for task in following:
                task.cancel()
        async with database.opened(url):
            await _rows_are_what_was_answered(tally, shoppers)
        _money_has_left_once(house, shoppers)
        books = house.run("check", "books")
        assert books.returncode == 0, books.stdout + books.stderr
    assert house.killed.total() >= KILLS


def _tell(house: House, tally: Tally) -> None:
    print(f"{dict(house.killed)}; {tally.commands} commands, {tally.replays} replays, {dict(tally.retries)}")
    print(dict(sorted(tally.answers.items())))
    print(f"ended by themselves: server {house.server.ended}, worker {house.worker.ended}")


def _shoppers(house: House, world: World, http: httpx.AsyncClient, tally: Tally) -> list[Shopper]:
    def client(token: str, number: int) -> Client:
        return Client(house.url, token, http, Random(SEED * 1000 + number), tally)

    desk = {name: client(token, 900 + n) for n, (name, token) in enumerate(world.tokens.items())}
    return [
        Shopper(
            reference, world, client(token, number), desk["partner"], desk["program"], 3 * (6_000 + 100 * number)
        )
        for number, (reference, (_, token)) in enumerate(world.members.items())
    ]


async def _load_and_kill(house: House, shoppers: list[Shopper], stand_in: StandIn) -> None:
    over = asyncio.Event()
    helping = [
        asyncio.create_task(house.keep_running()),
        asyncio.create_task(_disturb(stand_in, Random(SEED + 1))),
    ]
    playing = [asyncio.create_task(shopper.play(shoppers, over)) for shopper in shoppers]
    try:
        killing = asyncio.create_task(house.kill_at_random(Random(SEED), KILLS))
        done, _ = await asyncio.wait([killing, *playing], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        over.set()
        await asyncio.gather(*playing)
    finally:
        for task in (*helping, *playing):
            task.cancel()


async def _disturb(stand_in: StandIn, random: Random) -> None:
    """Now and then Stripe does not answer, or tells its news twice, late or in another order."""
    while True:
        await asyncio.sleep(random.uniform(5, 15))
        await stand_in.fault(random.choice(FAULTS), seconds=2)
        await stand_in.webhook_fault(random.choice(WEBHOOK_FAULTS), seconds=2)


async def _everyone_has_what_the_answers_say(shoppers: list[Shopper]) -> None:
    for shopper in shoppers:
        await shopper.reveal()
        await shopper.cash_has_left()
        assert await shopper.wallet() == (shopper.available, shopper.held), shopper.reference
    codes = [code for shopper in shoppers for code in shopper.codes]
    assert len(codes) == len(set(codes)) <= CODES
    results = [result for shopper in shoppers for result in shopper.results]
    assert len(results) == len(set(results))


async def _rows_are_what_was_answered(tally: Tally, shoppers: list[Shopper]) -> None:
    for mutation, name in OPERATIONS.items():
        count = await database.value("SELECT count(*) FROM operation_record WHERE operation = $1", name)
        answered = sum(
            n for what, n in tally.answers.items() if what.split()[0] == mutation and what.split()[1] in DONE
        )
        assert count == answered, name
    assert await database.value("SELECT count(*) FROM operation_record WHERE result_id IS NULL") == 0
    out = await database.rows("SELECT i.stock_mode, s.taken FROM stock s JOIN item i ON i.id = s.item_id")
    taken = {row["stock_mode"]: row["taken"] for row in out}
    assert taken["CODES"] == sum(len(shopper.codes) for shopper in shoppers)
    assert taken["COUNTED"] <= PIECES


def _money_has_left_once(house: House, shoppers: list[Shopper]) -> None:
    sent = transfers_at_stripe(house.folder)
    assert len(sent) == len({row for row, _ in sent}) == sum(len(shopper.cash) for shopper in shoppers)
    assert sum(amount for _, amount in sent) == sum(shopper.paid_minor for shopper in shoppers)
