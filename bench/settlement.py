"""A settlement of a million accruals, beside one SQL statement that only inserts the same statements and lines.

`python -m bench settlement [--accruals 1000000] [--partners 500]`. The run is the one of `marketplace settle`: a
transaction a partner through the door, with payout, journal, digest, audit row and webhook. The other is a single
statement over the same rows that groups them and inserts statements and lines into tables of the same shape, with
the same keys, and nothing else. All the while another process redeems vouchers of a partner that is being settled,
one after the other (`bench/redeeming.py`).
"""

import argparse
import asyncio
import os
import platform
import resource
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from bench import report
from marketplace.app import runtime, wiring
from marketplace.kit import clock, database, ids, migrations, vault
from marketplace.kit.ids import new_id
from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.steps import fund
from marketplace.partners.models import Partner
from marketplace.points.steps import earn
from marketplace.settlement import cases, jobs
from tests import builders

VAR: Final = Path(__file__).parents[1] / "var"
SECTION: Final = "Settling a million accruals"
OFFERS: Final = 40
"""Lines of each statement."""

_CODES = """
INSERT INTO voucher_code (id, item_id, position, ciphertext, fingerprint, loaded_at)
SELECT gen_random_uuid(), $1, n, $2, md5(n::text), $4 FROM generate_series(1, $3::bigint) n"""
_JOURNALS = """
INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
SELECT id, 'accrual.sale', 'bench', id, $1, $2 FROM partner"""
_ACCRUALS = """
INSERT INTO accrual (id, partner_id, contract_id, journal_id, kind, ref_type, ref_id, description, currency,
    gross_minor, commission_minor, vat_minor, net_minor, source_minor, source_currency, fx_rate,
    effective_on, payable_on, booked_at, ordinal)
SELECT gen_random_uuid(), p.partner_id, p.id, p.partner_id, 'SALE', 'redemption', gen_random_uuid(),
    'Offer ' || g / $2 % $3, 'EUR', 1000, 80, 17, 903, 1000, 'EUR', 1, $4, $4, $5, nextval('accrual_ordinal')
FROM generate_series(0, $1 - 1) AS g JOIN (
    SELECT id, partner_id, row_number() OVER (ORDER BY partner_id) - 1 AS n FROM contract
) AS p ON p.n = g % $2"""
_TABLES: Final = (
    "CREATE TABLE bench_statement (LIKE statement INCLUDING ALL)",
    "CREATE TABLE bench_line (LIKE statement_line INCLUDING ALL)",
)
_AT_ONCE = """
WITH line AS (
    SELECT partner_id, currency, kind, description, contract_id, count(*) AS quantity, sum(gross_minor) AS gross,
        sum(commission_minor) AS commission, sum(vat_minor) AS vat, sum(net_minor) AS net
    FROM accrual WHERE payable_on <= $1 GROUP BY partner_id, currency, kind, description, contract_id
), owed AS (
    SELECT gen_random_uuid() AS id, partner_id, currency, (array_agg(contract_id))[1] AS contract,
        sum(quantity) AS accruals, sum(gross) AS gross, sum(commission) AS commission, sum(vat) AS vat,
        sum(net) AS net
    FROM line GROUP BY partner_id, currency
), stated AS MATERIALIZED (SELECT * FROM owed), made AS (
    INSERT INTO bench_statement ({statement})
    SELECT {values} FROM stated
)
INSERT INTO bench_line (id, statement_id, position, kind, description, contract_id, quantity, gross_minor,
    commission_minor, vat_minor, net_minor)
SELECT gen_random_uuid(), s.id, row_number() OVER (PARTITION BY s.id ORDER BY description COLLATE "C"), 'SALES',
    description, contract_id, quantity, l.gross, l.commission, l.vat, l.net
FROM line l JOIN stated s USING (partner_id, currency)"""
_COLUMNS = """
SELECT column_name FROM information_schema.columns WHERE table_name = 'statement' ORDER BY ordinal_position"""
_VALUES: Final = {
    "id": "id",
    "number": "'ST-' || id",
    "sequence": "1",
    "partner_id": "partner_id",
    "contract_id": "contract",
    "run_id": "id",
    "currency": "currency",
    "period_from": "$1",
    "period_until": "$1",
    "opening_minor": "0",
    "gross_minor": "gross",
    "commission_minor": "commission",
    "vat_minor": "vat",
    "adjustments_minor": "0",
    "closing_minor": "net",
    "accruals": "accruals",
    "digest": "repeat('0', 64)",
    "issued_at": "now()",
    "up_to": "0",
    "previous_id": "NULL",
}


@dataclass
class Measured:
    """Seconds of each way, and what the run left."""

    accruals: int
    partners: int
    at_once: list[float]
    run: float = 0
    statements: int = 0
    lines: int = 0
    grown_mb: float = 0
    alone: str = ""
    beside: str = ""


def measure(accruals: int, partners: int) -> Measured:
    """Settle so many accruals of so many partners in a private PostgreSQL of its own."""
    wiring.wire()
    VAR.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=VAR, prefix="bench-") as folder, PrivatePostgres(Path(folder)) as server:
        return asyncio.run(_measured(server.url(), Measured(accruals, partners, [])))


async def _measured(url: str, found: Measured) -> Measured:
    await migrations.migrate(url)
    async with database.opened(url, role="", pool=1):
        await database.execute("SET statement_timeout = 0")
        await _fill(found.accruals, found.partners)
        await database.execute("VACUUM ANALYZE")
        for table in _TABLES:
            await database.execute(table)
        shopper = await _a_shopper()
        async with _redeeming(url, *shopper) as report_p95:
            await asyncio.sleep(4)
            await report_p95()
            await asyncio.sleep(6)
            found.alone = await report_p95()
            for _ in range(3):
                await database.execute("TRUNCATE bench_statement, bench_line")
                found.at_once.append(await _at_once(clock.today()))
    async with database.opened(url), _redeeming(url, *shopper) as report_p95:
        await asyncio.sleep(4)
        await report_p95()
        runtime.keep_what_is_loaded()  # as `marketplace settle` does
        before = _resident_mb()
        started = time.perf_counter()
        issued = await jobs.settle_until(_until(), progress=_told)
        found.run = time.perf_counter() - started
        found.beside = await report_p95()
        found.grown_mb = _resident_mb() - before
        found.statements = await database.value("SELECT count(*) FROM statement")
        found.lines = await database.value("SELECT count(*) FROM statement_line")
        assert found.statements == found.partners, issued
        assert await database.value("SELECT sum(accruals)::bigint FROM statement") == found.accruals
        assert await cases.cases(_until()) == []
    return found


async def _a_shopper() -> tuple[str, str]:
    """An item of a partner that is settled too, and a member with points for any number of it."""
    program = await builders.a_program()
    partner = await Partner.all().first()
    assert partner is not None
    item = await builders.a_voucher([], brand=await builders.a_brand(partner))
    await database.execute(_CODES, item.id, vault.seal("CODE-1234-5678"), 50_000, clock.now())
    await database.execute("UPDATE stock SET loaded = 50000 WHERE item_id = $1", item.id)
    async with database.transaction():
        bank = accounts.house(Purpose.BANK, program.home_currency)
        await fund(program, 10**12, bank, ref_type="top_up", ref_id=new_id())
    member = await builders.a_member(program)
    async with database.transaction():
        await earn(
            member.id,
            program.id,
            program.unit,
            10**9,
            origin_type="award",
            origin_id=new_id(),
            earned_at=clock.now(),
            expires_at=clock.now().replace(year=clock.now().year + 1),
        )
    return ids.public("item", item.id), str(member.id)


@asynccontextmanager
async def _redeeming(url: str, item: str, member: str) -> AsyncGenerator[Callable[[], Awaitable[str]]]:
    """Somebody redeems; what is yielded asks for the 95th percentile since it was last asked."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.redeeming", url, item, member,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    ask, answers = process.stdin, process.stdout

    async def report_p95() -> str:
        ask.write(b"?\n")
        await ask.drain()
        return (await answers.readline()).decode().strip()

    assert await answers.readline() == b"ready\n"
    yield report_p95
    ask.close()
    await process.wait()


def _until() -> date:
    return clock.today("Etc/GMT+12").replace(day=1)


def _told(done: int, total: int) -> None:
    if done % 100 == 0:
        print(f"{done} of {total} partners", flush=True)


def _resident_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def _fill(accruals: int, partners: int) -> None:
    for _ in range(partners):
        await builders.a_partner()
    day = _until()
    await database.execute("SET session_replication_role = replica")
    await database.execute(_JOURNALS, clock.now(), day)
    await database.execute(_ACCRUALS, accruals, partners, OFFERS, day, clock.now())
    await database.execute("SET session_replication_role = origin")


async def _at_once(until: date) -> float:
    columns = [row["column_name"] for row in await database.rows(_COLUMNS)]
    text = _AT_ONCE.format(
        statement=", ".join(columns), values=", ".join(_VALUES.get(column, "0") for column in columns)
    )
    started = time.perf_counter()
    await database.execute(text, until)
    return time.perf_counter() - started


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench settlement", description="A run, side by side.")
    parser.add_argument("--accruals", type=int, default=1_000_000)
    parser.add_argument("--partners", type=int, default=500)
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    found = measure(given.accruals, given.partners)
    text = _text(found)
    Console().print(text)
    if not given.print:
        report.write(SECTION, text)


def _text(found: Measured) -> str:
    machine = f"{os.cpu_count()} processors, {platform.machine()}, Python {platform.python_version()}"
    once = median(found.at_once)
    (alone, first), (beside, then) = (each.split() for each in (found.alone, found.beside))
    slower = float(beside) / float(alone)
    return "\n".join([
        f"{found.accruals:,} accruals into {found.statements:,} statements with {found.lines:,} lines",
        f"({machine}):",
        "",
        "| way | seconds | ratio |",
        "|---|---|---|",
        f"| one SQL statement, inserting the same statements and lines (median of 3) | {once:.2f} | 1.0 |",
        f"| the run, each partner's transaction with all that belongs to it | {found.run:.2f} "
        f"| {found.run / once:.1f} |",
        "",
        f"The run's process grew by {found.grown_mb:.0f} MB.",
        "",
        f"A redemption of a partner that is settled took {alone} ms alone and {beside} ms meanwhile",
        f"(95th percentiles of {first} and {then} redemptions, one after the other): {slower:.2f} times.",
    ]) + "\n"  # fmt: skip


if __name__ == "__main__":
    main()
