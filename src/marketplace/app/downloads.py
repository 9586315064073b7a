"""Files that finance downloads over HTTP: streamed from the database as they are written, in flat memory.

`GET /finance/journals?format=csv&from=2026-10-01&until=2026-10-31&program=NORTH&partner=…&purpose=PAYABLE`,
`GET /finance/lots?asOf=2026-10-31T23:59:59Z&program=NORTH` and `GET /bank/batches/bankBatch_….xml`, with an
operator's token that may read finance.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from marketplace.app.errors import HttpRefusal, bad_request
from marketplace.app.rates import Rates
from marketplace.banking.queries import approved_batch
from marketplace.banking.steps import content_of
from marketplace.finance import exports
from marketplace.finance.selecting import Wish, program_of, selection
from marketplace.kit import clock, ids
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
JOURNALS: Final = frozenset({"format", "from", "until", "program", "partner", "purpose"})
LOTS: Final = frozenset({"asOf", "program"})


class Downloads:
    """The routes of files for finance; `context` says who asks, as for GraphQL."""

    def __init__(self, context: Callable[[Request], Awaitable[Context]], rates: Rates) -> None:
        self._context = context
        self._rates = rates
        self._free = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """Where the files are."""
        return [
            Route("/finance/journals", self._file(_journals), methods=["GET"]),
            Route("/finance/lots", self._file(_lots), methods=["GET"]),
            Route("/bank/batches/{id}.xml", self.batch, methods=["GET"]),
        ]

    def _file(self, make: Callable[[Request], Awaitable["File"]]) -> Callable[[Request], Awaitable[Response]]:
        """Serve a file to finance; 401, 403 or 400 with the reason in JSON instead."""

        async def served(request: Request) -> Response:
            try:
                await self._rates.admit_address(request.client.host if request.client else None)
                await self._admit(request)
                if any("\x00" in value for value in request.query_params.values()):
                    raise BadUserInput("A parameter has a character that no name has.")
                file = await make(request)
            except HttpRefusal as refusal:
                return _refused(refusal)
            except BadUserInput as refused:
                return _refused(bad_request(str(refused), refused.code))
            if self._free.locked():
                busy = "Others are downloading. Try again in a moment."
                return _refused(HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "BUSY", busy, {"Retry-After": "5"}))
            return StreamingResponse(
                self._streamed(file.lines),
                media_type=f"{file.media}; charset=utf-8",
                headers={
                    "Content-Disposition": f'attachment; filename="{file.name}"',
                    "Cache-Control": "no-store",
                },
            )

        return served

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


@dataclass(frozen=True, slots=True)
class File:
    """A file to be: its lines are not read yet."""

    name: str
    media: str
    lines: AsyncGenerator[str]


async def _journals(request: Request) -> File:
    given = _given(request, JOURNALS)
    format = _format(given.get("format", Format.CSV.value))
    first, until = (_day(given.get(name), name) for name in ("from", "until"))
    wish = Wish(first, until, given.get("program"), given.get("partner"), given.get("purpose"))
    which = await selection(wish)
    name = "-".join(["journals", *(str(day) for day in (first, until) if day)])
    return File(f"{name}.{NAMES[format]}", MEDIA[format], export.lines(format, which))


async def _lots(request: Request) -> File:
    given = _given(request, LOTS)
    moment = _moment(given.get("asOf"))
    program = await program_of(given["program"]) if "program" in given else None
    lines = exports.lot_lines(moment, program.id if program else None)
    return File(f"lots-{moment:%Y-%m-%d}.csv", "text/csv", lines)


def _given(request: Request, known: frozenset[str]) -> Mapping[str, str]:
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise BadUserInput(f"There is no parameter {unknown[0]!r}.")
    return request.query_params


def _format(name: str) -> Format:
    try:
        return Format(name)
    except ValueError:
        raise BadUserInput(f"There is no such format. There are: {', '.join(Format)}.") from None


def _day(text: str | None, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise BadUserInput(f"`{name}` is a day such as 2026-10-31.") from None


def _moment(text: str | None) -> datetime:
    """The moment that is asked for, now at the latest."""
    if text is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(text)
        return min(moment if moment.tzinfo else moment.replace(tzinfo=UTC), clock.now())
    except (ValueError, OverflowError):
        raise BadUserInput("`asOf` is a moment such as 2026-10-31T23:59:59Z.") from None


def _refused(refusal: HttpRefusal) -> Response:
    body = {"code": refusal.code, "message": refusal.message}
    return JSONResponse(body, status_code=refusal.status, headers=refusal.headers)
