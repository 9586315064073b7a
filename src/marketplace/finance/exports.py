"""The lots behind the liability as a file."""

import csv
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from io import StringIO
from uuid import UUID

from marketplace.finance import lots
from marketplace.kit import database, ids

COLUMNS = ("program", "lot", "member", "earned_at", "expires_at", "earned", "available", "held")
_CODES = "SELECT id, code FROM program"


async def lot_lines(moment: datetime, program_id: UUID | None) -> AsyncGenerator[str]:
    """A line of CSV for each lot that had points left at a moment: ids, codes, numbers and times only."""
    codes = {row["id"]: row["code"] for row in await database.rows(_CODES)}
    yield _line(COLUMNS)
    async with aclosing(lots.every(moment, program_id)) as batches:
        async for batch in batches:
            for row in batch:
                named = (codes[row.program_id], ids.public("lot", row.id), ids.public("member", row.member_id))
                until = row.expires_at.isoformat() if row.expires_at else ""
                yield _line((*named, row.earned_at.isoformat(), until, row.points, row.available, row.held))


def _line(values: tuple[object, ...]) -> str:
    file = StringIO()
    csv.writer(file, lineterminator="").writerow(values)
    return file.getvalue()
