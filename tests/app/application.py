"""The public API in this process: the real application over ASGI, for whoever holds a token."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from marketplace.access import steps
from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import KeyOwner, Operator
from marketplace.access.rules import grantable
from marketplace.app.asgi import create_app
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.kit.settings import Settings

AUDIENCE = "marketplace"


def make_app(var_dir: Path, **options: Any) -> Starlette:
    """The application in development, on the database that the test has open."""
    return create_app(Settings(var_dir=var_dir), **options)


@asynccontextmanager
async def caller(app: Starlette, token: str | None = None, **headers: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the application with a token; exceptions that escape the application fail the test."""
    given = {"Accept": "application/graphql-response+json", **headers}
    if token is not None:
        given["Authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test", headers=given) as http:
        yield http


async def ask(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The `data` of an operation; fails the test on any error at the top level."""
    response = await http.post("/graphql", json={"query": query, "variables": variables})
    answer = response.json()
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def code_of(http: httpx.AsyncClient, query: str, **variables: Any) -> str:
    """The code of an operation's only top-level error."""
    response = await http.post("/graphql", json={"query": query, "variables": variables})
    (error,) = response.json()["errors"]
    return error["extensions"]["code"]


async def operator_token(*roles: str) -> str:
    """A key of a new operator with these roles."""
    operator = await Operator.create(name=f"Operator {new_id()}", roles=list(roles), created_at=clock.now())
    scopes = grantable(KeyOwner.OPERATOR, roles)
    issued = await steps.create_key(KeyOwner.OPERATOR, operator.id, name="a test", scopes=scopes)
    return str(issued.text)


async def owner_token(owner: KeyOwner, owner_id: Any) -> str:
    """A key of a partner or a program with everything it may hold."""
    issued = await steps.create_key(owner, owner_id, name="a test", scopes=grantable(owner))
    return str(issued.text)


def member_token(var_dir: Path, program: str, subject: str, **claims: Any) -> str:
    """A token of the development issuer for a program's member."""
    return DevIssuer(var_dir / "dev-issuer").mint(program, subject, audience=AUDIENCE, **claims)
