"""kill -9 at a hundred random moments of a settlement, then two runs at once: everything is paid once."""

import asyncio
import random
import sys
from datetime import date, timedelta

import pytest

from marketplace.kit import clock
from marketplace.partners.models import Accrual
from marketplace.payments.models import OutboundTransfer
from marketplace.settlement.models import Statement
from tests import builders
from tests.settlement.books import give_account, sell_many, settle, settled, violations, yesterday

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.faults, pytest.mark.timeout(1800)]

PARTNERS = 8
KILLS = 100


async def killed(url: str, until: date, weeks: int, after_s: float) -> None:
    """Let a process settle for a moment, then end it as a power cut would."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.settlement.settling", url, until.isoformat(), str(weeks),
        stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    await asyncio.sleep(after_s)
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_killed_at_random_moments_everything_is_paid_once(database_url: str) -> None:
    partners = [await builders.a_partner() for _ in range(PARTNERS)]
    for partner in partners:
        await give_account(partner)
    cut, chance = 0, random.Random(7)
    for week in range(KILLS):
        with clock.travel(timedelta(weeks=week)):
            for partner in partners:
                await sell_many(partner, 5)
            until = yesterday()
            await killed(database_url, until, week, chance.uniform(0, 0.6))
            before = await Statement.filter(period_until=until).count()
            cut += 0 < before < PARTNERS
            await asyncio.gather(settle(until), settle(until))
            assert await Statement.filter(period_until=until).count() == PARTNERS
    assert cut > 0, "no run was cut off between two statements: the moments must be chosen otherwise"
    assert await settled() == await Accrual.all().count() == PARTNERS * KILLS * 5
    assert await OutboundTransfer.all().count() == PARTNERS * KILLS
    assert await violations() == []
