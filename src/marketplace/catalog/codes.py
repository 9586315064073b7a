"""Steps that fill the vault of codes in bulk. Call these inside a transaction."""

from collections import Counter, defaultdict
from collections.abc import Iterable
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
UPDATE stock SET loaded = stock.loaded + more.units
FROM unnest($1::uuid[], $2::bigint[]) AS more (item_id, units) WHERE stock.item_id = more.item_id"""


async def load_codes(drafts: Iterable[CodeDraft]) -> LoadedCodes:
    """Encrypt codes into the vault, at the positions that follow those each item has.

    Afterwards every item has one unit of stock more for each new code; a code that the item has already is
    left out and reported. The items are coded ones. Raises LookupError for an item that is not.
    """
    wanted = list(drafts)
    if not wanted:
        return LoadedCodes()
    locked = await database.rows(_LOCK, list({draft.item_id for draft in wanted}))
    positions: defaultdict[UUID, int] = defaultdict(int, {row["item_id"]: row["loaded"] for row in locked})
    if missing := {draft.item_id for draft in wanted} - positions.keys():
        raise LookupError(f"{len(missing)} items hand out no codes")
    prints = [vault.fingerprint(FINGERPRINT_PURPOSE, draft.code) for draft in wanted]
    known = await database.rows(_KNOWN, [draft.item_id for draft in wanted], prints)
    seen = {(row["item_id"], row["fingerprint"]) for row in known}
    loaded = LoadedCodes()
    rows: list[tuple[object, ...]] = []
    for draft, mark in zip(wanted, prints, strict=True):
        if (draft.item_id, mark) in seen:
            loaded.duplicates.append(draft)
            continue
        seen.add((draft.item_id, mark))
        loaded.added[draft.item_id] += 1
        position = positions[draft.item_id] + loaded.added[draft.item_id]
        rows.append((new_id(), draft.item_id, position, vault.seal(draft.code), mark, draft.expires_at))
    if rows:
        await database.execute(_KEEP, *(list(column) for column in zip(*rows, strict=True)), clock.now())
        await database.execute(_COUNT, list(loaded.added), list(loaded.added.values()))
    return loaded
