"""kill -9 between any two lines while a bank's file is read: read again, each entry stands exactly once."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from marketplace.app import wiring
from marketplace.banking.models import BankEntry, BankFile, BankStatement
from marketplace.kit import clock
from tests.banking.bank import an_account, bank, clearing, read, violations
from tests.banking.messages import THEIRS, Booked, page, statement
from tests.banking.payees import Payee, end_to_end, ordered, payees
from tests.billing.test_bank_credits import standing_reference
from tests.billing.test_top_up_program import available
from tests.builders import a_program
from tests.settlement.books import violations as of_settlement

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.faults, pytest.mark.timeout(900)]
KILLS = 30
"""So many at least."""
TODAY = str(clock.today())


class Reader:
    """The process of `tests/faults/bank_reader.py`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def reads(self, file: Path, line: int, how: str) -> str:
        """Let it read until it is killed before that line; how it ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{file} {line} {how}\n".encode())
        await self._process.stdin.drain()
        return await self.says()

    async def says(self) -> str:
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()


async def the_files(paid: list[Payee], reference: str) -> list[bytes]:
    """A day at the bank: payouts one by one and in a batch, returns, a program's money, a statement in pages."""
    names = [await end_to_end(payee) for payee in paid]
    debits = [Booked("-90.32", f"D-{name}", day=TODAY, end_to_end=name) for name in names]
    back = Booked("90.32", "R-1", day=TODAY, end_to_end=names[0], reason="AC04")
    part = Booked("40.00", "R-2", day=TODAY, end_to_end=names[1], reason="MS03")
    batch = Booked("-30.00", "S-1", day=TODAY, details=("10.00", "20.00"))
    paid_in = Booked("250.00", "C-1", day=TODAY, remittance=reference)
    pages = [
        page([Booked("5.00", "P-1", day=TODAY)], 1, opening="1079.36"),
        page([Booked("-2.00", "P-2", day=TODAY)], 2, closing="1082.36"),
    ]
    return [statement([*debits, back, part, batch, paid_in], day=TODAY), *pages]


async def test_killed_at_any_line_each_entry_stands_once(database_url: str, tmp_path: Path) -> None:
    wiring.wire()
    program = await a_program()
    reference = await standing_reference(program)
    paid = await payees(*[THEIRS] * 3)
    await an_account()
    await ordered()
    files = await the_files(paid, reference)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.bank_reader", database_url,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    reader, chance, places = Reader(process), random.Random(11), Counter[str]()
    assert await reader.says() == "ready"

    for number, content in enumerate(files):
        file = tmp_path / f"{number}.xml"
        file.write_bytes(content)
        how, stride = ("all", 60) if number == 0 else ("new", 25)
        line, what = 0, "killed"
        while what == "killed":
            line += chance.randint(1, stride)
            what, _, where = (await reader.reads(file, line, how)).partition(" ")
            assert what in {"killed", "ended"}, where
            places[where] += what == "killed"
            assert await BankFile.all().count() in {number, number + 1}
            assert await violations() == await of_settlement() == []
        assert (await read(content))["__typename"] == "BankFile"
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()

    print(f"killed at {places.total()} moments, {len(+places)} places")
    assert places.total() > KILLS
    assert (await BankFile.all().count(), await BankStatement.all().count()) == (3, 2)
    assert await BankEntry.all().count() == 3 + 2 + 2 + 1 + 2
    assert await bank() == 1082_36
    assert await clearing() == 3_00 - 30_00
    assert await available(program) == "250.00"
    assert [(await payee.where())[0] for payee in paid] == ["FAILED", "IN_BANK", "IN_BANK"]
    assert await violations() == await of_settlement() == []
