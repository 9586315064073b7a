"""Add statements up again, from exported files alone. Nothing here knows the marketplace; change it as you like.

    python3 re_add.py statement_….csv … [journals.csv]

A statement's file is the field `csv` of a statement, named by the statement's id; `journals.csv` is what
`GET /finance/journals` answers. Every statement has to add up from its own rows, and, with the journals, what it
adds to its opening balance has to be what its sales, refunds and adjustments brought the partner, and what the
books moved for it. It ends with 1 when anything differs.
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
    issued, of_partner = defaultdict(list), defaultdict(list)
    for row in journals:
        if row["reason"] == "statement.issued":
            issued[row["cause"]].append(row)
        for owner in {row["debit_owner"], row["credit_owner"]}:
            of_partner[owner, row["unit"]].append(row)
    stated: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    failures = 0
    for path in statements:
        rows = rows_of(path)
        opening, closing, wrong = added_up(rows)
        booked = issued[path.stem]
        if journals and moved(booked, "DUE") != closing - opening:
            wrong.append(f"the books moved {moved(booked, 'DUE')} for it")
        for row in booked:
            stated[row["debit_owner"], row["unit"]] += moved([row], "DUE")
        print(f"{rows[0]['statement']}:", "; ".join(wrong) or f"{opening} + {closing - opening} = {closing}")
        failures += bool(wrong)
    for (owner, unit), total in sorted(stated.items()):
        mine = of_partner[owner, unit]
        accrued = moved([row for row in mine if row["reason"].startswith("accrual.")], "PAYABLE")
        if accrued != total + moved(mine, "PAYABLE"):
            print(f"{owner}: {accrued} {unit} accrued, {total} on statements, {moved(mine, 'PAYABLE')} open")
            failures += 1
    print(f"{len(statements)} statements added up, {failures} things differ")
    return 1 if failures or not statements else 0


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
