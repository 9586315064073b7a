"""Fields that wait for the same row: one that fails takes nothing from the others, nor the request with it."""

import asyncio
from collections.abc import Mapping

import httpx
import strawberry
from starlette.requests import Request

from marketplace.app.http import GraphQLView
from marketplace.kit.graphql import Context, Info, batched
from marketplace.kit.refusals import BadUserInput
from tests.app.tiny import ask


async def slowly(info: Info, keys: list[int]) -> Mapping[int, str]:
    """A row for each key, after a while."""
    await asyncio.sleep(0.05)
    return {key: f"row {key}" for key in keys}


@strawberry.type
class Group:
    @strawberry.field
    async def row(self, info: Info) -> str | None:
        return await batched(info, "row", slowly, 1)

    @strawberry.field
    async def fails(self) -> str:
        await asyncio.sleep(0.01)
        raise BadUserInput("no")


@strawberry.type
class Query:
    @strawberry.field
    async def row(self, info: Info) -> str | None:
        return await batched(info, "row", slowly, 1)

    @strawberry.field
    def group(self) -> Group | None:
        return Group()

    @strawberry.field
    async def cancelled(self) -> str | None:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.cancel()
        return await future


async def context(request: Request) -> Context:
    return Context(actor=None)


async def answer(query: str) -> httpx.Response:
    """The answer of this file's schema."""
    view = GraphQLView(strawberry.Schema(Query), context)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=view), base_url="http://edge.test") as http:
        return await ask(http, query)


async def test_a_failing_field_does_not_take_the_row_from_others():
    response = await answer("{ group { row fails } row again: row }")

    assert response.json()["data"] == {"group": None, "row": "row 1", "again": "row 1"}
    assert [error["path"] for error in response.json()["errors"]] == [["group", "fails"]]


async def test_something_that_was_ended_elsewhere_is_a_bug_and_not_a_broken_connection():
    response = await answer("{ cancelled }")

    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
