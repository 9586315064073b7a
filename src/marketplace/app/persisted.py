"""Persisted operations: a client names a document by its SHA-256 instead of sending it.

Apollo's protocol (https://www.apollographql.com/docs/apollo-server/performance/apq): an unknown
hash is answered `PersistedQueryNotFound`, upon which the client sends document and hash once.
Such documents are kept in this process, in bounded memory; another process asks for them again.
Documents of the register are known to every process. An installation may allow only those.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from marketplace.access.registry import is_id, sha256_of
from marketplace.app.errors import RequestErrors, bad_request, request_error
from marketplace.app.parameters import Parameters

VERSION = 1
MAX_ID = 128
KNOW_REGISTERED_FOR_S = 60.0
Register = Callable[[str], Awaitable[str | None]]


class Kept:
    """Documents by id, the least recently used dropped once their characters are too many."""

    def __init__(self, max_characters: int, for_s: float | None = None) -> None:
        self._max_characters = max_characters
        self._for_s = for_s
        self._characters = 0
        self._documents: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def get(self, operation_id: str) -> str | None:
        """The document, unless it was dropped or is too old to be believed."""
        found = self._documents.get(operation_id)
        if found is None:
            return None
        document, since = found
        if self._for_s is not None and _now() - since > self._for_s:
            self._drop(operation_id)
            return None
        self._documents.move_to_end(operation_id)
        return document

    def put(self, operation_id: str, document: str) -> None:
        """Keep a document, and drop the oldest ones for it."""
        if operation_id in self._documents:
            self._drop(operation_id)
        self._documents[operation_id] = (document, _now())
        self._characters += len(document) + MAX_ID
        while self._characters > self._max_characters:
            self._drop(next(iter(self._documents)))

    def _drop(self, operation_id: str) -> None:
        document, _ = self._documents.pop(operation_id)
        self._characters -= len(document) + MAX_ID


class PersistedOperations:
    """Turns what a request says into the document it means.

    `register` finds a registered document by id or SHA-256. With `only_registered`, nothing else
    is executed, whether named or written out.
    """

    def __init__(
        self,
        register: Register | None = None,
        *,
        only_registered: bool = False,
        max_characters: int = 5_000_000,
    ) -> None:
        self._register = register
        self._only_registered = only_registered
        self._learnt = Kept(max_characters)
        self._registered = Kept(max_characters, KNOW_REGISTERED_FOR_S)

    async def document(self, asked: Parameters) -> str:
        """The document to execute; raises RequestErrors or HttpRefusal with the protocol's codes."""
        named = _id_of(asked.extensions)
        if asked.query is None:
            if named is None:
                raise bad_request("`query` is required and must be a string.")
            return await self._found(named)
        digest = sha256_of(asked.query) if named or self._only_registered else ""
        if named is not None and named != digest:
            raise request_error("provided sha does not match query", "PERSISTED_QUERY_HASH_MISMATCH")
        if self._only_registered and await self._in_register(digest) is None:
            raise request_error("Only registered operations are served here.", "QUERY_NOT_IN_SAFELIST")
        return asked.query

    def learn(self, asked: Parameters) -> None:
        """Keep a document that came with its hash; to be called once it has proved to be valid."""
        named = _id_of(asked.extensions)
        if asked.query is not None and named is not None and not self._only_registered:
            self._learnt.put(named, asked.query)

    async def _found(self, operation_id: str) -> str:
        document = self._learnt.get(operation_id) or await self._in_register(operation_id)
        if document is not None:
            return document
        if self._only_registered:
            raise request_error("This operation is not registered here.", "PERSISTED_QUERY_NOT_IN_LIST")
        raise _not_found()

    async def _in_register(self, operation_id: str) -> str | None:
        kept = self._registered.get(operation_id)
        if kept is not None or self._register is None:
            return kept
        document = await self._register(operation_id)
        if document is not None:
            self._registered.put(operation_id, document)
        return document


def _not_found() -> RequestErrors:
    """Apollo's clients look for this very message."""
    return request_error("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")


def _id_of(extensions: Mapping[str, Any]) -> str | None:
    """The hash or id that a request names; raises HttpRefusal when it is not written by the protocol."""
    given: object = extensions.get("persistedQuery")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("`extensions.persistedQuery` must be a JSON object.")
    named = cast("dict[str, object]", given)
    if named.get("version") != VERSION:
        raise bad_request(f"`extensions.persistedQuery.version` must be {VERSION}.")
    operation_id = named.get("sha256Hash")
    if not isinstance(operation_id, str) or not is_id(operation_id):
        raise bad_request("`extensions.persistedQuery.sha256Hash` must be the SHA-256 of the document, in hex.")
    return operation_id


def _now() -> float:
    return asyncio.get_running_loop().time()
