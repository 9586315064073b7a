"""A statement as a file: enough to add it up again without us."""

import csv
from collections.abc import Sequence
from io import StringIO

from marketplace.kit.money import Money
from marketplace.settlement.models import Statement, StatementLine

COLUMNS = (
    "statement",
    "row",
    "position",
    "kind",
    "description",
    "quantity",
    "currency",
    "gross",
    "commission",
    "vat",
    "net",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def statement_csv(statement: Statement, lines: Sequence[StatementLine]) -> str:
    """A row OPENING, a row LINE for each line, a row CLOSING: net of the last = sum of the nets above it.

    Amounts are major units with a decimal point. Text that a spreadsheet would run as a formula is quoted.
    """

    def money(minor: int) -> str:
        return str(Money(minor, statement.currency).amount)

    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)

    def balance(row: str, minor: int) -> None:
        writer.writerow([statement.number, row, *[""] * 4, statement.currency, *[""] * 3, money(minor)])

    balance("OPENING", statement.opening_minor)
    for line in lines:
        amounts = (line.gross_minor, line.commission_minor, line.vat_minor, line.net_minor)
        text = [line.position, line.kind, _harmless(line.description), line.quantity, statement.currency]
        writer.writerow([statement.number, "LINE", *text, *map(money, amounts)])
    balance("CLOSING", statement.closing_minor)
    return file.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
