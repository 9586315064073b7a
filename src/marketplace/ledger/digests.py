"""A digest for each day of the books, chained: whoever keeps one of them can tell that the past was changed.

The digest of a day is SHA-256 over the previous digest and, in the order of their ids, one line for each
transfer that was booked on the day (UTC): id, journal, reason, reference, debit, credit, unit, amount, booked
at and effective date, separated by `|`.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from marketplace.kit import clock, database
from marketplace.ledger.models import LedgerDigest

GENESIS = "0" * 64
BATCH = 10_000
# Booked at is taken before the commit; an hour is far longer than any transaction may last.
SETTLED_AFTER = timedelta(hours=1)
DAY = "(j.booked_at AT TIME ZONE 'UTC')::date"
LINE = """concat_ws('|', t.id, t.journal_id, j.reason, j.ref_type, j.ref_id, t.debit_account_id,
            t.credit_account_id, t.unit, t.amount, extract(epoch FROM j.booked_at), j.effective_on)"""
"""The day and the line of a transfer `t` of a journal `j`."""
_LINES = f"""
SELECT day, string_agg(E'\\n' || line, '' ORDER BY id) AS lines, count(*) AS count FROM (
    SELECT t.id, {DAY} AS day, {LINE} AS line,
        (row_number() OVER (PARTITION BY {DAY} ORDER BY t.id) - 1) / {BATCH}
            AS part
    FROM transfer t JOIN journal j ON j.id = t.journal_id
    WHERE j.booked_at >= $1 AND j.booked_at < $2
) AS booked GROUP BY day, part ORDER BY day, part"""


class DayDigest:
    """The digest of one day, while its lines come in."""

    def __init__(self, previous: str) -> None:
        self._sha = hashlib.sha256(previous.encode())
        self.transfers = 0

    def add(self, part: dict[str, Any]) -> None:
        self._sha.update(part["lines"].encode())
        self.transfers += part["count"]

    @property
    def digest(self) -> str:
        return self._sha.hexdigest()


async def parts(first: date, until: date) -> AsyncIterator[dict[str, Any]]:
    """The lines of all days from the first up to, not with, the last: in order, some thousands at a time."""
    bounds = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, until)]
    async for [part] in database.stream(_LINES, *bounds, batch=1):
        yield part


async def seal() -> list[LedgerDigest]:
    """Seal every day that is over and not sealed yet; returns the new digests, the oldest first.

    A day is over when it is by the clock of this process and by the database's: one that is ahead must not seal
    what the others still book on.
    """
    async with database.transaction():
        await database.lock("ledger digest")
        moment = min(clock.now(), await database.value("SELECT now()"))
        newest = await LedgerDigest.all().order_by("-day").first()
        first = newest.day + timedelta(days=1) if newest else date(1970, 1, 1)
        over = (moment - SETTLED_AFTER).date()
        sealed, days = list[LedgerDigest](), dict[date, tuple[DayDigest, str]]()
        previous = newest.digest if newest else GENESIS
        async for part in parts(first, over):
            if part["day"] not in days:
                if days:
                    previous = next(reversed(days.values()))[0].digest
                days[part["day"]] = DayDigest(previous), previous
            days[part["day"]][0].add(part)
        for day, (made, before) in days.items():
            facts: dict[str, Any] = {"day": day, "transfers": made.transfers, "previous": before}
            sealed.append(await LedgerDigest.create(**facts, digest=made.digest, made_at=clock.now()))
        return sealed


async def broken() -> AsyncIterator[tuple[date, str]]:
    """The sealed days whose digest cannot be made again, and days between them that nobody sealed."""
    sealed = await LedgerDigest.all().order_by("day")
    if not sealed:
        return
    chain = [GENESIS, *(row.digest for row in sealed)]
    days = {row.day: DayDigest(previous) for row, previous in zip(sealed, chain, strict=False)}
    strangers: set[date] = set()
    async for part in parts(date(1970, 1, 1), sealed[-1].day + timedelta(days=1)):
        if part["day"] in days:
            days[part["day"]].add(part)
        else:
            strangers.add(part["day"])
    for row, previous in zip(sealed, chain, strict=False):
        made = days[row.day]
        if row.previous != previous:
            yield row.day, "it does not follow the digest of the day before"
        elif (made.digest, made.transfers) != (row.digest, row.transfers):
            yield row.day, f"sealed with {row.transfers} transfers, now {made.transfers}; the digests differ"
    for day in sorted(strangers):
        yield day, "it had no transfers when the days around it were sealed, and has some now"
