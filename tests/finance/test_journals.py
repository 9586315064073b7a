"""Journals of a period leave as files: whole, filtered, streamed, and read by other programs."""

import csv
import shutil
import sys
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import anyio
import httpx
import pytest

from marketplace.access.models import KeyOwner
from marketplace.kit import clock, database, ids
from marketplace.ledger import export
from marketplace.members.models import Program
from marketplace.partners.models import Partner
from marketplace.settlement.models import Statement
from tests import builders
from tests.app.application import caller, make_app, operator_token, owner_token
from tests.settlement.books import a_funded_program, refund, sell, settle

pytestmark = pytest.mark.usefixtures("db")
DAY = timedelta(days=1)


async def a_month() -> tuple[Program, Partner, Partner]:
    """Sales of two partners, a refund, and statements of yesterday."""
    program = await a_funded_program(code="NORTH")
    ours, other = await builders.a_partner(slug="ours"), await builders.a_partner(slug="other")
    first = await sell(program, ours, 20_00, days_ago=9)
    await sell(program, ours, 35_50, days_ago=8)
    await refund(program, first, days_ago=4)
    await sell(program, other, 7_77, days_ago=3)
    with clock.travel(timedelta(days=60)):
        await settle()
    return program, ours, other


async def downloaded(folder: Path, token: str | None = None, **asked: str) -> httpx.Response:
    app = make_app(folder)
    async with caller(app, token or await operator_token("finance")) as http:
        return await http.get("/finance/journals", params=asked)


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(StringIO(answer.text)))


def added(rows: list[dict[str, str]], purpose: str, owner: str) -> Decimal:
    """Credits minus debits of an owner's account: what a bookkeeper adds up from the file alone."""
    total = Decimal()
    for row in rows:
        for side, sign in (("credit", 1), ("debit", -1)):
            if (row[f"{side}_purpose"], row[f"{side}_owner"]) == (purpose, owner):
                total += sign * Decimal(row["amount"])
    return total


async def test_the_journals_of_a_partner_tie_to_its_statement(tmp_path: Path) -> None:
    _, ours, _ = await a_month()
    owner = ids.public("partner", ours.id)
    statement = await Statement.get(partner_id=ours.id)

    rows = rows_of(await downloaded(tmp_path, partner="ours"))

    issued = [row for row in rows if row["reason"] == "statement.issued"]
    assert [(row["cause"], Decimal(row["amount"])) for row in issued] == [
        (ids.public("statement", statement.id), Decimal(statement.closing_minor) / 100)
    ]
    assert added(rows, "PAYABLE", owner) == 0
    assert added(rows, "DUE", owner) == Decimal(statement.closing_minor) / 100
    sold = [row for row in rows if row["reason"].startswith("accrual.")]
    assert added(sold, "PAYABLE", owner) == Decimal(statement.closing_minor - statement.opening_minor) / 100
    assert added(sold, "COMMISSION", "") == Decimal(statement.commission_minor) / 100
    assert {row["debit_owner"] for row in rows} | {row["credit_owner"] for row in rows} >= {owner}
    assert not [row for row in rows if "other" in str(row)]


async def test_a_period_has_what_counts_in_it_and_no_more(tmp_path: Path) -> None:
    await a_month()
    everything = rows_of(await downloaded(tmp_path))
    today = clock.today()
    parts = [
        rows_of(await downloaded(tmp_path, until=str(today - 8 * DAY))),
        rows_of(await downloaded(tmp_path, **{"from": str(today - 7 * DAY), "until": str(today)})),
        rows_of(await downloaded(tmp_path, **{"from": str(today + DAY)})),
    ]

    assert all(parts)
    assert sorted(row["transfer"] for part in parts for row in part) == sorted(
        row["transfer"] for row in everything
    )
    by_unit: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in everything:
        by_unit[row["unit"]] += Decimal(row["amount"])
    assert all(total > 0 for total in by_unit.values())


async def test_a_program_and_a_purpose_narrow_it(tmp_path: Path) -> None:
    await a_month()
    await builders.a_program(code="SOUTH")

    assert {row["reason"] for row in rows_of(await downloaded(tmp_path, purpose="DUE"))} == {"statement.issued"}
    assert rows_of(await downloaded(tmp_path, program="SOUTH")) == []
    both = rows_of(await downloaded(tmp_path, program="NORTH", partner="other"))
    assert {row["reason"] for row in both} == {"accrual.sale"}


BEAN_CHECK = (sys.executable, "-m", "beancount.scripts.check")
HLEDGER = ("hledger", "check", "--strict", "-f")
NO_HLEDGER = pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is not installed")


@pytest.mark.parametrize(
    ("format", "command"), [("beancount", BEAN_CHECK), pytest.param("hledger", HLEDGER, marks=NO_HLEDGER)]
)
async def test_another_program_accepts_the_journals_of_a_period(
    tmp_path: Path, format: str, command: tuple[str, ...]
) -> None:
    await a_month()
    answer = await downloaded(tmp_path, format=format, partner="ours", until=str(clock.today()))
    file = tmp_path / answer.headers["content-disposition"].split('"')[1]
    file.write_text(answer.text)
    assert "accrual.sale" in answer.text
    assert "statement.issued" not in answer.text

    run = await anyio.run_process((*command, str(file)), check=False)

    assert (run.returncode, run.stdout + run.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"format": "xlsx"}, "no such format"),
        ({"from": "yesterday"}, "is a day"),
        ({"from": "2026-02-01", "until": "2026-01-01"}, "ends before it begins"),
        ({"program": "NOWHERE"}, "no program"),
        ({"partner": "nobody"}, "no partner"),
        ({"purpose": "PIGGY_BANK"}, "no such purpose"),
        ({"partner": "a\x00b"}, "no name has"),
        ({"since": "2026-01-01"}, "no parameter"),
    ],
)
async def test_what_cannot_be_downloaded_is_said_so(tmp_path: Path, asked: dict[str, str], said: str) -> None:
    answer = await downloaded(tmp_path, **asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_USER_INPUT")
    assert said in answer.json()["message"]


async def test_only_finance_downloads_the_books(tmp_path: Path) -> None:
    program = await builders.a_program()
    partner = await builders.a_partner()
    tokens = {
        "support": await operator_token("support"),
        "catalogue": await operator_token("catalogue"),
        "risk": await operator_token("risk"),
        "partner": await owner_token(KeyOwner.PARTNER, partner.id),
        "program": await owner_token(KeyOwner.PROGRAM, program.id),
    }
    for who, token in tokens.items():
        answer = await downloaded(tmp_path, token)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), who
    assert (await downloaded(tmp_path, "mk_live_nobody_at_all")).status_code == 401
    async with caller(make_app(tmp_path)) as http:
        assert (await http.get("/finance/journals")).status_code == 401
        assert (await http.post("/finance/journals")).status_code == 405


async def test_who_stops_reading_lets_go_of_the_database() -> None:
    await a_month()
    for format in export.Format:
        reading = export.lines(format)
        assert await anext(reading)
        assert await anext(reading)
        await reading.aclose()
    assert await database.value("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in trans%'") == 0
