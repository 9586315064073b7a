"""Facts: what happened in one room, told to rooms above it in the same transaction.

The room that states a fact does not know who listens; `app/wiring.py` does.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar


@dataclass(frozen=True, slots=True)
class Fact:
    """Base of every fact: a frozen dataclass named in the past tense."""


F = TypeVar("F", bound=Fact)
Handler = Callable[[F], Awaitable[None]]
_handlers: dict[type[Fact], list[Callable[[Any], Awaitable[None]]]] = defaultdict(list)


def on(fact: type[F], handler: Handler[F]) -> None:
    """Let `handler` run whenever `fact` is stated; wiring the same pair twice changes nothing."""
    if handler not in _handlers[fact]:
        _handlers[fact].append(handler)


def off(fact: type[F], handler: Handler[F]) -> None:
    """Let `handler` no longer hear of `fact`."""
    _handlers[fact].remove(handler)


async def state(fact: Fact) -> None:
    """Say that something happened. Handlers run in order, inside the transaction that is open."""
    for handler in _handlers[type(fact)]:
        await handler(fact)
