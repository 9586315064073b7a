"""Who is asking: the `Authorization` header of a request, turned into an actor."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.jwks import KeyStore
from marketplace.access.queries import actor_of_key
from marketplace.access.rules import KEY_PREFIX
from marketplace.access.tokens import SKEW, InvalidToken, Issuer, TokenVerifier
from marketplace.app import first_sight
from marketplace.kit import clock
from marketplace.kit.actor import MEMBER_SCOPES, Actor, ActorKind
from marketplace.kit.refusals import Unauthenticated
from marketplace.members import queries as members
from marketplace.members.models import Program

KNOW_ISSUERS_FOR = timedelta(seconds=10)
MOST_SEEN = 20_000


class Identity:
    """Turns tokens into actors: API keys by the access room, JWTs by their program's issuer.

    With a `dev_issuer`, programs that name no key set of their own are believed by its keys;
    production has none.
    """

    def __init__(self, verifier: TokenVerifier | None = None, dev_issuer: DevIssuer | None = None) -> None:
        self._verifier = verifier or TokenVerifier(KeyStore(plain_http=dev_issuer is not None))
        self._dev_issuer = dev_issuer
        self._issuers: Mapping[str, Issuer] = {}
        self._programs: Mapping[UUID, Program] = {}
        self._known_until: datetime | None = None
        self._reading = asyncio.Lock()
        self._seen: OrderedDict[bytes, tuple[Actor, datetime]] = OrderedDict()

    def recall(self, authorization: str | None) -> Actor | None:
        """The member behind the header as they were when the token was last verified, a few seconds ago at most.

        For those who ask the database beside their answer whether all of that still holds.
        """
        if authorization is None:
            return None
        seen = self._seen.get(_digest(authorization))
        return seen[0] if seen is not None and clock.now() < seen[1] else None

    async def actor(self, authorization: str | None) -> Actor | None:
        """The actor behind the header, None without one; raises Unauthenticated for a token that fails."""
        if authorization is None:
            return None
        scheme, _, token = authorization.strip().partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send the token as `Authorization: Bearer <token>`.")
        if token.startswith(KEY_PREFIX):
            return await actor_of_key(token)
        actor, until = await self._member(token)
        self._seen[_digest(authorization)] = (actor, min(until, self._known_until or until))
        while len(self._seen) > MOST_SEEN:
            self._seen.popitem(last=False)
        return actor

    async def _member(self, token: str) -> tuple[Actor, datetime]:
        """The member a JWT speaks for, and until when. What fails is tried again with the programs of now."""
        reason = ""
        for again in (False, True):
            try:
                verified = await self._verifier.verify(token, await self._known_issuers(again=again))
            except InvalidToken as error:
                reason = error.reason
                continue
            member = await members.active_member(verified.program_id, verified.subject)
            if member is None and again and self._programs[verified.program_id].enrol_on_sight:
                enrolled = await first_sight.enrol(self._programs[verified.program_id], verified)
                member = members.Someone(enrolled.id, tuple(enrolled.languages))
            if member is not None:
                languages = member.languages or ("en",)
                until = verified.expires_at + SKEW
                return (
                    Actor(ActorKind.MEMBER, member.id, MEMBER_SCOPES, verified.program_id, languages, until),
                    verified.expires_at,
                )
            reason = "nobody is enrolled under its subject"
        raise Unauthenticated(f"This token is not accepted: {reason}.")

    async def _known_issuers(self, *, again: bool) -> Mapping[str, Issuer]:
        """The issuers by name. However many ask at once when they are to be read again, they are read once."""
        until = self._known_until
        if again or until is None or clock.now() >= until:
            async with self._reading:
                if self._known_until is until:
                    await self._read_issuers()
        return self._issuers

    async def _read_issuers(self) -> None:
        programs = await members.programs()
        self._programs = {program.id: program for program in programs}
        self._issuers = {
            program.issuer: Issuer(
                program_id=program.id,
                audience=program.audience,
                jwks_uri=program.jwks_uri,
                jwks=self._dev_issuer.jwks(program.code)
                if self._dev_issuer and program.jwks_uri is None
                else None,
            )
            for program in programs
        }
        self._known_until = clock.now() + KNOW_ISSUERS_FOR


def _digest(authorization: str) -> bytes:
    return hashlib.sha256(authorization.encode()).digest()
