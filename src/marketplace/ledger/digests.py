"""A digest for each day of the books, chained: whoever keeps one of them can tell that the past was changed.

The digest of a day is SHA-256 over the previous digest and, in the order of their ids, one line for each
transfer that was booked on the day (UTC): id, journal, reason, reference, debit, credit, unit, amount, booked
at and effective date, separated by `|`.
"""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.ledger.models import LedgerDigest

GENESIS = "0" * 64
BATCH = 10_000
# Booked at is taken before the commit; an hour is far longer than any transaction may last.
SETTLED_AFTER = timedelta(hours=1)
_LINES = f"""
SELECT t.id, concat_ws('|', t.id, t.journal_id, j.reason, j.ref_type, j.ref_id, t.debit_account_id,
    t.credit_account_id, t.unit, t.amount, extract(epoch FROM j.booked_at), j.effective_on) AS line
FROM transfer t JOIN journal j ON j.id = t.journal_id
WHERE j.booked_at >= $1 AND j.booked_at < $2 AND t.id > $3 ORDER BY t.id LIMIT {BATCH}"""
_DAYS = """
SELECT DISTINCT (booked_at AT TIME ZONE 'UTC')::date AS day FROM journal
WHERE booked_at < $1 AND booked_at >= $2 ORDER BY day"""


async def digest_of(day: date, previous: str) -> tuple[str, int]:
    """The digest of a day and the number of its transfers, after the digest before."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    sha, count, last = hashlib.sha256(previous.encode()), 0, UUID(int=0)
    while rows := await database.rows(_LINES, start, start + timedelta(days=1), last):
        for row in rows:
            sha.update(b"\n" + row["line"].encode())
        count, last = count + len(rows), rows[-1]["id"]
    return sha.hexdigest(), count


async def seal() -> list[LedgerDigest]:
    """Seal every day that is over and not sealed yet; returns the new digests, the oldest first."""
    async with database.transaction():
        await database.lock("ledger digest")
        newest = await LedgerDigest.all().order_by("-day").first()
        since = newest.day + timedelta(days=1) if newest else date(1970, 1, 1)
        over = (clock.now() - SETTLED_AFTER).replace(hour=0, minute=0, second=0, microsecond=0)
        after = datetime(since.year, since.month, since.day, tzinfo=UTC)
        previous, sealed = newest.digest if newest else GENESIS, list[LedgerDigest]()
        for row in await database.rows(_DAYS, over, after):
            digest, count = await digest_of(row["day"], previous)
            facts: dict[str, Any] = {"day": row["day"], "transfers": count, "previous": previous}
            sealed.append(await LedgerDigest.create(**facts, digest=digest, made_at=clock.now()))
            previous = digest
        return sealed


async def broken() -> AsyncIterator[tuple[date, str]]:
    """The sealed days whose digest cannot be made again, each with what differs."""
    previous = GENESIS
    for row in await LedgerDigest.all().order_by("day"):
        digest, count = await digest_of(row.day, previous)
        if row.previous != previous:
            yield row.day, "it does not follow the digest of the day before"
        elif (digest, count) != (row.digest, row.transfers):
            yield row.day, f"sealed with {row.transfers} transfers, now {count}; the digests differ"
        previous = row.digest
