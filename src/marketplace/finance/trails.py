"""The way back: from something that happened to its journals, and on to the lines of the trial balance.

A trail is every journal that the thing caused, by whatever row stands as their cause: a redemption's points are
held under a hold, refunded under a refund, owed under an accrual. What is not known here by its kind is looked
for as the cause itself.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.kit import database, ids
from marketplace.kit.paging import Page, decode_cursor, encode_cursor, page_of_rows, page_size
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.balances import AsOf, Line, trial_balance
from marketplace.ledger.models import Journal


def _caused(*causes: str) -> str:
    """Journals whose cause is $1, or one of these."""
    return f"SELECT id FROM journal WHERE ref_id IN ({' UNION ALL '.join(('SELECT $1::uuid', *causes))})"


_CARD = """
SELECT id FROM card_payment WHERE ref_id = $1
UNION ALL SELECT f.id FROM card_refund f JOIN card_payment c ON c.id = f.card_id WHERE c.ref_id = $1"""
_LINE = """
SELECT a.journal_id FROM line_accrual k JOIN accrual a ON a.id = k.accrual_id
JOIN statement_line l ON l.id = k.line_id WHERE l.statement_id = $1"""
_PAYOUT = "SELECT e.id FROM payout_event e JOIN payout p ON p.id = e.payout_id WHERE p.statement_id = $1"
_OF: Final = {
    "redemption": _caused(
        "SELECT hold_id FROM redemption WHERE id = $1",
        "SELECT id FROM refund WHERE redemption_id = $1",
        "SELECT id FROM pledge WHERE redemption_id = $1",
        _CARD,
    ),
    "cashredemption": _caused("SELECT hold_id FROM cash_redemption WHERE id = $1"),
    "gift": _caused("SELECT hold_id FROM gift WHERE id = $1"),
    "pledge": "SELECT a.journal_id FROM pledge p JOIN accrual a ON a.id = p.accrual_id WHERE p.id = $1 UNION "
    + _caused(
        "SELECT hold_id FROM pledge WHERE id = $1",
        "SELECT x.ref_id FROM accrual x JOIN pledge p ON p.accrual_id = x.reverses_id WHERE p.id = $1",
    ),
    "statement": f"{_LINE} UNION {_caused(_PAYOUT)}",
    "accrual": "SELECT journal_id FROM accrual WHERE id = $1",
    "journal": "SELECT $1::uuid",
}
ANYTHING: Final = _caused()
_LINES: Final = f"{_LINE} AND l.position = {{position}}"


@dataclass(frozen=True, slots=True)
class Trail:
    """Which journals: SQL that selects their ids, with the thing's id as $1."""

    sql: str
    id: UUID


@dataclass(frozen=True, slots=True)
class TrailLine:
    """What a trail moved on one line of the trial balance, and the whole line."""

    owner_kind: str
    purpose: str
    unit: str
    debits: int
    credits: int
    whole: Line | None


def trail_of(public_id: str, position: int | None = None) -> Trail:
    """The trail of a thing, or of one line of a statement; raises BadUserInput for no id at all."""
    parts = ids.split(public_id)
    if parts is None:
        raise BadUserInput("`id` is the id of what happened, such as a redemption or a statement.")
    kind, id = parts[0].lower(), parts[1]
    if position is not None:
        if kind != "statement":
            raise BadUserInput("Only a statement has lines.")
        return Trail(_LINES.format(position=int(position)), id)
    return Trail(_OF.get(kind, ANYTHING), id)


async def journals(trail: Trail, *, first: int | None, after: str | None) -> Page[Journal]:
    """A page of the trail's journals, in the order they were booked."""
    size = page_size(first)
    begin = _after(after) if after else UUID(int=0)
    sql = f"SELECT DISTINCT id FROM ({trail.sql}) AS found (id) WHERE id > $2 ORDER BY id LIMIT {size + 1}"
    found = [row["id"] for row in await database.rows(sql, trail.id, begin)]
    rows = {row.id: row for row in await Journal.filter(id__in=found)}
    ordered = [rows[id] for id in found if id in rows]
    return page_of_rows(ordered, lambda row: encode_cursor(row.id), first=size, after=after)


def _after(cursor: str) -> UUID:
    try:
        return UUID(decode_cursor(cursor, 1)[0])
    except (ValueError, AttributeError, TypeError):
        raise BadUserInput("This cursor is not one that a page of this list gave.") from None


_MOVED = """
SELECT a.owner_kind, a.purpose, a.unit, sum(m.debit)::bigint AS debits, sum(m.credit)::bigint AS credits FROM (
    SELECT debit_account_id AS account_id, amount AS debit, 0 AS credit FROM transfer WHERE journal_id IN ({ids})
    UNION ALL
    SELECT credit_account_id, 0, amount FROM transfer WHERE journal_id IN ({ids})
) m JOIN account a ON a.id = m.account_id
GROUP BY a.owner_kind, a.purpose, a.unit ORDER BY a.unit, a.owner_kind, a.purpose"""


async def lines(trail: Trail, as_of: AsOf) -> list[TrailLine]:
    """Where the trail ends: each line of the trial balance that it is part of."""
    whole = {(line.owner_kind, line.purpose, line.unit): line for line in await trial_balance(as_of)}
    moved = await database.rows(_MOVED.format(ids=trail.sql), trail.id)
    return [TrailLine(**row, whole=whole.get((row["owner_kind"], row["purpose"], row["unit"]))) for row in moved]
