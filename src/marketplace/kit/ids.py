"""Identity: UUIDv7 inside, `offer_<hex>` outside. The one codec between the two."""

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

WIDTH = 16
"""How many bytes a packed id has."""
PACKED = "coalesce(string_agg(uuid_send(id), ''), '')"
"""All of a column `id`, packed, in SQL."""
_PUBLIC = re.compile(r"([a-z][a-zA-Z]*)_([0-9a-f]{32})")


class BadId(ValueError):
    """The text is not an id of the expected kind."""

    def __init__(self, prefix: str) -> None:
        super().__init__(f"This is not the id of a {prefix}.")


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): unique, and sorted by the time it was made."""
    return uuid7()


def first_at(moment: datetime) -> UUID:
    """The least UUIDv7 that can have been made at a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def packed(ids: Iterable[UUID]) -> bytes:
    """Ids behind one another, as SQL packs them by `PACKED`: hashed and compared in one go."""
    return b"".join(id.bytes for id in ids)


def unpacked(ids: bytes) -> list[UUID]:
    """The ids that are packed."""
    return [UUID(bytes=ids[start : start + WIDTH]) for start in range(0, len(ids), WIDTH)]


def public(prefix: str, id: UUID) -> str:
    """The opaque global id that clients see."""
    return f"{prefix}_{id.hex}"


def split(text: str) -> tuple[str, UUID] | None:
    """Prefix and UUID of a global id, or None when it is none."""
    match = _PUBLIC.fullmatch(text)
    return (match[1], UUID(hex=match[2])) if match else None


def parse(prefix: str, text: str) -> UUID:
    """The UUID behind a global id of this prefix; raises BadId."""
    parts = split(text)
    if parts is None or parts[0] != prefix:
        raise BadId(prefix)
    return parts[1]
