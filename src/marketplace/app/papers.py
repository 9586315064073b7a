"""Statements as files over HTTP, for those who may see them: PDF, and CSV of lines and of everything on them.

`GET /statements/statement_….pdf?language=nb-NO`, `GET /statements/statement_….csv` and
`GET /statements/statement_….accruals.csv`, with the token of the partner or of finance. A foreign statement is
404, like one that there is none of.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from marketplace.app.context import accepted_languages
from marketplace.app.errors import HttpRefusal
from marketplace.app.rates import Rates
from marketplace.kit import ids
from marketplace.kit.graphql import Context
from marketplace.settlement import papers, queries
from marketplace.settlement.exports import accruals_csv, statement_csv
from marketplace.settlement.models import Statement

AT_ONCE: Final = 2
"""Pages are set by a processor, and a long file holds a connection to the database."""
LONGEST_TAG: Final = 35


class Papers:
    """The routes of statements as files; `context` says who asks, as for GraphQL."""

    def __init__(self, context: Callable[[Request], Awaitable[Context]], rates: Rates) -> None:
        self._context = context
        self._rates = rates
        self._free = asyncio.Semaphore(AT_ONCE)

    def routes(self) -> list[Route]:
        """Where the files are."""
        return [
            Route("/statements/{id}.accruals.csv", self._served(self._accruals), methods=["GET"]),
            Route("/statements/{id}.csv", self._served(self._csv), methods=["GET"]),
            Route("/statements/{id}.pdf", self._served(self._pdf), methods=["GET"]),
        ]

    def _served(
        self, make: Callable[[Statement, list[str]], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def served(request: Request) -> Response:
            try:
                await self._rates.admit_address(request.client.host if request.client else None)
                statement, languages = await self._asked(request)
                if self._free.locked():
                    busy = "Others are downloading. Try again in a moment."
                    raise HttpRefusal(HTTPStatus.SERVICE_UNAVAILABLE, "BUSY", busy, {"Retry-After": "2"})
                response = await make(statement, languages)
            except HttpRefusal as refusal:
                body = {"code": refusal.code, "message": refusal.message}
                return JSONResponse(body, status_code=refusal.status, headers=refusal.headers)
            response.headers["Cache-Control"] = "no-store"
            return response

        return served

    async def _asked(self, request: Request) -> tuple[Statement, list[str]]:
        """The statement that is asked for, when the actor sees it, and the reader's languages."""
        context = await self._context(request)
        if context.actor is None:
            challenge = {"WWW-Authenticate": "Bearer"}
            raise HttpRefusal(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "Send a token.", challenge)
        await self._rates.admit_actor(context.actor)
        try:
            key = ids.parse("statement", request.path_params["id"])
        except ids.BadId:
            key = None
        visible = queries.statements_visible_to(context.actor)
        statement = await visible.get_or_none(id=key) if key else None
        if statement is None:
            raise HttpRefusal(HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is no such statement.")
        wanted = request.query_params.get("language", "")[:LONGEST_TAG]
        named = accepted_languages(request.headers.get("accept-language"))
        return statement, [*([wanted] if wanted else []), *named]

    async def _pdf(self, statement: Statement, languages: list[str]) -> Response:
        async with self._free:
            said = await papers.data_of(statement, languages)
            pages = await asyncio.to_thread(papers.pdf, said)
        return Response(pages, media_type="application/pdf", headers=_named(statement, "pdf"))

    async def _csv(self, statement: Statement, languages: list[str]) -> Response:
        return Response(
            await statement_csv(statement), media_type="text/csv; charset=utf-8", headers=_named(statement, "csv")
        )

    async def _accruals(self, statement: Statement, languages: list[str]) -> Response:
        media, headers = "text/csv; charset=utf-8", _named(statement, "accruals.csv")
        return StreamingResponse(self._streamed(accruals_csv(statement)), media_type=media, headers=headers)

    async def _streamed(self, lines: AsyncGenerator[str]) -> AsyncGenerator[bytes]:
        async with self._free, aclosing(lines):
            async for line in lines:
                yield f"{line}\n".encode()


def _named(statement: Statement, ending: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{statement.number}.{ending}"'}
