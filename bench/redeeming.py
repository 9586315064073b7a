"""A process that redeems vouchers, one after the other: `python -m bench.redeeming URL ITEM MEMBER`.

For each line of its input it answers with the 95th percentile of how long a redemption took since the last one, in
milliseconds, and how many there were.
"""

import asyncio
import sys
import time
from statistics import quantiles
from uuid import UUID

from bench.shop import PRICE
from marketplace.app import wiring
from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.members.models import Member
from tests.client import as_member

SHOWN = "... on Redemption { state } ... on UserError { code }"


async def main(url: str, item: str, member_id: str) -> None:
    """Redeem until the input ends."""
    wiring.wire()
    times_ms: list[float] = []
    async with database.opened(url, pool=2):
        member = await Member.get(id=UUID(member_id))
        phone = as_member(member.id, member.program_id)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        asked = asyncio.create_task(reader.readline())
        print("ready", flush=True)
        while True:
            if asked.done():
                if not await asked:
                    return
                print(f"{quantiles(times_ms, n=20)[-1]:.2f} {len(times_ms)}", flush=True)
                times_ms.clear()
                asked = asyncio.create_task(reader.readline())
            started = time.perf_counter()
            fields = {"itemId": item, "expectedPoints": PRICE, "idempotencyKey": new_id().hex}
            answer = await phone.do("redeemOffer", SHOWN, **fields)
            times_ms.append((time.perf_counter() - started) * 1000)
            assert answer.get("state") == "FULFILLED", answer
            await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
