"""The chain of digests as a file for an auditor to keep, and what differs when the books are held against it.

The file is text, a line each: `day`, transfers, the digest before and the digest of a sealed day; then each
journal of that day with the SHA-256 over the lines of its transfers (see `digests`), in the order of the ids and
joined by line ends. The last line is SHA-256 over all the lines above it.
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Set
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, pairwise
from pathlib import Path
from uuid import UUID

from marketplace.kit import database
from marketplace.ledger.digests import DAY, GENESIS, LINE, DayDigest, parts
from marketplace.ledger.models import LedgerDigest

BATCH = 5_000
HEAD = "ledger digests 1"
_JOURNALS = f"""
SELECT day, journal_id, encode(sha256(convert_to(string_agg(line, E'\\n' ORDER BY id), 'UTF8')), 'hex') AS digest
FROM (
    SELECT {DAY} AS day, t.id, t.journal_id, {LINE} AS line FROM transfer t JOIN journal j ON j.id = t.journal_id
    WHERE {DAY} BETWEEN $1 AND $2
) AS booked GROUP BY day, journal_id ORDER BY day, journal_id"""


class BadDigestFile(Exception):
    """The file is not one that was exported, or not as it was exported; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed day, as the file or the books have it."""

    day: date
    transfers: int
    previous: str
    digest: str

    @property
    def line(self) -> str:
        """The day as the file tells it."""
        return f"day {self.day} {self.transfers} {self.previous} {self.digest}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A day, or one journal of it, that is not as it was when the file was made."""

    day: date
    journal_id: UUID | None
    what: str


async def written() -> AsyncIterator[str]:
    """The file, line by line in flat memory: every sealed day with its journals, of one moment."""
    sha = hashlib.sha256()
    async with database.transaction():
        await database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        async for line in _lines():
            sha.update(f"{line}\n".encode())
            yield line
    yield f"end {sha.hexdigest()}"


async def _lines() -> AsyncIterator[str]:
    yield HEAD
    days = iter(await sealed_days())
    due = next(days, None)
    if due is None:
        return
    last = (await LedgerDigest.all().order_by("-day").first()) or due
    async for rows in database.stream(_JOURNALS, due.day, last.day, batch=BATCH):
        for row in rows:
            while due is not None and due.day <= row["day"]:
                yield due.line
                due = next(days, None)
            yield f"{row['journal_id']} {row['digest']}"
    for rest in chain([due] if due else [], days):
        yield rest.line


async def sealed_days() -> list[Sealed]:
    """The days that the books have sealed, the oldest first."""
    rows = await LedgerDigest.all().order_by("day")
    return [Sealed(row.day, row.transfers, row.previous, row.digest) for row in rows]


Entry = Sealed | tuple[UUID, str]
"""A line of a file: a day, or a journal of the day above it with its digest."""


def _entries(path: Path) -> Iterator[Entry]:
    """The lines of a file; raises BadDigestFile for one that is not as it was exported."""
    sha, ended = hashlib.sha256(), False
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(each.rstrip("\r\n") for each in file):
            if (number == 0) != (line == HEAD) or ended:
                raise BadDigestFile(f"line {number + 1} is not one of a file of digests")
            if line.startswith("end "):
                ended = line == f"end {sha.hexdigest()}"
                if not ended:
                    raise BadDigestFile("the file is not as it was exported: its last line does not fit")
                continue
            sha.update(f"{line}\n".encode())
            if number:
                yield _entry(line, number)
    if not ended:
        raise BadDigestFile("the file has no end: it was cut off")


def _entry(line: str, number: int) -> Entry:
    try:
        match line.split(" "):
            case ["day", day, transfers, previous, digest]:
                return Sealed(date.fromisoformat(day), int(transfers), previous, digest)
            case [journal, digest]:
                return UUID(journal), digest
            case _:
                raise ValueError(line)
    except ValueError:
        raise BadDigestFile(f"line {number + 1} cannot be read") from None


def read_days(path: Path) -> dict[date, Sealed]:
    """The days of a file, from its first line to its last; raises BadDigestFile, also when they do not chain."""
    days = [entry for entry in _entries(path) if isinstance(entry, Sealed)]
    for before, after in pairwise([Sealed(date.min, 0, "", GENESIS), *days]):
        if after.previous != before.digest or after.day <= before.day:
            raise BadDigestFile(f"in the file, {after.day} does not follow the day before it")
    return {each.day: each for each in days}


def _journals_of(path: Path, days: Set[date]) -> Iterator[tuple[date, dict[UUID, str]]]:
    """These days of a file with their journals, one day in memory at a time."""
    day: date | None = None
    journals: dict[UUID, str] = {}
    for entry in _entries(path):
        if isinstance(entry, Sealed):
            if day is not None:
                yield day, journals
            day, journals = (entry.day if entry.day in days else None), {}
        elif day is not None:
            journals[entry[0]] = entry[1]
    if day is not None:
        yield day, journals


async def differences(path: Path) -> AsyncIterator[Difference]:
    """Everything in the books that is not as the file says, day by day; nothing when they agree.

    Days that were sealed after the file was made are not looked at. Raises BadDigestFile.
    """
    said = read_days(path)
    if not said:
        return
    async for found in _kept_otherwise(said):
        yield found
    made = {day: DayDigest(sealed.previous) for day, sealed in said.items()}
    strangers: set[date] = set()
    async for part in parts(date(1970, 1, 1), max(made) + timedelta(days=1)):
        if part["day"] in made:
            made[part["day"]].add(part)
        else:
            strangers.add(part["day"])
    changed = {day for day, each in made.items() if not _is_same(each, said[day])}
    for day, journals in chain(
        ((day, dict[UUID, str]()) for day in sorted(strangers)), _journals_of(path, changed)
    ):
        yield Difference(day, None, _told(said.get(day), made.get(day)))
        async for found in _journals(day, journals):
            yield found


def _is_same(made: DayDigest, said: Sealed) -> bool:
    return (made.digest, made.transfers) == (said.digest, said.transfers)


async def _kept_otherwise(said: dict[date, Sealed]) -> AsyncIterator[Difference]:
    """Digests that the books keep and that are not those of the file: somebody has sealed the days anew."""
    kept = {each.day: each for each in await sealed_days()}
    for day, sealed in said.items():
        if day not in kept:
            yield Difference(day, None, "the books have lost the digest of this day")
        elif kept[day] != sealed:
            yield Difference(day, None, "the books keep another digest of this day than the file")


def _told(said: Sealed | None, made: DayDigest | None) -> str:
    if said is None or made is None:
        return "the file has no transfers on this day"
    if said.transfers != made.transfers:
        return f"{said.transfers} transfers in the file, {made.transfers} in the books"
    return f"{said.transfers} transfers, not the same"


async def _journals(day: date, said: dict[UUID, str]) -> AsyncIterator[Difference]:
    left = dict(said)
    async for rows in database.stream(_JOURNALS, day, day, batch=BATCH):
        for row in rows:
            known = left.pop(row["journal_id"], None)
            if known is None:
                yield Difference(day, row["journal_id"], "was not there on this day")
            elif known != row["digest"]:
                yield Difference(day, row["journal_id"], "was changed")
    for journal in left:
        yield Difference(day, journal, "is missing on this day")
