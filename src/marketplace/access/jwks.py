"""Issuers' public keys: fetched with a timeout, kept, and asked for again at most once a minute."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from marketplace.kit import clock

log = structlog.get_logger()

FETCH_TIMEOUT_S = 3.0
MAX_BYTES = 100_000
MAX_KEYS = 50
KEEP = timedelta(hours=1)
ASK_AGAIN = timedelta(minutes=1)

Keys = Mapping[str, Key]
JsonObject = Mapping[str, Any]


class Unreachable(Exception):
    """The key set could not be fetched, or what came is no key set."""


def keys_of(jwks: object) -> Keys:
    """The signature keys of a decoded JWK Set (RFC 7517) by key id; unusable ones are left out.

    A key without `kid` is filed under the empty id. Raises Unreachable when it is no key set.
    """
    listed = cast("JsonObject", jwks).get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list):
        raise Unreachable("no JWK Set")
    found: dict[str, Key] = {}
    for each in cast("list[object]", listed)[:MAX_KEYS]:
        key = _public_key(each)
        if key is not None:
            found[key.kid or ""] = key
    return found


def _public_key(jwk: object) -> Key | None:
    if not isinstance(jwk, dict):
        return None
    facts = cast("JsonObject", jwk)
    if facts.get("use", "sig") != "sig" or facts.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    try:
        key = import_key(cast("Any", jwk))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    strong = not isinstance(key, RSAKey) or key.public_key.key_size >= 2048
    return key if isinstance(key, RSAKey | ECKey | OKPKey) and strong else None


class KeyStore:
    """The key sets of many issuers by URL, in bounded memory; one fetch at a time for each URL.

    Keys are fetched over https, and over plain http in development. Fetched keys serve for an
    hour. When a later fetch fails the old ones serve on, so an issuer's short outage locks
    nobody out.
    """

    def __init__(
        self, client: httpx.AsyncClient | None = None, *, plain_http: bool = False, max_urls: int = 1_000
    ) -> None:
        self._client = client
        self._schemes = ("https://", "http://") if plain_http else ("https://",)
        self._max_urls = max_urls
        self._keys: dict[str, Keys] = {}
        self._fetched_at: dict[str, datetime] = {}
        self._asked_at: dict[str, datetime] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def key(self, url: str, kid: str) -> Key | None:
        """The key of that id, or None when the issuer does not publish it."""
        known = self._keys.get(url, {})
        fresh = clock.now() - self._fetched_at.get(url, datetime.min.replace(tzinfo=clock.now().tzinfo)) < KEEP
        if fresh and kid in known:
            return known[kid]
        async with self._locks.setdefault(url, asyncio.Lock()):
            if not self._asked_lately(url):
                await self._refresh(url)
        return self._keys.get(url, {}).get(kid)

    def _asked_lately(self, url: str) -> bool:
        asked_at = self._asked_at.get(url)
        return asked_at is not None and clock.now() - asked_at < ASK_AGAIN

    async def _refresh(self, url: str) -> None:
        if url not in self._asked_at and len(self._asked_at) >= self._max_urls:
            self._forget_one()
        self._asked_at[url] = clock.now()
        try:
            self._keys[url] = keys_of(await self._fetch(url))
        except (Unreachable, httpx.HTTPError) as error:
            log.warning("jwks_unreachable", url=url, reason=str(error) or type(error).__name__)
        else:
            self._fetched_at[url] = clock.now()

    async def _fetch(self, url: str) -> object:
        if not url.startswith(self._schemes):
            raise Unreachable("keys are only fetched over https")
        if self._client is not None:
            return await self._read(self._client, url)
        async with httpx.AsyncClient(timeout=FETCH_TIMEOUT_S) as client:
            return await self._read(client, url)

    async def _read(self, client: httpx.AsyncClient, url: str) -> object:
        body = bytearray()
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S), client.stream("GET", url) as response:
                response.raise_for_status()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_BYTES:
                        raise Unreachable(f"more than {MAX_BYTES} bytes")
            return cast("object", orjson.loads(body))
        except (TimeoutError, httpx.InvalidURL, orjson.JSONDecodeError) as error:
            raise Unreachable(type(error).__name__) from error

    def _forget_one(self) -> None:
        oldest = min(self._asked_at, key=lambda url: self._asked_at[url])
        for kept in (self._keys, self._fetched_at, self._asked_at, self._locks):
            kept.pop(oldest, None)
