"""A tiny schema behind the real view, so that each rule of the edge is seen alone."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import strawberry
from starlette.requests import Request
from strawberry.file_uploads import Upload, UploadDefinition
from strawberry.schema.config import StrawberryConfig

from marketplace.app.http import GraphQLView
from marketplace.app.limits import Caps
from marketplace.kit.graphql import Context
from marketplace.kit.refusals import NotAllowed, NotFound

GRAPHQL_RESPONSE = "application/graphql-response+json"
pushed: list[str] = []


@strawberry.type
class Thing:
    name: str

    @strawberry.field
    def inner(self) -> "Thing":
        return Thing(name="inner")

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2 in /srv/secret.py")

    @strawberry.field
    def things(self, first: int = 10) -> "list[Thing]":
        return [Thing(name=str(n)) for n in range(first)]


@strawberry.input(one_of=True)
class Either:
    this: strawberry.Maybe[str]
    that: strawberry.Maybe[str]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def thing(self) -> Thing:
        return Thing(name="thing")

    @strawberry.field
    def things(self, first: int = 10) -> list[Thing]:
        return [Thing(name=str(n)) for n in range(first)]

    @strawberry.field
    def either(self, by: Either) -> str:
        return str(by)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2 in /srv/secret.py")

    @strawberry.field
    def strictly_broken(self) -> str:
        raise RuntimeError("password=hunter2 in /srv/secret.py")

    @strawberry.field
    def forbidden(self) -> str | None:
        raise NotAllowed("This needs the scope finance:write.")

    @strawberry.field
    def missing(self) -> str | None:
        raise NotFound(what="offer")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def push(self, text: str) -> int:
        pushed.append(text)
        return len(pushed)

    @strawberry.mutation
    async def upload(self, file: Upload) -> str:
        return await described(file)

    @strawberry.mutation
    async def upload_many(self, files: list[Upload]) -> list[str]:
        return [await described(file) for file in files]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncGenerator[int, None]:
        yield 1

    @strawberry.subscription
    async def endless(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()

    @strawberry.subscription
    async def silence(self) -> AsyncGenerator[int, None]:
        await asyncio.Event().wait()
        yield 1

    @strawberry.subscription
    async def broken_events(self) -> AsyncGenerator[Thing, None]:
        yield Thing(name="thing")

    @strawberry.subscription
    async def broken_stream(self) -> AsyncGenerator[int, None]:
        raise RuntimeError("password=hunter2 in /srv/secret.py")
        yield 1

    @strawberry.subscription
    async def forbidden_stream(self) -> AsyncGenerator[int, None]:
        raise NotAllowed("This needs the scope finance:write.")
        yield 1


async def described(file: Any) -> str:
    """Name and text of an uploaded file."""
    return f"{file.filename}: {(await file.read()).decode()}"


def schema(**options: Any) -> strawberry.Schema:
    """The tiny schema, with extensions and the like as given."""
    config = StrawberryConfig(scalar_map={Upload: UploadDefinition})
    return strawberry.Schema(Query, Mutation, Subscription, config=config, **options)


async def context(request: Request) -> Context:
    """Nobody asks."""
    return Context(actor=None)


@asynccontextmanager
async def client(caps: Caps | None = None, **options: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the view, in this process; masked exceptions stay inside the view."""
    view = GraphQLView(schema(**options.pop("schema", {})), context, caps=caps, **options)
    transport = httpx.ASGITransport(app=view)
    async with httpx.AsyncClient(transport=transport, base_url="http://edge.test/graphql") as http:
        yield http


async def ask(http: httpx.AsyncClient, query: str, **parameters: Any) -> httpx.Response:
    """POST one operation as a client of the specification does."""
    return await http.post("", json={"query": query, **parameters}, headers={"Accept": GRAPHQL_RESPONSE})


def code_of(response: httpx.Response) -> str:
    """The code of the only error of a response."""
    (error,) = response.json()["errors"]
    return error["extensions"]["code"]
