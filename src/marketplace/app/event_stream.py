"""GraphQL over Server-Sent Events, in "distinct connections mode": one stream for one operation.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md . Each answer is a `next` event, and a
`complete` event is the end; a comment now and then keeps proxies from taking silence for the end.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from marketplace.app.asking import Body, refusal_of, refused
from marketplace.app.errors import HttpRefusal, RequestErrors, masked
from marketplace.app.live import Live, Seat
from marketplace.app.negotiation import EVENT_STREAM

HEARTBEAT_S = 15.0
COMPLETE = b"event: complete\ndata:\n\n"
HEARTBEAT = b":\n\n"
MEDIA = f"{EVENT_STREAM}; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Vary": "Accept, Authorization",
    "X-Accel-Buffering": "no",  # nginx would keep events back until its buffer is full
}


def told_once(body: Mapping[str, Any]) -> Response:
    """The answer to a query, a mutation or a request error: one event, and the end."""
    return Response(_next(body) + COMPLETE, headers=HEADERS, media_type=MEDIA)


class EventStream(Response):
    """A subscription as a response that ends when it does, when its token does, or when we go away."""

    def __init__(self, live: Live, seat: Seat, bodies: AsyncGenerator[Body], operation_name: str | None) -> None:
        super().__init__(headers=HEADERS, media_type=MEDIA)
        del self.headers["content-length"]
        self._live = live
        self._seat = seat
        self._bodies = bodies
        self._operation_name = operation_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until one side ends it; then nothing of it goes on."""
        self._send = send
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        with self._live.taken(self._seat), self._live.subscribed():
            telling = asyncio.create_task(self._tell())
            beating = asyncio.create_task(self._beat())
            gone = asyncio.create_task(_gone(receive))
            self._seat.end = lambda reason: self._end(reason, telling)
            tasks = {telling, beating, gone}
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if not gone.done() or gone.cancelled():
            await send({"type": "http.response.body", "body": COMPLETE, "more_body": False})

    def _end(self, reason: HttpRefusal, telling: "asyncio.Task[None]") -> None:
        self._ended_by = reason
        telling.cancel()

    async def _tell(self) -> None:
        self._ended_by: HttpRefusal | None = None
        try:
            async with aclosing(self._bodies):
                async for body in self._bodies:
                    await self._say(_next(body))
        except asyncio.CancelledError:
            if self._ended_by is None:
                raise
            await self._say(_next(refusal_of(self._ended_by, self._seat.languages)))
        except HttpRefusal as refusal:
            await self._say(_next(refusal_of(refusal, self._seat.languages)))
        except RequestErrors as errors:
            await self._say(_next(refused(errors, self._operation_name, self._seat.languages)))
        except Exception as error:  # noqa: BLE001  # nothing leaves unmasked
            await self._say(_next({"errors": [masked(error, self._seat.languages)]}))

    async def _beat(self) -> None:
        while True:
            await self._say(HEARTBEAT)
            await asyncio.sleep(HEARTBEAT_S)

    async def _say(self, text: bytes) -> None:
        await self._send({"type": "http.response.body", "body": text, "more_body": True})


async def _gone(receive: Receive) -> None:
    """Return when the client has gone away."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _next(body: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(body) + b"\n\n"
