"""Settlement twice at once, killed between any two lines, and again a week later: everything is paid once.

Meanwhile Stripe answers late, twice or not at all, its events come late, twice, out of order or forged, and
payouts that said they were paid fail.
"""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from marketplace.app import wiring
from marketplace.kit import clock, database, migrations
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import open_accounts
from marketplace.partners.models import Accrual, AccrualKind, Partner
from marketplace.partners.steps import Cause, accrue
from marketplace.payments import gateway
from marketplace.payments.models import PayeeKind
from marketplace.settlement.models import Payout, PayoutState
from tests import builders
from tests.faults.drained import drained
from tests.faults.programs import CLI, ROOT, House
from tests.faults.stripe import FAULTS, WEBHOOK_FAULTS, onboarded, paid_payouts, transfers_at_stripe
from tests.faults.test_kills_under_load import SEED
from tests.payments.stand_in import StandIn
from tests.settlement.books import settled

pytestmark = [pytest.mark.faults, pytest.mark.timeout(1200)]
ROUNDS = int(os.environ.get("FAULTS_ROUNDS", "40"))
PARTNERS = 5
WEEK = timedelta(days=7)


async def test_settlement_killed_at_any_line_pays_everything_once(tmp_path: Path) -> None:
    print(f"FAULTS_SEED={SEED} FAULTS_ROUNDS={ROUNDS}")
    house, random = House(tmp_path / "var"), Random(SEED)
    wiring.wire()
    with house.up() as url:
        stand_in = StandIn(house.stripe_url)
        await house.stripe_listens()
        await stand_in.balance(1_000_000_00)
        await migrations.migrate(url)
        async with database.opened(url):
            partners = await _world(stand_in)
        await house.is_ready()
        async with _settler(url) as first, _settler(url) as second:
            killed = await _rounds(house, url, random, partners, (first, second))
        print(f"{dict(house.killed)}; settlers killed at {killed.total()} moments, {len(killed)} places")
        last = _day(ROUNDS)
        await _two_at_once(last)
        async with database.opened(url):
            print(f"drained in {await drained(house):.0f} s")
            assert await settled() == await Accrual.all().count()
        paid = transfers_at_stripe(house.folder)
        await _two_at_once(last + WEEK)
        async with database.opened(url):
            await drained(house)
            assert transfers_at_stripe(house.folder) == paid
            await _each_partner_has_what_it_earned(partners, paid)
        books = house.run("check", "books")
        assert books.returncode == 0, books.stdout + books.stderr


def _day(round: int) -> date:
    """The day that a round settles up to."""
    return clock.today() - timedelta(days=ROUNDS + 12 - round)


async def _world(stand_in: StandIn) -> list[Partner]:
    partners = [await builders.a_partner() for _ in range(PARTNERS)]
    for partner in partners:
        await onboarded(stand_in, PayeeKind.PARTNER, partner.id)
    await gateway.close()
    return partners


async def _earn(partner: Partner, minor: int, day: date) -> None:
    """The partner's part of a sale, in the books of a past day.

    Our bank pays for it: no program's statement of a month that is over may change afterwards.
    """
    bank = accounts.house(Purpose.BANK, "EUR")
    with clock.travel(day - clock.today()):
        async with database.transaction():
            await open_accounts([bank])
            await accrue(
                partner.id, Cause(AccrualKind.SALE, "redemption", new_id(), "Coffee voucher"), bank, minor
            )


class Settler:
    """The process of `tests/faults/settler.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def settle(self, until: date, line: int, how: str) -> str:
        """Settle until killed before that line, of `all` or of `new` ones; how it ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{until} {line} {how}\n".encode())
        await self._process.stdin.drain()
        return await self.says()

    async def says(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()


@asynccontextmanager
async def _settler(url: str) -> AsyncGenerator[Settler]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.settler", url, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    settler = Settler(process)
    assert await settler.says() == "ready"
    yield settler
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


async def _rounds(
    house: House,
    url: str,
    random: Random,
    partners: list[Partner],
    settlers: tuple[Settler, Settler],
) -> Counter[str]:
    """Sell, settle twice at once and kill both; what is left over is found by a later round."""
    places, lines = Counter[str](), {"all": 1_000, "new": 100}
    for round in range(ROUNDS):
        async with database.opened(url):
            for partner in partners:
                await _earn(partner, random.randint(5_00, 90_00), _day(round))
        for how, end in await _both(settlers, _day(round), lines, random if round > 1 else None):
            what, _, detail = end.partition(" ")
            assert what in {"killed", "ended"}, end
            if what == "killed":
                places[detail] += 1
            elif round < 2:
                lines[how] = int(detail)
        if round % 4 == 3:
            house.kill(random.choice(("worker", "server")))
        house.start_all()
        await _stripe_goes_wrong(house, random)
    return places


async def _stripe_goes_wrong(house: House, random: Random) -> None:
    """The next answers and events of Stripe's go wrong, and a payout that said it was paid has failed."""
    stand_in = StandIn(house.stripe_url)
    await stand_in.fault(random.choice(FAULTS), "/v1/transfers", seconds=1)
    for event in ("transfer.created", "payout.paid", "payout.failed"):
        await stand_in.webhook_fault(random.choice(WEBHOOK_FAULTS), event, seconds=random.choice((0.5, 3)))
    paid = paid_payouts(house.folder)
    if paid:
        await stand_in.order(f"payouts/{random.choice(paid)}/fail")


async def _both(
    settlers: tuple[Settler, Settler], until: date, lines: dict[str, int], random: Random | None
) -> list[tuple[str, str]]:
    """Let both settle at once, one killed at any line and one at any new one; the first rounds go to their end."""
    moments = [random.randint(1, lines[how]) if random else 10**9 for how in lines]
    ends = await asyncio.gather(
        *(
            settler.settle(until, moment, how)
            for settler, moment, how in zip(settlers, moments, lines, strict=True)
        )
    )
    return list(zip(lines, ends, strict=True))


async def _two_at_once(until: date) -> None:
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", CLI, "settle", "--until", until.isoformat(), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [(await each.communicate())[0].decode() for each in both]
    assert [each.returncode for each in both] == [0, 0], said


async def _each_partner_has_what_it_earned(partners: list[Partner], paid: list[tuple[UUID, int]]) -> None:
    assert len({row for row, _ in paid}) == len(paid)
    payouts = await Payout.all().prefetch_related("statement")
    assert {payout.state for payout in payouts} <= {PayoutState.SENT, PayoutState.IN_BANK}
    assert {payout.outbound_id for payout in payouts} == {row for row, _ in paid}
    sent = dict(paid)
    for partner in partners:
        earned = sum(accrual.net_minor for accrual in await Accrual.filter(partner_id=partner.id))
        mine = [payout for payout in payouts if payout.statement.partner_id == partner.id]
        assert sum(sent[payout.outbound_id] for payout in mine if payout.outbound_id) == earned
