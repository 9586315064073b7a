"""Statements and receipts as files over HTTP, for those who may see them.

`GET /statements/statement_….pdf?language=nb-NO`, `GET /statements/statement_….csv` (its lines) and
`GET /statements/statement_….accruals.csv` (everything on it), with the token of the partner or of finance.
`GET /donations/receipts/donationReceipt_….pdf` with that of whoever sees the donation. What is foreign is 404,
like what there is none of.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from marketplace.app.context import accepted_languages
from marketplace.app.errors import HttpRefusal
from marketplace.app.rates import Rates
from marketplace.donations import papers as receipts
from marketplace.donations.models import DonationReceipt
from marketplace.donations.queries import receipt_for
from marketplace.kit import ids
from marketplace.kit.actor import Actor
from marketplace.kit.graphql import Context
from marketplace.kit.messages import noted
from marketplace.settlement import papers, queries
from marketplace.settlement.exports import accruals_csv, statement_csv
from marketplace.settlement.models import Statement

AT_ONCE: Final = 2
"""Pages are set by a processor, and a long file holds a connection to the database."""
LONGEST_TAG: Final = 35
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked(Generic[T]):
    """What is asked for, by whom, and the reader's languages."""

    row: T
    actor: Actor
    languages: list[str]


def _languages(request: Request) -> list[str]:
    """The reader's languages: what the address names, then what the browser says."""
    wanted = request.query_params.get("language", "")[:LONGEST_TAG]
    return [*([wanted] if wanted else []), *accepted_languages(request.headers.get("accept-language"))]


class Papers:
    """The routes of papers as files; `context` says who asks, as for GraphQL."""

    def __init__(self, context: Callable[[Request], Awaitable[Context]], rates: Rates) -> None:
        self._context = context
        self._rates = rates
        self._free = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """Where the files are."""
        return [
            Route("/statements/{id}.accruals.csv", self._served(_statement, self._accruals), methods=["GET"]),
            Route("/statements/{id}.csv", self._served(_statement, self._csv), methods=["GET"]),
            Route("/statements/{id}.pdf", self._served(_statement, self._pdf), methods=["GET"]),
            Route("/donations/receipts/{id}.pdf", self._served(_receipt, self._receipt), methods=["GET"]),
        ]

    def _served(
        self,
        find: Callable[[Actor, str], Awaitable[T | None]],
        make: Callable[[Asked[T]], Awaitable[Response]],
    ) -> Callable[[Request], Awaitable[Response]]:
        async def served(request: Request) -> Response:
            try:
                await self._rates.admit_address(request.client.host if request.client else None)
                asked = await self._asked(request, find)
                if self._free.locked():
                    busy = noted("Others are downloading. Try again in a moment.")
                    raise HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "BUSY", busy, {"Retry-After": "2"})
                response = await make(asked)
            except HttpRefusal as refusal:
                body = {"code": refusal.code, "message": refusal.said(_languages(request))}
                return JSONResponse(body, status_code=refusal.status, headers=refusal.headers)
            response.headers["Cache-Control"] = "no-store"
            return response

        return served

    async def _asked(self, request: Request, find: Callable[[Actor, str], Awaitable[T | None]]) -> Asked[T]:
        """What is asked for, when the actor sees it."""
        context = await self._context(request)
        if context.actor is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Send a token.", challenge)
        await self._rates.admit_actor(context.actor)
        try:
            found = await find(context.actor, request.path_params["id"])
        except ids.BadId:
            found = None
        if found is None:
            missing = noted("There is no such paper, or it is not yours.")
            raise HttpRefusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", missing)
        return Asked(found, context.actor, _languages(request))

    async def _pdf(self, asked: Asked[Statement]) -> Response:
        async with self._free:
            said = await papers.data_of(asked.row, asked.languages)
            pages = await asyncio.to_thread(papers.pdf, said)
        return Response(pages, media_type="application/pdf", headers=_named(asked.row.number, "pdf"))

    async def _receipt(self, asked: Asked[DonationReceipt]) -> Response:
        async with self._free:
            said = await receipts.data_of(asked.row, asked.actor, asked.languages)
            pages = await asyncio.to_thread(receipts.pdf, said)
        return Response(pages, media_type="application/pdf", headers=_named(asked.row.number, "pdf"))

    async def _csv(self, asked: Asked[Statement]) -> Response:
        return Response(
            await statement_csv(asked.row),
            media_type="text/csv; charset=utf-8",
            headers=_named(asked.row.number, "csv"),
        )

    async def _accruals(self, asked: Asked[Statement]) -> Response:
        media, headers = "text/csv; charset=utf-8", _named(asked.row.number, "accruals.csv")
        return StreamingResponse(self._streamed(accruals_csv(asked.row)), media_type=media, headers=headers)

    async def _streamed(self, lines: AsyncGenerator[str]) -> AsyncGenerator[bytes]:
        async with self._free, aclosing(lines):
            async for line in lines:
                yield f"{line}\n".encode()


async def _statement(actor: Actor, id: str) -> Statement | None:
    return await queries.statements_visible_to(actor).get_or_none(id=ids.parse("statement", id))


async def _receipt(actor: Actor, id: str) -> DonationReceipt | None:
    return await receipt_for(actor, ids.parse("donationReceipt", id))


def _named(number: str, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{number}.{ending}"'}
