"""Add statements up again, from exported files alone. Nothing here knows the marketplace; change it as you like.

    python3 re_add.py statement_….csv … [journals.csv]

A statement's file is the field `csv` of a statement, named by the statement's id; `journals.csv` is what
`GET /finance/journals` answers. Every statement has to add up from its own rows, and, with the journals, what it
adds to its opening balance has to be what the books moved for it, and no statement of the books may be missing. It
ends with 1 when anything differs.
"""

import csv
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def amount(row: Row, column: str) -> Decimal:
    return Decimal(row[column] or 0)


def added_up(rows: list[Row]) -> tuple[Decimal, Decimal, list[str]]:
    """Opening and closing balance of a statement, and what does not add up on it."""
    first, *lines, last = rows
    wrong = [
        f"line {row['position']}: gross less commission less VAT is not net"
        for row in lines
        if amount(row, "gross") - amount(row, "commission") - amount(row, "vat") != amount(row, "net")
    ]
    total = amount(first, "net") + sum(amount(row, "net") for row in lines)
    if (first["row"], last["row"]) != ("OPENING", "CLOSING"):
        wrong.append("it does not begin with its opening and end with its closing balance")
    if total != amount(last, "net"):
        wrong.append(f"its rows add up to {total}, it says {last['net']}")
    return amount(first, "net"), amount(last, "net"), wrong


def moved(rows: list[Row], purpose: str) -> Decimal:
    """Credits less debits of partners' accounts of a purpose."""
    total = Decimal()
    for row in rows:
        for side, sign in (("credit", 1), ("debit", -1)):
            if (row[f"{side}_kind"], row[f"{side}_purpose"]) == ("PARTNER", purpose):
                total += sign * amount(row, "amount")
    return total


def main(paths: list[Path]) -> int:
    journals = [row for path in paths if path.name.startswith("journals") for row in rows_of(path)]
    statements = [path for path in paths if not path.name.startswith("journals")]
    booked: dict[str, list[Row]] = defaultdict(list)
    for row in journals:
        if row["reason"] == "statement.issued":
            booked[row["cause"]].append(row)
    failures = 0
    for path in statements:
        rows = rows_of(path)
        opening, closing, wrong = added_up(rows)
        due = moved(booked.pop(path.stem, []), "DUE")
        if journals and due != closing - opening:
            wrong.append(f"the books moved {due} for it")
        print(f"{rows[0]['statement']}:", "; ".join(wrong) or f"{opening} + {closing - opening} = {closing}")
        failures += bool(wrong)
    for missing in booked:
        print(f"{missing}: in the books, and not among the files")
    failures += len(booked)
    print(f"{len(statements)} statements added up, {failures} things differ")
    return 1 if failures or not statements else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
