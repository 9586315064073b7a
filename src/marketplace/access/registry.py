"""The register of operations: the GraphQL documents that applications were built with.

A manifest is a file that a build writes: Apollo's persisted-query manifest, or an object of ids
and documents as Relay's compiler makes it. An id never changes its document, so that a released
application keeps meaning what it meant.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import orjson

from marketplace.access.models import RegisteredOperation
from marketplace.kit import clock, database

MAX_REGISTERED = 10_000
APOLLO_FORMAT = "apollo-persisted-query-manifest"
_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class BadManifest(Exception):
    """A manifest that is not registered, and every reason why."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation of a manifest."""

    operation_id: str
    body: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """What registering did: how many entries are new, and how many stood there already."""

    added: int
    known: int


def sha256_of(body: str) -> str:
    """The hash by which Apollo's clients name a document."""
    return hashlib.sha256(body.encode(errors="surrogatepass")).hexdigest()


def is_id(text: str) -> bool:
    """Whether a text can be an operation's id: a hash, or what a build calls it."""
    return _ID.fullmatch(text) is not None


def read_manifest(content: bytes) -> list[Entry]:
    """The entries of a manifest in either format; raises BadManifest with every problem."""
    try:
        decoded: object = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BadManifest([f"The file is not JSON: {error}."]) from error
    if not isinstance(decoded, dict):
        raise BadManifest(["The file must be a JSON object."])
    given = cast("dict[str, object]", decoded)
    entries = _of_apollo(given) if "format" in given else [_entry(key, body) for key, body in given.items()]
    problems = [problem for entry in entries for problem in _problems(entry)]
    if not entries:
        problems.append("The manifest has no operation.")
    if len({entry.operation_id for entry in entries}) < len(entries):
        problems.append("An id stands there twice.")
    if problems:
        raise BadManifest(problems)
    return entries


def _of_apollo(given: dict[str, object]) -> list[Entry]:
    if given["format"] != APOLLO_FORMAT or given.get("version") != 1:
        raise BadManifest([f"Only {APOLLO_FORMAT} of version 1 is known."])
    operations = given.get("operations")
    if not isinstance(operations, list):
        raise BadManifest(["`operations` must be a list."])
    entries: list[Entry] = []
    for operation in cast("list[object]", operations):
        if not isinstance(operation, dict):
            raise BadManifest(["Each of `operations` must be an object."])
        fields = cast("dict[str, object]", operation)
        name = fields.get("name")
        entries.append(_entry(fields.get("id"), fields.get("body"), name if isinstance(name, str) else ""))
    return entries


def _entry(operation_id: object, body: object, name: str = "") -> Entry:
    if not isinstance(operation_id, str) or not isinstance(body, str):
        raise BadManifest(["Each operation needs an id and a document, both text."])
    return Entry(operation_id, body, name[:200])


def _problems(entry: Entry) -> Iterable[str]:
    if not is_id(entry.operation_id):
        yield f"{entry.operation_id[:128]!r} is not an id: 1 to 128 letters, digits or ._:/+=-"
    elif _SHA256.fullmatch(entry.operation_id) and entry.operation_id != sha256_of(entry.body):
        yield f"{entry.operation_id} looks like a SHA-256, but is not that of its document."
    if "\0" in entry.body:
        yield f"{entry.operation_id[:128]!r} has a NUL character."


async def register(entries: Sequence[Entry], *, room_for: int = MAX_REGISTERED) -> Registered:
    """Add these operations, all or none. Registering the same again is harmless.

    Raises BadManifest when an id already stands for another document, or when there would be
    more than there is room for.
    """
    async with database.transaction():
        await database.lock("registered_operation")
        standing = {row.operation_id: row.sha256 for row in await RegisteredOperation.all()}
        changed = [
            f"{entry.operation_id} already stands for another document."
            for entry in entries
            if standing.get(entry.operation_id, sha256_of(entry.body)) != sha256_of(entry.body)
        ]
        fresh = [entry for entry in entries if entry.operation_id not in standing]
        if len(standing) + len(fresh) > room_for:
            changed.append(f"There is room for {room_for:,} operations; {len(standing):,} are registered.")
        if changed:
            raise BadManifest(changed)
        moment = clock.now()
        await RegisteredOperation.bulk_create(
            RegisteredOperation(
                operation_id=entry.operation_id,
                name=entry.name,
                sha256=sha256_of(entry.body),
                body=entry.body,
                registered_at=moment,
            )
            for entry in fresh
        )
    return Registered(added=len(fresh), known=len(entries) - len(fresh))


async def withdraw(operation_ids: Sequence[str]) -> int:
    """Take operations from the register; returns how many stood there. Servers forget them within a minute."""
    return await RegisteredOperation.filter(operation_id__in=list(operation_ids)).delete()


async def document_of(operation_id: str) -> str | None:
    """The document registered under an id, or under its SHA-256."""
    found = await database.value(
        "SELECT body FROM registered_operation WHERE operation_id = $1 OR sha256 = $1 LIMIT 1", operation_id
    )
    return cast("str | None", found)
