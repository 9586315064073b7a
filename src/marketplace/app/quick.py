"""Requests seen before, to the byte: read, parsed, validated, counted and planned already.

What is known of a body follows from it alone: its cost, and its root fields with their arguments. Who asks, how
often they may, and what the database says now is asked each time. Whatever does not go smoothly is left to the
ordinary way, which says what is wrong.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import strawberry
import structlog
from graphql import FragmentDefinitionNode
from starlette.requests import Request

from marketplace.app.asking import Prepared
from marketplace.app.kept_pages import KeptPages
from marketplace.kit import clock
from marketplace.kit.graphql import Context
from marketplace.kit.plans import Unplannable, direct
from marketplace.kit.refusals import TopLevelError
from marketplace.storefront.standpoint import Moved

KNOWN_FOR_S = 60
"""Then a body is read again: an operation may have been withdrawn meanwhile."""
LONGEST = 20_000
MOST_BYTES = 5_000_000
OVERHEAD = 2_000
Recall = Callable[[Request], Awaitable[Context | None]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Known:
    """What follows from a body: its operation's name, its root fields, and what the answer says of its cost."""

    name: str | None
    calls: Sequence[direct.Call]
    extensions: Mapping[str, Any]
    until: float


class Quick:
    """The least-recently-used store of such bodies, and how they are answered.

    `recall` makes the context of a caller who was seen a moment ago, or None.
    """

    def __init__(self, schema: strawberry.Schema, recall: Recall, pages: KeptPages) -> None:
        self._pages = pages
        self._schema = schema
        self._recall = recall
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._bytes = 0

    def get(self, body: bytes) -> Known | None:
        """What is known of a body."""
        known = self._known.get(body)
        if known is None:
            return None
        if clock.now().timestamp() >= known.until:
            self._drop(body)
            return None
        self._known.move_to_end(body)
        return known

    def learn(self, body: bytes, prepared: Prepared) -> Known | None:
        """Keep what a body that was found to be sound says; None for one known before, and where plans cannot."""
        operation = prepared.operation
        if len(body) > LONGEST or body in self._known:
            return None
        fragments = {
            each.name.value: each
            for each in prepared.known.document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        calls = direct.calls_of(self._schema, operation, fragments, prepared.asked.variables)
        if calls is None:
            return None
        name = operation.name.value if operation.name else None
        known = Known(name, calls, prepared.extensions, clock.now().timestamp() + KNOWN_FOR_S)
        self._known[body] = known
        self._bytes += len(body) + OVERHEAD
        while self._bytes > MOST_BYTES:
            self._drop(next(iter(self._known)))
        return known

    async def caller(self, request: Request) -> Context | None:
        """Who asks, if they were seen a moment ago."""
        return await self._recall(request)

    async def answer(self, body: bytes, known: Known, context: Context) -> orjson.Fragment | None:
        """The data as JSON, kept or made now; None when it is for the ordinary way to answer."""
        try:
            data = await self._pages.get(body, context)
            if data is None:
                context.keeping = self._pages.to_keep()
                data = orjson.dumps(await direct.run(known.calls, context))
                if context.keeping is not None:
                    self._pages.put(body, context, data, context.keeping)
            return orjson.Fragment(data)
        except (Unplannable, Moved, TopLevelError) as error:
            log.debug("not_answered_directly", reason=type(error).__name__)
        except Exception as error:  # the ordinary way meets it again, and answers for it
            log.warning("not_answered_directly", reason=type(error).__name__, exc_info=error)
        return None

    def _drop(self, body: bytes) -> None:
        del self._known[body]
        self._bytes -= len(body) + OVERHEAD
