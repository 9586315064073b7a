"""A settlement of a million accruals, beside one SQL statement that only inserts the same statements and lines.

`python -m bench settlement [--accruals 1000000] [--partners 500]`. The run is the one of `marketplace settle`: a
transaction a partner through the door, with payout, journal, digest, audit row and webhook. The other is a single
statement over the same rows that groups them and inserts statements and lines into tables of the same shape, with
the same keys, and nothing else.
"""

import argparse
import asyncio
import os
import platform
import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from bench import report
from marketplace.app import wiring
from marketplace.kit import clock, database, migrations
from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.settlement import cases, jobs
from tests import builders

VAR: Final = Path(__file__).parents[1] / "var"
SECTION: Final = "Settling a million accruals"
OFFERS: Final = 40
"""Lines of each statement."""

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
        for _ in range(3):
            await database.execute("TRUNCATE bench_statement, bench_line")
            found.at_once.append(await _at_once(clock.today()))
    async with database.opened(url):
        before = _resident_mb()
        started = time.perf_counter()
        issued = await jobs.settle_until(_until(), progress=_told)
        found.run = time.perf_counter() - started
        found.grown_mb = _resident_mb() - before
        found.statements = await database.value("SELECT count(*) FROM statement")
        found.lines = await database.value("SELECT count(*) FROM statement_line")
        assert found.statements == found.partners, issued
        assert await database.value("SELECT sum(accruals)::bigint FROM statement") == found.accruals
        assert await cases.cases(_until()) == []
    return found


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
    ]) + "\n"  # fmt: skip


if __name__ == "__main__":
    main()
