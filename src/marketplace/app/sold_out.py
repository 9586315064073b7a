"""In front of GraphQL, while thousands ask for what is gone: one answer is written, and all others get the same.

A refusal says the same to everybody who asked for the same reward in the same words, whoever they are and
whatever their key. So one is answered by GraphQL while those like it wait, and for a second its answer is kept.
Everybody else is counted, identified, and looked up as the operation itself would
(`redemptions/operations/rushing.py`): the answer is known for those only who ask in vain. What is not exactly of
that kind goes on to GraphQL as it came.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from time import monotonic
from typing import Any, Final, cast

import orjson
import structlog
from graphql import (
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    parse,
)
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from marketplace.app.context import accepted_languages
from marketplace.app.errors import HttpRefusal, RequestErrors
from marketplace.app.identity import Identity
from marketplace.app.negotiation import JSON
from marketplace.app.observing import OPERATION
from marketplace.app.parameters import Parameters
from marketplace.app.persisted import PersistedOperations
from marketplace.app.rates import Rates
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.catalog.steps import sold_out
from marketplace.kit import ids
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.actor import Scope as Right
from marketplace.kit.operations import is_sound_key
from marketplace.kit.refusals import Unauthenticated
from marketplace.redemptions.operations import rushing

FIELD: Final = "redeemOffer"
LONGEST: Final = 8_192
MOST: Final = 1_000
KEPT_S: Final = 1.0
ARRIVES_WITHIN_S: Final = 0.05
log = structlog.get_logger()
_KEPT: Final = frozenset({"content-type", "cache-control", "vary"})
_OWN: Final = ("membershipNumber", "reservationId")
"""Inputs whose answer is the member's own, or that may be guesses and are counted as such."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for one reward: who by, and `like` all that its answer goes by but the key."""

    like: bytes
    wish: rushing.Wish
    actor: Actor
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer to everybody who asks in vain, until a moment of the process's clock."""

    headers: dict[str, str]
    body: bytes
    operation: str | None
    until: float


class SoldOut:
    """An ASGI application in front of the view that says at once what GraphQL would say."""

    def __init__(self, view: ASGIApp, identity: Identity, rates: Rates, persisted: PersistedOperations) -> None:
        self._view = view
        self._identity = identity
        self._rates = rates
        self._persisted = persisted
        self._told: OrderedDict[bytes, Told] = OrderedDict()
        self._asking: dict[bytes, tuple[Asked, asyncio.Event]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is in vain, and leave all others to the view."""
        headers = _headers(scope) if sold_out.any() else {}
        if not _is_small_json(scope, headers):
            await self._view(scope, receive, send)
            return
        first = await _first_of(receive)
        again = receive if first is None else _replaying(first, receive)
        asked = answer = None
        try:
            asked = await self._asked(headers, first)
            answer = await self._answer(scope, asked) if asked is not None else None
        except Exception as error:  # noqa: BLE001  # the view meets it again, and answers for it
            log.warning("not_looked_at_beforehand", reason=type(error).__name__)
        if answer is not None:
            await answer(scope, again, send)
        elif asked is not None:
            await self._listen(scope, again, send, asked)
        else:
            await self._view(scope, again, send)

    async def _asked(self, headers: Mapping[str, str], first: Message | None) -> Asked | None:
        given = _read(first, int(headers["content-length"])) if first is not None else None
        if given is None:
            return None
        (wanted,) = given["variables"].values()
        item = ids.split(wanted["itemId"])
        key: str = wanted.pop("idempotencyKey")
        if item is None or item[0] != "item" or item[1] not in sold_out or not is_sound_key(key):
            return None
        try:
            actor = await self._identity.actor(headers.get("authorization"))
        except Unauthenticated:
            return None
        if actor is None or actor.kind is not ActorKind.MEMBER or not actor.may(Right.REDEEM):
            return None
        languages = accepted_languages(headers.get("accept-language")) or actor.languages
        like = hashlib.sha256(orjson.dumps([given, headers.get("accept"), languages])).digest()
        return Asked(like, rushing.Wish(actor.id, "redeem_offer", key, item[1]), actor, given)

    async def _answer(self, scope: Scope, asked: Asked) -> Response | None:
        told = await self._answer_to(asked) if await rushing.is_in_vain(asked.wish) else None
        if told is None:
            return None
        try:
            client = scope.get("client")
            left = await self._rates.admit_address(client[0] if client else None)
            left = await self._rates.admit_actor(asked.actor) or left
        except HttpRefusal:
            return None
        scope.setdefault("state", {})[OPERATION] = told.operation
        return Response(told.body, headers=told.headers | left)

    async def _answer_to(self, asked: Asked) -> Told | None:
        """What is told to those who ask like that; None for the one of them who has to ask the view for all."""
        told = self._told_lately(asked.like)
        if told is None and asked.like in self._asking:
            await self._asking[asked.like][1].wait()
            told = self._told_lately(asked.like)
        if told is None:
            self._asking.setdefault(asked.like, (asked, asyncio.Event()))
        return told

    def _told_lately(self, like: bytes) -> Told | None:
        told = self._told.get(like)
        return told if told is not None and told.until >= monotonic() else None

    async def _listen(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
        """Let the view answer, keep what it says if that is the refusal alone, and let go on who waited for it."""
        try:
            await self._overhear(scope, receive, send, asked)
        finally:
            one, answered = self._asking.get(asked.like, (None, None))
            if one is asked and answered is not None:
                del self._asking[asked.like]
                answered.set()

    async def _overhear(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
        said: list[OfferSoldOut] = []
        sent: list[Message] = []

        async def overheard(message: Message) -> None:
            sent.append(message)
            await send(message)

        token = rushing.said.set(said)
        try:
            await self._view(scope, receive, overheard)
        finally:
            rushing.said.reset(token)
        if len(said) == 1 and len(sent) == 2 and sent[0]["status"] == 200 and await self._is_alone(asked):
            headers = {name: value for name, value in Headers(raw=sent[0]["headers"]).items() if name in _KEPT}
            operation = scope.get("state", {}).get(OPERATION)
            self._told[asked.like] = Told(headers, sent[1]["body"], operation, monotonic() + KEPT_S)
            while len(self._told) > MOST:
                self._told.popitem(last=False)

    async def _is_alone(self, asked: Asked) -> bool:
        """Whether the operation redeems one reward and does nothing else."""
        given = asked.given
        try:
            named = Parameters(given.get("query"), None, {}, given.get("extensions") or {})
            document = await self._persisted.document(named)
        except (HttpRefusal, RequestErrors):
            return False
        return _redeems_alone(document, next(iter(given["variables"])))


def _headers(scope: Scope) -> dict[str, str]:
    """The headers of a request by their names. Of a repeated one the first counts."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])}


def _is_small_json(scope: Scope, headers: Mapping[str, str]) -> bool:
    length = headers.get("content-length", "")
    return (
        scope["method"] == "POST"
        and headers.get("content-type") == JSON
        and "content-encoding" not in headers
        and length.isdecimal()
        and len(length) < 6
        and int(length) <= LONGEST
    )


async def _first_of(receive: Receive) -> Message | None:
    """The first message of a body, which is all of a small one; None when it is slow to come."""
    try:
        async with asyncio.timeout(ARRIVES_WITHIN_S):
            return await receive()
    except TimeoutError:
        return None


def _replaying(first: Message, receive: Receive) -> Receive:
    """Receive a message again, and then what follows it."""
    waiting = [first]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


def _read(first: Message, length: int) -> dict[str, Any] | None:
    """The request of one reward by one variable, as apps send it; None for anything else, and for a part of it."""
    body = first.get("body", b"")
    if first["type"] != "http.request" or len(body) != length:
        return None
    try:
        given: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    variables = given.get("variables") if isinstance(given, dict) else None  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
    if not isinstance(variables, dict) or len(variables) != 1:  # pyright: ignore[reportUnknownArgumentType]
        return None
    (wanted,) = cast("dict[str, Any]", variables).values()
    if not isinstance(wanted, dict):
        return None
    texts = [cast("dict[str, Any]", wanted).get(name) for name in ("itemId", "idempotencyKey")]
    own = any(cast("dict[str, Any]", wanted).get(name) is not None for name in _OWN)
    return None if own or not all(isinstance(text, str) for text in texts) else cast("dict[str, Any]", given)


@lru_cache(maxsize=64)
def _redeems_alone(document: str, variable: str) -> bool:
    try:
        definitions = parse(document, no_location=True).definitions
    except GraphQLError:
        return False
    (operation, *more) = [each for each in definitions if isinstance(each, OperationDefinitionNode)] or [None]
    if operation is None or more or operation.operation is not OperationType.MUTATION or operation.directives:
        return False
    (field, *others) = operation.selection_set.selections
    if others or not isinstance(field, FieldNode) or field.name.value != FIELD or field.directives:
        return False
    given = [each.value for each in field.arguments or ()]
    return len(given) == 1 and isinstance(given[0], VariableNode) and given[0].name.value == variable
