"""How often one actor and one address may ask, with stricter limits on what could be guessed.

Counted over sliding windows, in this process's memory or, by `limits`, in Redis for all processes together. The
answer tells what is left in the fields of https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ ;
whoever is over is answered 429 with `Retry-After`, in the same words whatever they asked and however right it was.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from time import time
from typing import Any, cast

import structlog
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    value_from_ast_untyped,
)
from limits import RateLimitItem, parse_many
from limits.aio.storage import RedisStorage
from limits.aio.strategies import RateLimiter, SlidingWindowCounterRateLimiter

from marketplace.app.documents import KnownDocument
from marketplace.app.errors import HttpRefusal
from marketplace.app.windows import Counted, Windows
from marketplace.kit.actor import Actor
from marketplace.kit.messages import counted

GUESSABLE = frozenset({"claimGift", "revealCode", "reissueCode"})
GUESSABLE_INPUTS: Mapping[str, str] = {"redeemOffer": "membershipNumber"}
"""Mutations that guess only when their input has this field."""

SHARED = 10
"""How many people may sit behind one address, for limits on guesses."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Limit:
    """One named limit: all of its windows hold."""

    name: str
    windows: tuple[RateLimitItem, ...]

    @cached_property
    def least(self) -> int:
        """What the smallest window holds."""
        return min(each.amount for each in self.windows)

    @cached_property
    def policies(self) -> Sequence[str]:
        """What answers say of each window."""
        return [f'"{self.name}";q={each.amount};w={each.get_expiry()}' for each in self.windows]

    @classmethod
    def of(cls, name: str, text: str, times: int = 1) -> "Limit":
        """A limit as `limits` writes it, such as `10/minute;50/hour`; raises ValueError for anything else."""
        items = parse_many(text)
        return cls(name, tuple(type(item)(item.amount * times, item.multiples) for item in items))


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRules:
    """The limits of an installation, and the Redis that counts them for all its processes."""

    actor: str = "1200/minute"
    address: str = "6000/minute"
    guesses: str = "10/minute;50/hour;100/day"
    documents: str = "60000/minute"
    redis_url: str | None = None


class Rates:
    """Counts requests and refuses those over a limit; without rules it counts nothing."""

    def __init__(self, rules: RateRules | None = None) -> None:
        self._on = rules is not None
        given = rules or RateRules()
        self._actor = Limit.of("actor", given.actor)
        self._address = Limit.of("address", given.address)
        self._guesses = Limit.of("guesses", given.guesses)
        self._documents = Limit.of("documents", given.documents)
        self._shared_guesses = Limit.of("guesses", given.guesses, SHARED)
        self._memory = Windows()
        self._redis = _redis(given.redis_url) if given.redis_url else None

    async def admit_address(self, address: str | None, cost: int = 1) -> dict[str, str]:
        """Count a request of an address; returns what its answer says, raises HttpRefusal (429).

        One that costs more than a window holds takes it whole.
        """
        return await self._admit(self._address, _network(address), max(1, min(cost, self._address.least)))

    async def admit_actor(self, actor: Actor | None) -> dict[str, str]:
        """Count one request of an actor, and nothing for nobody; raises HttpRefusal (429)."""
        return await self._admit(self._actor, _name(actor)) if actor is not None else {}

    async def admit_document(self, address: str | None, tokens: int) -> None:
        """Count a document that was not seen before, by its tokens; raises HttpRefusal (429)."""
        await self._admit(self._documents, _network(address), max(1, tokens))

    async def admit_guesses(
        self,
        known: KnownDocument,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        actor: Actor | None,
        address: str | None,
    ) -> None:
        """Count what an operation could guess, each alias for itself; raises HttpRefusal (429)."""
        if not self._on or operation.operation is not OperationType.MUTATION:
            return
        for _ in range(guesses(known, operation, variables)):
            await self._admit(self._shared_guesses, _network(address))
            if actor is not None:
                await self._admit(self._guesses, _name(actor))

    async def _admit(self, limit: Limit, who: str, cost: int = 1) -> dict[str, str]:
        if not self._on:
            return {}
        if self._redis is not None:
            try:
                return _told(limit, [await _shared(self._redis, each, limit, who, cost) for each in limit.windows])
            except HttpRefusal:
                raise
            except Exception as error:  # noqa: BLE001  # whatever befalls Redis, we go on counting here
                log.warning("rate limits are counted here alone", error=type(error).__name__)
        return _told(limit, [self._memory.hit(each, limit.name, who, cost) for each in limit.windows])


def _redis(url: str) -> RateLimiter:
    storage = RedisStorage(
        f"async+{url}", implementation="redispy", socket_timeout=0.5, socket_connect_timeout=0.5
    )
    return SlidingWindowCounterRateLimiter(storage)


async def _shared(limiter: RateLimiter, window: RateLimitItem, limit: Limit, who: str, cost: int) -> Counted:
    admitted = await limiter.hit(window, limit.name, who, cost=cost)
    stats = await limiter.get_window_stats(window, limit.name, who)
    return Counted(admitted, stats.remaining, max(1, math.ceil(stats.reset_time - time())))


def _told(limit: Limit, counted: Sequence[Counted]) -> dict[str, str]:
    """What the answer says of the tightest window; raises HttpRefusal where one was over.

    What one window refuses the others have counted: who goes on guessing has to wait longer each time.
    """
    tightest = min(counted)
    if tightest.admitted:
        return _fields(limit, counted.index(tightest), tightest.remaining, tightest.wait_s)
    wait_s, at = max((found.wait_s, at) for at, found in enumerate(counted) if not found.admitted)
    raise _too_many(limit, at, wait_s)


def _fields(limit: Limit, at: int, remaining: int, wait_s: int) -> dict[str, str]:
    return {"RateLimit-Policy": limit.policies[at], "RateLimit": f'"{limit.name}";r={remaining};t={wait_s}'}


def _too_many(limit: Limit, at: int, wait_s: int) -> HttpRefusal:
    return HttpRefusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "RATE_LIMITED",
        counted(
            "Too many requests. Try again in {wait_s} second.", "Too many requests. Try again in {wait_s} seconds."
        ),
        {**_fields(limit, at, 0, wait_s), "Retry-After": str(wait_s)},
        {"wait_s": wait_s},
    )


def _name(actor: Actor) -> str:
    return f"{actor.kind.value}:{actor.id}"


@lru_cache(maxsize=4096)
def _network(address: str | None) -> str:
    """The address, or for IPv6 the /64 that one customer has."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else parsed.exploded[:19]
    return str(parsed)


def guesses(known: KnownDocument, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
    """How many root fields of the operation could be guesses."""
    fragments = {
        each.name.value: each for each in known.document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    fields = _root_fields(operation.selection_set, fragments)
    return sum(_is_guess(field, variables) for field in fields)


def _root_fields(
    selected: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Iterable[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, InlineFragmentNode):
            yield from _root_fields(node.selection_set, fragments)
        elif isinstance(node, FragmentSpreadNode):
            yield from _root_fields(fragments[node.name.value].selection_set, fragments)


def _is_guess(field: FieldNode, variables: Mapping[str, Any]) -> bool:
    name = field.name.value
    if name in GUESSABLE:
        return True
    needed = GUESSABLE_INPUTS.get(name)
    if needed is None:
        return False
    given = (value_from_ast_untyped(each.value, dict(variables)) for each in field.arguments or ())
    return any(
        isinstance(each, dict) and cast("dict[str, object]", each).get(needed) is not None for each in given
    )
