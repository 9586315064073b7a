"""A process that settles, for drills that kill it: `python -m tests.settlement.settling URL UNTIL WEEKS`."""

import asyncio
import sys
from datetime import date, timedelta

from marketplace.app import wiring
from marketplace.kit import clock, database
from marketplace.settlement.jobs import settle_until


async def main(url: str, until: str, weeks: str) -> None:
    """Say `ready`, then settle up to and with a day, so many weeks from now."""
    wiring.wire()
    async with database.opened(url, pool=2):
        await database.value("SELECT 1")
        print("ready", flush=True)
        with clock.travel(timedelta(weeks=int(weeks))):
            await settle_until(date.fromisoformat(until), at_once=1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
