"""Steps that fill the vault of codes in bulk. Call these inside a transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database, vault
from marketplace.kit.ids import new_id

FINGERPRINT_PURPOSE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDraft:
    """A code to be kept for one item."""

    item_id: UUID
    code: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedCode:
    """A code to be kept for one item, encrypted already (`vault.seal`), with its fingerprint."""

    item_id: UUID
    ciphertext: str
    fingerprint: str
    expires_at: datetime | None = None


@dataclass(slots=True)
class LoadedCodes:
    """How many codes each item got, and the drafts whose code the item had before (or twice now)."""

    added: Counter[UUID] = field(default_factory=Counter[UUID])
    duplicates: list[CodeDraft] = field(default_factory=list[CodeDraft])


_LOCK = """
SELECT item_id, loaded FROM stock WHERE item_id = ANY($1::uuid[]) ORDER BY item_id FOR UPDATE"""
_KNOWN = """
SELECT item_id, fingerprint FROM voucher_code
WHERE (item_id, fingerprint) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))"""
_KEEP = """
INSERT INTO voucher_code (id, item_id, position, ciphertext, fingerprint, expires_at, loaded_at)
SELECT id, item_id, position, ciphertext, fingerprint, expires_at, $7
FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[])
    AS code (id, item_id, position, ciphertext, fingerprint, expires_at)"""
_COUNT = """
UPDATE stock SET loaded = stock.loaded + more.units, first_expiry = least(stock.first_expiry, more.first_expiry)
FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS more (item_id, units, first_expiry)
WHERE stock.item_id = more.item_id"""


async def load_codes(drafts: Iterable[CodeDraft]) -> LoadedCodes:
    """Encrypt codes into the vault, at the positions that follow those each item has.

    Afterwards every item has one unit of stock more for each new code; a code that the item has already is
    left out and reported. The items are coded ones. Raises LookupError for an item that is not.
    """
    wanted = list(drafts)
    marks = [vault.fingerprint(FINGERPRINT_PURPOSE, draft.code) for draft in wanted]
    fresh, duplicates, positions = await _fresh([(d.item_id, mark) for d, mark in zip(wanted, marks, strict=True)])
    sealed = [
        SealedCode(
            item_id=wanted[index].item_id,
            ciphertext=vault.seal(wanted[index].code),
            fingerprint=marks[index],
            expires_at=wanted[index].expires_at,
        )
        for index in fresh
    ]
    return LoadedCodes(await _keep(sealed, positions), [wanted[index] for index in duplicates])


async def load_sealed(codes: Sequence[SealedCode]) -> Sequence[SealedCode]:
    """Put codes that are encrypted already into the vault, as `load_codes` does; returns those left out."""
    fresh, duplicates, positions = await _fresh([(code.item_id, code.fingerprint) for code in codes])
    await _keep([codes[index] for index in fresh], positions)
    return [codes[index] for index in duplicates]


async def _fresh(wanted: Sequence[tuple[UUID, str]]) -> tuple[list[int], list[int], Counter[UUID]]:
    """Which of these (item, fingerprint) are new, which are not, and how many codes each item has; locked."""
    if not wanted:
        return [], [], Counter()
    items = [item for item, _ in wanted]
    locked = await database.rows(_LOCK, list(set(items)))
    positions = Counter[UUID]({row["item_id"]: row["loaded"] for row in locked})
    if missing := set(items) - {row["item_id"] for row in locked}:
        raise LookupError(f"{len(missing)} items hand out no codes")
    known = await database.rows(_KNOWN, items, [mark for _, mark in wanted])
    seen = {(row["item_id"], row["fingerprint"]) for row in known}
    fresh: list[int] = []
    duplicates: list[int] = []
    for index, key in enumerate(wanted):
        (duplicates if key in seen else fresh).append(index)
        seen.add(key)
    return fresh, duplicates, positions


async def _keep(codes: Sequence[SealedCode], positions: Counter[UUID]) -> Counter[UUID]:
    """Write codes at the positions after those given, the first to expire first; returns how many each got."""
    added = Counter[UUID]()
    rows: list[tuple[object, ...]] = []
    expiries: dict[UUID, datetime] = {}
    for code in sorted(codes, key=lambda code: (code.expires_at is None, code.expires_at)):
        if code.expires_at is not None:
            expiries.setdefault(code.item_id, code.expires_at)
        added[code.item_id] += 1
        position = positions[code.item_id] + added[code.item_id]
        rows.append((new_id(), code.item_id, position, code.ciphertext, code.fingerprint, code.expires_at))
    if rows:
        await database.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)), clock.now())
        await database.execute(_COUNT, list(added), list(added.values()), [expiries.get(item) for item in added])
    return added
