"""A statement as a file: enough to add it up again without us."""

import csv
from collections.abc import AsyncGenerator
from io import StringIO

from marketplace.kit import database
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
    "period_from",
    "period_until",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


_CARRIED = """
SELECT s.number FROM payout p JOIN statement s ON s.id = p.statement_id
WHERE p.carried_into_id = $1 ORDER BY s.number"""


async def statement_csv(statement: Statement) -> str:
    """A row OPENING, a row LINE for each line, a row CLOSING: net of the last = sum of the nets above it.

    The first row names the statements whose closing balances it carries on. Amounts are major units with a
    decimal point. Text that a spreadsheet would run as a formula is quoted.
    """
    lines = await StatementLine.filter(statement_id=statement.id).order_by("position")
    carried = [row["number"] for row in await database.rows(_CARRIED, statement.id)]
    period = [statement.period_from, statement.period_until]

    def money(minor: int) -> str:
        return str(Money(minor, statement.currency).amount)

    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(COLUMNS)

    def balance(row: str, minor: int, said: str = "") -> None:
        ends = [statement.number, row, "", "", said, "", statement.currency, *[""] * 3, money(minor), *period]
        writer.writerow(ends)

    balance("OPENING", statement.opening_minor, " ".join(carried))
    for line in lines:
        amounts = (line.gross_minor, line.commission_minor, line.vat_minor, line.net_minor)
        text = [line.position, line.kind, _harmless(line.description), line.quantity, statement.currency]
        writer.writerow([statement.number, "LINE", *text, *map(money, amounts), *period])
    balance("CLOSING", statement.closing_minor)
    return file.getvalue()


ACCRUALS = (
    "statement",
    "position",
    "kind",
    "description",
    "reference",
    "effective_on",
    "payable_on",
    "booked_at",
    "source",
    "source_currency",
    "fx_rate",
    "currency",
    "gross",
    "commission",
    "vat",
    "net",
    "journal",
)
_ACCRUALS = """
SELECT l.position, a.kind, a.description, a.ref_type, a.ref_id, a.effective_on, a.payable_on, a.booked_at,
    a.source_minor, a.source_currency, a.fx_rate, a.currency, a.gross_minor, a.commission_minor, a.vat_minor,
    a.net_minor, a.journal_id
FROM statement s LEFT JOIN statement p ON p.id = s.previous_id
JOIN accrual a ON a.partner_id = s.partner_id AND a.currency = s.currency
    AND a.payable_on <= s.period_until AND a.ordinal <= s.up_to
    AND (p.id IS NULL OR a.payable_on > p.period_until OR a.ordinal > p.up_to)
JOIN line_accrual k ON k.accrual_id = a.id JOIN statement_line l ON l.id = k.line_id AND l.statement_id = s.id
WHERE s.id = $1 ORDER BY l.position, a.ordinal, a.id"""
BATCH = 1_000


async def accruals_csv(statement: Statement) -> AsyncGenerator[str]:
    """Every sale, refund and charge on a statement, a row each: they add up to its lines, in flat memory."""
    yield ",".join(ACCRUALS)
    async for rows in database.stream(_ACCRUALS, statement.id, batch=BATCH):
        file = StringIO()
        csv.writer(file, lineterminator="\n").writerows(_accrual(statement, row) for row in rows)
        for line in file.getvalue().splitlines():
            yield line


def _accrual(statement: Statement, row: database.Row) -> list[object]:
    def money(minor: int, currency: str) -> str:
        return str(Money(minor, currency).amount)

    amounts = [money(row[f"{name}_minor"], row["currency"]) for name in ("gross", "commission", "vat", "net")]
    source = [money(row["source_minor"], row["source_currency"]), row["source_currency"]]
    dates = [row["effective_on"], row["payable_on"], row["booked_at"].isoformat()]
    what = [row["position"], row["kind"], _harmless(row["description"]), f"{row['ref_type']} {row['ref_id']}"]
    rate = f"{row['fx_rate'].normalize():f}"
    return [statement.number, *what, *dates, *source, rate, row["currency"], *amounts, row["journal_id"]]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
