"""The books as plain text for beancount and hledger: independent programs that re-add every line.

Debits are positive and credits negative there, so assets read as people expect. Accounts are named by ids, so
no personal data leaves. Formats: https://beancount.github.io/docs/beancount_language_syntax.html and
https://hledger.org/hledger.html#journal
"""

from collections.abc import AsyncIterator
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Any
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.money import is_currency, minor_digits
from marketplace.ledger.models import Purpose

BATCH = 5_000
_ROOTS: dict[str, str] = {
    Purpose.CARD_CLEARING: "Assets",
    Purpose.STRIPE_CLEARING: "Assets",
    Purpose.STRIPE_CONNECTED: "Assets",
    Purpose.BANK: "Assets",
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
_ACCOUNTS = """
SELECT id, owner_kind, owner_id, purpose, unit, slice FROM account WHERE id > $1 ORDER BY id LIMIT $2"""
_JOURNALS = """
SELECT j.id, j.reason, j.effective_on, t.debit_account_id, t.credit_account_id, t.unit, t.amount
FROM journal j JOIN transfer t ON t.journal_id = j.id ORDER BY j.id, t.id"""
_FIRST_DAY = "SELECT coalesce(min(effective_on), current_date) AS day FROM journal"


class Format(StrEnum):
    """Which program reads the file."""

    BEANCOUNT = "beancount"
    HLEDGER = "hledger"


def _words(text: str) -> str:
    return "".join(part.capitalize() for part in text.split("_"))


def account_name(row: dict[str, Any]) -> str:
    """Root by purpose, then owner and purpose: `Liabilities:Member:M0192…:Wallet`."""
    root = _ROOTS.get(row["purpose"], "Liabilities")
    owner = f"{row['owner_kind'].capitalize()}:{row['owner_kind'][0]}{row['owner_id'].hex}"
    slice_name = f":Slice{row['slice']}" if row["slice"] else ""
    return f"{root}:{owner}:{_words(row['purpose'])}{slice_name}"


def amount_text(amount: int, unit: str, format: Format) -> str:
    """An amount in major units with its commodity."""
    digits, commodity = _written(unit, format)
    if not digits:
        return f"{amount}{commodity}"
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{digits}}{commodity}"


@lru_cache(maxsize=4096)
def _written(unit: str, format: Format) -> tuple[int, str]:
    """The decimals of a unit, and its commodity after a space."""
    if is_currency(unit):
        return minor_digits(unit), f" {unit}"
    return 0, f" {unit}" if format is Format.BEANCOUNT else f' "{unit}"'


async def lines(format: Format) -> AsyncIterator[str]:
    """The whole file as of one moment, line by line, in flat memory but for the names of the accounts."""
    async with database.transaction():
        await database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        names: dict[UUID, str] = {}
        first_day: date = await database.value(_FIRST_DAY)
        async for line in _header(format, names, first_day):
            yield line
        async for journal in _journals():
            for line in _journal(journal[0]["id"], journal, names, format):
                yield line


async def _journals() -> AsyncIterator[list[dict[str, Any]]]:
    """Each journal's rows, the oldest first."""
    unfinished: list[dict[str, Any]] = []
    async for rows in database.stream(_JOURNALS, batch=BATCH):
        *whole, unfinished = [list(group) for _, group in groupby(unfinished + rows, key=lambda row: row["id"])]
        for journal in whole:
            yield journal
    if unfinished:
        yield unfinished


async def _header(format: Format, names: dict[UUID, str], first_day: date) -> AsyncIterator[str]:
    units: set[str] = set()
    opened: dict[str, set[str]] = {}
    last = UUID(int=0)
    while rows := await database.rows(_ACCOUNTS, last, BATCH):
        for row in rows:
            names[row["id"]] = account_name(row)
            opened.setdefault(names[row["id"]], set()).add(row["unit"])
            units.add(row["unit"])
        last = rows[-1]["id"]
    if format is Format.BEANCOUNT:
        yield 'option "title" "Rewards marketplace"'
    for unit in sorted(units):
        yield f"{first_day} commodity {unit}" if format is Format.BEANCOUNT else _hledger_commodity(unit)
    for name, of_units in sorted(opened.items()):
        beancount = f"{first_day} open {name} {','.join(sorted(of_units))}"
        yield beancount if format is Format.BEANCOUNT else f"account {name}"


def _hledger_commodity(unit: str) -> str:
    number = amount_text(1_000_000 if is_currency(unit) else 1_000, unit, Format.HLEDGER)
    return f"commodity {number if '.' in number else number.replace(' ', '. ', 1)}"


def _journal(id: UUID, rows: list[dict[str, Any]], names: dict[UUID, str], format: Format) -> list[str]:
    head = f'{rows[0]["effective_on"]} * "{rows[0]["reason"]}"'
    if format is Format.HLEDGER:
        head = head.replace('"', "")
    tag = f'  journal: "{id}"' if format is Format.BEANCOUNT else f"    ; journal:{id}"
    block = ["", head, tag]
    for row in rows:
        debit, credit = names[row["debit_account_id"]], names[row["credit_account_id"]]
        block.append(f"  {debit}  {amount_text(row['amount'], row['unit'], format)}")
        block.append(f"  {credit}  {amount_text(-row['amount'], row['unit'], format)}")
    return block
