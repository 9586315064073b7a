"""An operation has an end: past its time it is stopped, and PostgreSQL stops with it."""

import asyncio
from typing import Any

import httpx
import pytest
import strawberry

from marketplace.app.http import GraphQLView
from marketplace.app.limits import Caps
from marketplace.kit import database
from tests.app import tiny
from tests.app.tiny import ask, code_of

pytestmark = pytest.mark.usefixtures("db")
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(61)%'"


@strawberry.type
class Query:
    @strawberry.field
    async def sleep(self) -> bool:
        await database.value("SELECT pg_sleep(61)::text")
        return True

    @strawberry.field
    async def hello(self) -> str:
        return "hello"


async def until_sleepers_are(number: int, owner: Any) -> int:
    """How many statements sleep, as the owner of the database sees it, once it is this many or time is up."""
    found = -1
    for _ in range(40):
        if (found := await owner.fetchval(SLEEPING)) == number:
            break
        await asyncio.sleep(0.05)
    return found


async def test_an_operation_past_its_time_is_stopped_in_the_database_too(opened_database: Any):
    view = GraphQLView(strawberry.Schema(Query), tiny.context, caps=Caps(operation_timeout_s=3))
    transport = httpx.ASGITransport(app=view)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test/graphql") as http:
        asking = asyncio.create_task(ask(http, "{ a: sleep b: sleep }"))
        while_asking = await until_sleepers_are(2, opened_database)
        stopped = await asking
        after = await ask(http, "{ hello }")

    assert while_asking == 2
    assert (stopped.status_code, code_of(stopped)) == (503, "TIMED_OUT")
    assert await until_sleepers_are(0, opened_database) == 0
    assert after.json() == {"data": {"hello": "hello"}}
