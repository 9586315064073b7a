"""Add statements up again, from exported files alone. Nothing here knows the marketplace; change it as you like.

    python3 re_add.py statement_….csv … [journals.csv]

A statement's file is the field `csv` of a statement, named by the statement's id; `journals.csv` is what
`GET /finance/journals` answers, of all that was ever booked. Every statement has to add up from its own rows; what
it opens with has to be what the statements it names closed with, each carried on once; a reserve has to be
released as it was held, once, and not before its day. With the journals, what a statement adds to its opening
balance and to the reserve has to be what the books moved, and no statement of the books may be missing. It ends
with 1 when anything differs.
"""

import csv
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

Row = dict[str, str]
Money = dict[tuple[str, str], Decimal]


@dataclass
class Statement:
    """One file: its rows, and what is wrong with them."""

    id: str
    rows: list[Row]
    wrong: list[str] = field(default_factory=list)

    @property
    def number(self) -> str:
        return self.rows[0]["statement"]

    @property
    def account(self) -> tuple[str, str]:
        """Whose it is, which the number begins with, and in which currency."""
        return self.number.rsplit("-", 2)[0], self.rows[0]["currency"]

    @property
    def until(self) -> str:
        return self.rows[0]["period_until"]

    @property
    def opening(self) -> Decimal:
        return amount(self.rows[0], "net")

    @property
    def closing(self) -> Decimal:
        return amount(self.rows[-1], "net")

    def lines(self, *kinds: str) -> list[Row]:
        return [row for row in self.rows[1:-1] if not kinds or row["kind"] in kinds]


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def amount(row: Row, column: str) -> Decimal:
    return Decimal(row[column] or 0)


def add_up(one: Statement) -> None:
    """A statement by itself."""
    lines = one.lines()
    if [row["row"] for row in one.rows] != ["OPENING", *["LINE"] * len(lines), "CLOSING"]:
        one.wrong.append("it does not begin with its opening and end with its closing balance")
    if [row["position"] for row in lines] != [str(n + 1) for n in range(len(lines))]:
        one.wrong.append("its lines are not numbered one after the other")
    for column in ("statement", "currency", "period_from", "period_until"):
        if len({row[column] for row in one.rows}) > 1:
            one.wrong.append(f"not all rows have the same {column}")
    for row in lines:
        if amount(row, "gross") - amount(row, "commission") - amount(row, "vat") != amount(row, "net"):
            one.wrong.append(f"line {row['position']}: gross less commission less VAT is not net")
    total = one.opening + sum(amount(row, "net") for row in lines)
    if total != one.closing:
        one.wrong.append(f"its rows add up to {total}, it says {one.closing}")


def follow(statements: list[Statement]) -> None:
    """Each opening beside the closings it names; each is carried on once, and below zero always by the next."""
    known = {one.number: one for one in statements}
    carried: dict[str, str] = {}
    for one in statements:
        if known[one.number] is not one:
            one.wrong.append("there are two files of it")
        total = Decimal()
        for number in one.rows[0]["description"].split():
            before = known.get(number)
            if before is None or before.account != one.account or before.until >= one.until:
                one.wrong.append(f"it carries on {number}, which is not an earlier statement given here")
            elif carried.setdefault(number, one.number) != one.number:
                one.wrong.append(f"{number} is carried on by {carried[number]} too")
            else:
                total += before.closing
        if total != one.opening:
            one.wrong.append(f"it opens with {one.opening}, what it carries on closed with {total}")
    last: dict[tuple[str, str], Statement] = {}
    for one in statements:
        before = last.get(one.account)
        if before and before.closing < 0 and carried.get(before.number) != one.number:
            one.wrong.append(f"{before.number} closed below zero, and is not carried on here")
        last[one.account] = one


def release(statements: list[Statement]) -> None:
    """Each reserve that is released, beside the statement that held it."""
    held: dict[tuple[tuple[str, str], str], tuple[Decimal, str]] = {}
    for one in statements:
        for row in one.lines("RESERVE_RELEASED"):
            day = "".join(re.findall(r"\d{4}-\d\d-\d\d", row["description"]))
            was, from_day = held.pop((one.account, day), (Decimal(), ""))
            if was + amount(row, "net"):
                one.wrong.append(
                    f"line {row['position']}: releases {row['net']}, held and not released was {-was}"
                )
            elif one.until < from_day:
                one.wrong.append(f"line {row['position']}: was to be held until {from_day}")
        for row in one.lines("RESERVE_HELD"):
            until = "".join(re.findall(r"\d{4}-\d\d-\d\d", row["description"]))
            if amount(row, "net") >= 0:
                one.wrong.append(f"line {row['position']}: holds {row['net']}")
            held[one.account, one.until] = (amount(row, "net"), until)


def moved(rows: list[Row], purpose: str) -> Money:
    """Credits less debits of partners' accounts of a purpose, by owner and unit."""
    total: Money = defaultdict(Decimal)
    for row in rows:
        for side, sign in (("credit", 1), ("debit", -1)):
            if (row[f"{side}_kind"], row[f"{side}_purpose"]) == ("PARTNER", purpose):
                total[row[f"{side}_owner"], row["unit"]] += sign * amount(row, "amount")
    return total


def compare(statements: list[Statement], journals: list[Row]) -> list[str]:
    """What each statement says beside what the books moved for it; returns the statements that are missing."""
    booked: dict[str, list[Row]] = defaultdict(list)
    for row in journals:
        if row["reason"] == "statement.issued":
            booked[row["cause"]].append(row)
    of_reserve = moved(journals, "RESERVE")
    told: Money = defaultdict(Decimal)
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    for one in statements:
        due = moved(booked.pop(one.id, []), "DUE")
        if sum(due.values()) != one.closing - one.opening:
            one.wrong.append(f"the books moved {sum(due.values())} for it")
        for owner in due:
            if owner[1] != one.account[1] or owners.setdefault(one.account, owner) != owner:
                one.wrong.append("the books moved it for somebody else, or in another currency")
        told[one.account] -= sum(amount(row, "net") for row in one.lines("RESERVE_HELD", "RESERVE_RELEASED"))
    last = {one.account: one for one in statements}
    for account, owner in owners.items():
        if told[account] != of_reserve[owner]:
            last[account].wrong.append(f"{told[account]} is in reserve, in the books {of_reserve[owner]}")
    return list(booked)


def main(paths: list[Path]) -> int:
    journals = [row for path in paths if path.name.startswith("journals") for row in rows_of(path)]
    files = [path for path in paths if not path.name.startswith("journals")]
    statements = sorted((Statement(path.stem, rows_of(path)) for path in files), key=lambda one: one.until)
    for one in statements:
        add_up(one)
    follow(statements)
    release(statements)
    missing = compare(statements, journals) if journals else []
    for one in statements:
        print(
            f"{one.number}:",
            "; ".join(one.wrong) or f"{one.opening} + {one.closing - one.opening} = {one.closing}",
        )
    for id in missing:
        print(f"{id}: in the books, and not among the files")
    failures = sum(bool(one.wrong) for one in statements) + len(missing)
    print(f"{len(statements)} statements added up, {failures} things differ")
    return 1 if failures or not statements else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
