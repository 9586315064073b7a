"""Members' tokens: JWTs (RFC 7519) of their program's own identity provider, verified by its JWKS.

Only RS256, ES256 and EdDSA; `iss`, `aud`, `sub`, `iat` and `exp` are required; clocks may differ
by 30 seconds. What was verified is remembered until it expires, in bounded memory and by the
token's SHA-256, because checking an RSA signature costs more than a query.
"""

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry

from marketplace.access.jwks import KeyStore, Unreachable, keys_of
from marketplace.kit import clock

ALGORITHMS = ("RS256", "ES256", "EdDSA", "Ed25519")
SKEW = timedelta(seconds=30)
MAX_LENGTH = 8_192
MAX_SUBJECT = 255
REMEMBER_AT_MOST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An identity provider whose tokens speak for a program's members: keys by URL, or given."""

    program_id: UUID
    audience: str
    jwks_uri: str | None = None
    jwks: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """Whom a token speaks for, and until when."""

    program_id: UUID
    issuer: str
    subject: str
    expires_at: datetime
    claims: Mapping[str, Any]


class InvalidToken(Exception):
    """The token proves nothing; `reason` is in words that a client may read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Registry(JWSRegistry):
    """Headers as identity providers send them; ours is the only list of algorithms."""

    max_header_length = 2_048
    max_signature_length = 1_024

    def __init__(self) -> None:
        super().__init__(algorithms=ALGORITHMS, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """As the base does, without its warning for the name `EdDSA`, which providers still send."""
        if name == "EdDSA":
            return self.algorithms[name]
        return super().get_alg(name)


_REGISTRY = _Registry()


class TokenVerifier:
    """Verifies tokens against whichever issuers it is given, and remembers what it verified."""

    def __init__(self, keys: KeyStore | None = None, *, max_remembered: int = 10_000) -> None:
        self._keys = keys or KeyStore()
        self._max_remembered = max_remembered
        self._remembered: OrderedDict[bytes, tuple[datetime, Issuer, VerifiedToken]] = OrderedDict()

    async def verify(self, token: str, issuers: Mapping[str, Issuer]) -> VerifiedToken:
        """Whom the token speaks for; raises InvalidToken with the reason.

        A token is believed only while its issuer is listed with the same audience and keys.
        """
        if len(token) > MAX_LENGTH:
            raise InvalidToken("it is too long")
        digest = hashlib.sha256(token.encode()).digest()
        known = self._recall(digest, issuers)
        if known is not None:
            return known
        header, claims = _unverified(token)
        name = claims.get("iss")
        issuer = issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise InvalidToken("its issuer is not known here")
        await self._check_signature(token, header, issuer)
        verified = _checked(claims, issuer)
        self._remember(digest, issuer, verified)
        return verified

    async def _check_signature(self, token: str, header: Mapping[str, Any], issuer: Issuer) -> None:
        if header.get("alg") not in ALGORITHMS:
            raise InvalidToken("its algorithm is not one of RS256, ES256 and EdDSA")
        key = await self._key(header, issuer)
        if key is None:
            raise InvalidToken("its key is not published by its issuer")
        try:
            jws.deserialize_compact(token, key, algorithms=list(ALGORITHMS), registry=_REGISTRY)
        except (JoseError, ValueError, TypeError) as error:
            raise InvalidToken("its signature does not hold") from error

    async def _key(self, header: Mapping[str, Any], issuer: Issuer) -> Key | None:
        kid = header.get("kid", "")
        if not isinstance(kid, str):
            return None
        if issuer.jwks is not None:
            try:
                return keys_of(issuer.jwks).get(kid)
            except Unreachable:
                return None
        return await self._keys.key(issuer.jwks_uri, kid) if issuer.jwks_uri else None

    def _recall(self, digest: bytes, issuers: Mapping[str, Issuer]) -> VerifiedToken | None:
        kept = self._remembered.get(digest)
        if kept is None:
            return None
        until, issuer, verified = kept
        if clock.now() >= until or issuers.get(verified.issuer) != issuer:
            del self._remembered[digest]
            return None
        self._remembered.move_to_end(digest)
        return verified

    def _remember(self, digest: bytes, issuer: Issuer, verified: VerifiedToken) -> None:
        until = min(verified.expires_at + SKEW, clock.now() + REMEMBER_AT_MOST)
        self._remembered[digest] = (until, issuer, verified)
        while len(self._remembered) > self._max_remembered:
            self._remembered.popitem(last=False)


def _unverified(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims as written, to learn whose keys to try; raises InvalidToken."""
    parts = token.split(".")
    if len(parts) != 3:
        raise InvalidToken("it is not a JWT")
    return _segment(parts[0]), _segment(parts[1])


def _segment(text: str) -> Mapping[str, Any]:
    try:
        decoded = cast("object", orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
    except ValueError as error:
        raise InvalidToken("it is not a JWT") from error
    if not isinstance(decoded, dict):
        raise InvalidToken("it is not a JWT")
    return cast("dict[str, Any]", decoded)


def _checked(claims: Mapping[str, Any], issuer: Issuer) -> VerifiedToken:
    """The verified token of claims that hold now; raises InvalidToken naming the first that does not."""
    audience: object = claims.get("aud")
    if issuer.audience not in (cast("list[object]", audience) if isinstance(audience, list) else [audience]):
        raise InvalidToken("it is meant for another audience")
    subject: object = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise InvalidToken("it names no subject")
    now = clock.now()
    expires_at = _moment(claims, "exp")
    if now >= expires_at + SKEW:
        raise InvalidToken("it has expired")
    if now < _moment(claims, "iat") - SKEW:
        raise InvalidToken("it was issued in the future")
    if "nbf" in claims and now < _moment(claims, "nbf") - SKEW:
        raise InvalidToken("it is not valid yet")
    return VerifiedToken(issuer.program_id, str(claims["iss"]), subject, expires_at, claims)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InvalidToken(f"its `{name}` is missing")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidToken(f"its `{name}` is out of range") from error
