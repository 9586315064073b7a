"""The books as plain text: for beancount and hledger, independent programs that re-add every line, and as CSV.

Debits are positive and credits negative there, so assets read as people expect. Accounts are named by ids, so
no personal data leaves. Formats: https://beancount.github.io/docs/beancount_language_syntax.html and
https://hledger.org/hledger.html#journal
"""

import csv
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import date
from enum import StrEnum
from functools import lru_cache
from io import StringIO
from itertools import groupby
from typing import Any
from uuid import UUID

from marketplace.kit import database, ids
from marketplace.kit.money import is_currency, minor_digits
from marketplace.ledger.models import OwnerKind, Purpose
from marketplace.ledger.selection import EVERYTHING, Selection

BATCH = 5_000
_ROOTS: dict[str, str] = {
    Purpose.CARD_CLEARING: "Assets",
    Purpose.STRIPE_CLEARING: "Assets",
    Purpose.STRIPE_CONNECTED: "Assets",
    Purpose.BANK: "Assets",
    Purpose.CREDIT_LINE: "Assets",
    Purpose.UNCOVERED: "Assets",
    Purpose.DISPUTED: "Assets",
    Purpose.BANK_CLEARING: "Assets",
    Purpose.STRIPE_FEES: "Expenses",
    Purpose.TIER_DISCOUNT: "Expenses",
    Purpose.ADJUSTMENTS: "Expenses",
    Purpose.ISSUED: "Expenses",
    Purpose.REDEEMED: "Income",
    Purpose.BREAKAGE: "Income",
    Purpose.COMMISSION: "Income",
    Purpose.FX: "Equity",
    Purpose.OWN_FUNDS: "Equity",
}
_SIDES = """
    d.owner_kind AS d_kind, d.owner_id AS d_owner, d.purpose AS d_purpose, d.slice AS d_slice,
    c.owner_kind AS c_kind, c.owner_id AS c_owner, c.purpose AS c_purpose, c.slice AS c_slice"""
_JOURNALS = f"""
SELECT j.id, j.reason, j.ref_type, j.ref_id, j.booked_at, j.effective_on, j.corrects_id, t.id AS transfer_id,
    t.debit_account_id, t.credit_account_id, t.unit, t.amount, {_SIDES}
FROM journal j JOIN transfer t ON t.journal_id = j.id
JOIN account d ON d.id = t.debit_account_id JOIN account c ON c.id = t.credit_account_id
WHERE {{clause}} ORDER BY j.id, t.id"""
_OPENED = """
SELECT owner_kind, owner_id, purpose, slice, array_agg(DISTINCT unit ORDER BY unit) AS units
FROM account {which} GROUP BY owner_kind, owner_id, purpose, slice"""
_OF_JOURNALS = """
WHERE id IN (
    SELECT unnest(ARRAY[t.debit_account_id, t.credit_account_id])
    FROM journal j JOIN transfer t ON t.journal_id = j.id WHERE {clause})"""
_UNITS = "SELECT DISTINCT unit FROM account {which} ORDER BY unit"
_FIRST_DAY = "SELECT coalesce(min(effective_on), current_date) AS day FROM journal"
CSV_COLUMNS = (
    "effective_on", "booked_at", "journal", "reason", "cause", "corrects", "transfer", "unit", "amount",
    "debit_account", "debit_kind", "debit_owner", "debit_purpose",
    "credit_account", "credit_kind", "credit_owner", "credit_purpose",
)  # fmt: skip
"""A row for each transfer: `amount` in major units or points leaves the debit account for the credit account."""


class Format(StrEnum):
    """Which program reads the file."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"


def _words(text: str) -> str:
    return "".join(part.capitalize() for part in text.split("_"))


@lru_cache(maxsize=50_000)
def account_name(kind: str, owner_id: UUID, purpose: str, slice: int) -> str:
    """Root by purpose, then owner and purpose: `Liabilities:Member:M0192…:Wallet`."""
    root = _ROOTS.get(purpose, "Liabilities")
    owner = f"{kind.capitalize()}:{kind[0]}{owner_id.hex}"
    return f"{root}:{owner}:{_words(purpose)}{f':Slice{slice}' if slice else ''}"


def amount_text(amount: int, unit: str, format: Format) -> str:
    """An amount in major units, with its commodity where the format wants it."""
    digits, commodity = _written(unit, format)
    if not digits:
        return f"{amount}{commodity}"
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}}{commodity}"


@lru_cache(maxsize=4096)
def _written(unit: str, format: Format) -> tuple[int, str]:
    """The decimals of a unit, and its commodity after a space; in CSV that has a column of its own."""
    if format is Format.CSV:
        return minor_digits(unit) if is_currency(unit) else 0, ""
    if is_currency(unit):
        return minor_digits(unit), f" {unit}"
    return 0, f" {unit}" if format is Format.BEANCOUNT else f' "{unit}"'


async def lines(format: Format, which: Selection = EVERYTHING) -> AsyncGenerator[str]:
    """The file as of one moment, line by line and in flat memory: every journal of the selection, whole."""
    async with database.transaction():
        await database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if format is Format.CSV:
            yield csv_line(CSV_COLUMNS)
        else:
            async with aclosing(_header(format, which)) as header:
                async for line in header:
                    yield line
        async with aclosing(_journals(which)) as journals:
            async for journal in journals:
                for line in _rows(journal) if format is Format.CSV else _journal(journal, format):
                    yield line


async def _journals(which: Selection) -> AsyncGenerator[list[dict[str, Any]]]:
    """Each journal's rows, the oldest first."""
    clause, values = which.clause()
    unfinished: list[dict[str, Any]] = []
    async with aclosing(database.stream(_JOURNALS.format(clause=clause), *values, batch=BATCH)) as batches:
        async for rows in batches:
            *whole, unfinished = [
                list(group) for _, group in groupby(unfinished + rows, key=lambda row: row["id"])
            ]
            for journal in whole:
                yield journal
    if unfinished:
        yield unfinished


async def _header(format: Format, which: Selection) -> AsyncGenerator[str]:
    """The units and accounts that the journals of the selection use, opened on the first day of the books."""
    clause, values = which.clause()
    used = "" if which == EVERYTHING else _OF_JOURNALS.format(clause=clause)
    first_day: date = await database.value(_FIRST_DAY)
    if format is Format.BEANCOUNT:
        yield 'option "title" "Rewards marketplace"'
    for row in await database.rows(_UNITS.format(which=used), *values):
        unit = row["unit"]
        yield f"{first_day} commodity {unit}" if format is Format.BEANCOUNT else _hledger_commodity(unit)
    async with aclosing(database.stream(_OPENED.format(which=used), *values, batch=BATCH)) as batches:
        async for rows in batches:
            for row in rows:
                name = account_name(row["owner_kind"], row["owner_id"], row["purpose"], row["slice"])
                beancount = f"{first_day} open {name} {','.join(row['units'])}"
                yield beancount if format is Format.BEANCOUNT else f"account {name}"


def _hledger_commodity(unit: str) -> str:
    number = amount_text(1_000_000 if is_currency(unit) else 1_000, unit, Format.HLEDGER)
    return f"commodity {number if '.' in number else number.replace(' ', '. ', 1)}"


def _journal(rows: list[dict[str, Any]], format: Format) -> list[str]:
    head = f'{rows[0]["effective_on"]} * "{rows[0]["reason"]}"'
    if format is Format.HLEDGER:
        head = head.replace('"', "")
    id = rows[0]["id"]
    tag = f'  journal: "{id}"' if format is Format.BEANCOUNT else f"    ; journal:{id}"
    block = ["", head, tag]
    for row in rows:
        debit = account_name(row["d_kind"], row["d_owner"], row["d_purpose"], row["d_slice"])
        credit = account_name(row["c_kind"], row["c_owner"], row["c_purpose"], row["c_slice"])
        block.append(f"  {debit}  {amount_text(row['amount'], row['unit'], format)}")
        block.append(f"  {credit}  {amount_text(-row['amount'], row['unit'], format)}")
    return block


def _rows(rows: list[dict[str, Any]]) -> list[str]:
    """A line of CSV for each transfer of a journal."""
    return [
        csv_line(
            (
                row["effective_on"],
                row["booked_at"].isoformat(),
                ids.public("journal", row["id"]),
                row["reason"],
                ids.public(row["ref_type"].replace("_", ""), row["ref_id"]),
                ids.public("journal", row["corrects_id"]) if row["corrects_id"] else "",
                row["transfer_id"],
                row["unit"],
                amount_text(row["amount"], row["unit"], Format.CSV),
                *_side(row, "d", row["debit_account_id"]),
                *_side(row, "c", row["credit_account_id"]),
            )
        )
        for row in rows
    ]


def _side(row: dict[str, Any], side: str, account_id: UUID) -> tuple[str, str, str, str]:
    kind: str = row[f"{side}_kind"]
    owner = "" if kind == OwnerKind.MARKETPLACE else ids.public(kind.lower(), row[f"{side}_owner"])
    return ids.public("account", account_id), kind, owner, row[f"{side}_purpose"]


def csv_line(values: Iterable[object]) -> str:
    """A line of CSV (RFC 4180) without its end. Nothing here can be taken for a formula by a spreadsheet: ids,
    codes, numbers and times of ours only.
    """
    file = StringIO()
    csv.writer(file, lineterminator="").writerow(values)
    return file.getvalue()
