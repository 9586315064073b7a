"""Files that finance downloads over HTTP: streamed from the database as they are written, in flat memory.

`GET /finance/journals?format=csv&from=2026-10-01&until=2026-10-31&program=NORTH&partner=…&purpose=PAYABLE` and
`GET /bank/batches/bankBatch_….xml`, with an operator's token that may read finance.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import date
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from marketplace.app.errors import HttpRefusal, bad_request
from marketplace.app.rates import Rates
from marketplace.banking.queries import approved_batch
from marketplace.banking.steps import content_of
from marketplace.finance.selecting import Wish, selection
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import Context
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger import export
from marketplace.ledger.export import Format

AT_ONCE: Final = 2
"""Each download holds a connection to the database until it is read to its end."""
CHUNK: Final = 500
MEDIA: Final = {Format.CSV: "text/csv", Format.BEANCOUNT: "text/plain", Format.HLEDGER: "text/plain"}
NAMES: Final = {Format.CSV: "csv", Format.BEANCOUNT: "beancount", Format.HLEDGER: "journal"}
TAKEN: Final = frozenset({"format", "from", "until", "program", "partner", "purpose"})


class Downloads:
    """The routes of files for finance; `context` says who asks, as for GraphQL."""

    def __init__(self, context: Callable[[Request], Awaitable[Context]], rates: Rates) -> None:
        self._context = context
        self._rates = rates
        self._free = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """Where the files are."""
        return [
            Route("/finance/journals", self.journals, methods=["GET"]),
            Route("/bank/batches/{id}.xml", self.batch, methods=["GET"]),
        ]

    async def journals(self, request: Request) -> Response:
        """Journals of a period; 401, 403 or 400 with the reason in JSON instead."""
        try:
            await self._rates.admit_address(request.client.host if request.client else None)
            await self._admit(request)
            format = _format(request.query_params.get("format", Format.CSV.value))
            which = await selection(_wish(request))
        except HttpRefusal as refusal:
            return _refused(refusal)
        except BadUserInput as refused:
            return _refused(bad_request(str(refused), refused.code))
        if self._free.locked():
            busy = "Others are downloading. Try again in a moment."
            return _refused(HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "BUSY", busy, {"Retry-After": "5"}))
        name = "-".join(["journals", *(str(day) for day in (which.first, which.until) if day)])
        return StreamingResponse(
            self._streamed(export.lines(format, which)),
            media_type=f"{MEDIA[format]}; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}.{NAMES[format]}"',
                "Cache-Control": "no-store",
            },
        )

    async def batch(self, request: Request) -> Response:
        """The file of an approved batch, for our bank; 401, 403 or 404 with the reason in JSON instead."""
        try:
            await self._rates.admit_address(request.client.host if request.client else None)
            await self._admit(request)
            parts = ids.split(request.path_params["id"])
            found = await approved_batch(parts[1]) if parts and parts[0] == "bankBatch" else None
            if found is None:
                missing = "There is no such file, or nobody has approved it yet."
                raise HttpRefusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", missing)
        except HttpRefusal as refusal:
            return _refused(refusal)
        name = {
            "Content-Disposition": f'attachment; filename="{found.message_id}.xml"',
            "Cache-Control": "no-store",
        }
        return Response(content_of(found), media_type="application/xml", headers=name)

    async def _admit(self, request: Request) -> None:
        actor = (await self._context(request)).actor
        if actor is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Send a token of finance.", challenge)
        await self._rates.admit_actor(actor)
        if actor.kind is not ActorKind.OPERATOR or not actor.may(Scope.FINANCE_READ):
            raise HttpRefusal(HTTPStatus.FORBIDDEN, "FORBIDDEN", "Only finance may read the books.")

    async def _streamed(self, lines: AsyncGenerator[str]) -> AsyncGenerator[bytes]:
        async with self._free, aclosing(lines):
            chunk: list[str] = []
            async for line in lines:
                chunk.append(line)
                if len(chunk) == CHUNK:
                    yield _written(chunk)
                    chunk.clear()
            yield _written(chunk)


def _written(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError:
        raise bad_request(f"There is no such format. There are: {', '.join(Format)}.", "BAD_USER_INPUT") from None


def _wish(request: Request) -> Wish:
    given = request.query_params
    unknown = sorted(set(given) - TAKEN)
    if unknown:
        raise bad_request(f"There is no parameter {unknown[0]!r}.", "BAD_USER_INPUT")
    if any("\x00" in value for value in given.values()):
        raise bad_request("A parameter has a character that no name has.", "BAD_USER_INPUT")
    first, until = (_day(given.get(name), name) for name in ("from", "until"))
    return Wish(first, until, given.get("program"), given.get("partner"), given.get("purpose"))


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise bad_request(f"`{name}` is a day such as 2026-10-31.", "BAD_USER_INPUT") from None


def _refused(refusal: HttpRefusal) -> Response:
    body = {"code": refusal.code, "message": refusal.message}
    return JSONResponse(body, status_code=refusal.status, headers=refusal.headers)
