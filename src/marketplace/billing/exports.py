"""A program's statement as a file: enough to add it up again without us."""

import csv
from collections.abc import Sequence
from io import StringIO

from marketplace.billing.models import ProgramStatement, ProgramStatementLine
from marketplace.kit.money import Money

COLUMNS = ("statement", "row", "position", "kind", "detail", "journals", "currency", "amount")


def program_statement_csv(statement: ProgramStatement, lines: Sequence[ProgramStatementLine]) -> str:
    """A row OPENING, a row LINE for each line, a row CLOSING: the last amount = the sum of those above it.

    Amounts are major units with a decimal point, below zero for what the program spent.
    """
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)

    def row(name: str, told: Sequence[object], minor: int) -> None:
        amount = Money(minor, statement.currency).amount
        writer.writerow([statement.number, name, *told, statement.currency, amount])

    row("OPENING", [""] * 4, statement.opening_minor)
    for line in lines:
        row("LINE", [line.position, line.kind, line.detail, line.journals], line.amount_minor)
    row("CLOSING", [""] * 4, statement.closing_minor)
    return file.getvalue()
