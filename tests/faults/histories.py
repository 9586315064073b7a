"""Recording a history with several processes, and checking it object by object."""

import asyncio
import os
import sys
from collections import defaultdict
from pathlib import Path
from uuid import UUID

import orjson

from marketplace.catalog.models import OfferKind
from tests import builders
from tests.linear import Operation, is_linearizable, stock, wallet
from tests.redemptions.world import give_points

ROOT = Path(__file__).parents[2]
UNITS, POINTS = 6, 100


async def recorded(url: str, operations: int, *, processes: int, objects: int) -> dict[UUID, list[Operation]]:
    """So many operations of several processes at once on so many stocks and as many wallets."""
    offer = await builders.an_offer(OfferKind.MERCHANDISE)
    items = [(await builders.an_item(offer, stock=UNITS)).id for _ in range(objects)]
    program = await builders.a_program()
    members = [await builders.a_member(program) for _ in range(objects)]
    for member in members:
        await give_points(member, program, POINTS)
    named = [",".join(map(str, ids)) for ids in (items, [member.id for member in members])]
    env = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
    running = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.historian", url, str(seed), str(operations // processes), *named,
            cwd=ROOT, env=env, stdout=asyncio.subprocess.PIPE,
        )
        for seed in range(processes)
    ]  # fmt: skip
    told = await asyncio.gather(*(each.communicate() for each in running))
    assert [each.returncode for each in running] == [0] * processes
    histories: dict[UUID, list[Operation]] = defaultdict(list)
    for line in b"".join(out for out, _ in told).splitlines():
        key, called, returned, what, given, answer = orjson.loads(line)
        histories[UUID(key)].append(Operation(called, returned, what, given, answer))
    assert set(histories) <= {*items, *(member.id for member in members)}
    return histories


def misfits(histories: dict[UUID, list[Operation]]) -> list[UUID]:
    """Objects whose history could not have happened one after the other."""
    return [
        key
        for key, history in histories.items()
        if not is_linearizable(history, *((UNITS, stock) if _is_stock(history) else (POINTS, wallet)))
    ]


def _is_stock(history: list[Operation]) -> bool:
    return any(each.what in ("take", "put") for each in history) or all(
        each.what == "read" and each.answer <= UNITS for each in history
    )
