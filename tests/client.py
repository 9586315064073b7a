"""A real client of the API for tests: HTTP over ASGI, one method a request."""

import json
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from starlette.requests import Request

from marketplace.app.http import GraphQLView
from marketplace.app.limits import Caps
from marketplace.app.schema import schema
from marketplace.kit.actor import (
    MEMBER_SCOPES,
    PARTNER_SCOPES,
    PROGRAM_SCOPES,
    ROLE_SCOPES,
    Actor,
    ActorKind,
)
from marketplace.kit.graphql import Context

_actors: dict[str, Actor] = {}
_keys = count()


async def context_of(request: Request) -> Context:
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    actor = _actors.get(token)
    return Context(actor=actor, languages=actor.languages if actor else ("en",))


@cache
def _view() -> GraphQLView:
    return GraphQLView(schema(), context_of)


def new_key() -> str:
    """A fresh idempotency key."""
    return f"key-{next(_keys)}"


@dataclass
class Caller:
    """Somebody with a token. Tokens themselves are tested in tests/access; here they name the actor."""

    actor: Actor | None = None
    token: str = field(default_factory=lambda: f"test-{next(_keys)}")

    def __post_init__(self) -> None:
        if self.actor is not None:
            _actors[self.token] = self.actor

    async def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """The whole answer: data, errors, extensions."""
        headers = {"authorization": f"Bearer {self.token}"} if self.actor else {}
        transport = httpx.ASGITransport(app=_view())
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
        return response.json()

    async def get(self, query: str, **variables: object) -> Any:
        """The data; fails the test on any error."""
        answer = await self.ask(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, mutation: str, selection: str, **fields: object) -> Any:
        """Run one mutation with an input; the result with its __typename. A key is made when none is given."""
        name = mutation[0].upper() + mutation[1:]
        fields.setdefault("idempotencyKey", new_key())
        text = (
            f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename {selection} "
            "... on UserError { code message } ... on InvalidInput { problems { path message } } } }"
        )
        return (await self.get(text, input=fields))[mutation]

    async def send(self, mutation: str, selection: str, file: tuple[str, bytes], **fields: object) -> Any:
        """Run one mutation that takes a file (name, bytes), by the multipart request specification."""
        name = mutation[0].upper() + mutation[1:]
        fields = {"idempotencyKey": new_key(), **fields, "file": None}
        text = (
            f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename {selection} "
            "... on UserError { code message } ... on InvalidInput { problems { path message } } } }"
        )
        form = {
            "operations": json.dumps({"query": text, "variables": {"input": fields}}),
            "map": json.dumps({"0": ["variables.input.file"]}),
        }
        headers = {"authorization": f"Bearer {self.token}", "x-graphql-preflight": "1"}
        view = GraphQLView(schema(), context_of, caps=Caps(upload_bytes=50_000_000))
        transport = httpx.ASGITransport(app=view)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            response = await client.post("/graphql", data=form, files={"0": file}, timeout=60)
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"][mutation]


def as_member(member_id: UUID, program_id: UUID, *languages: str) -> Caller:
    """A member's phone."""
    return Caller(Actor(ActorKind.MEMBER, member_id, MEMBER_SCOPES, program_id, languages or ("en",)))


def as_partner(partner_id: UUID) -> Caller:
    """A partner's server."""
    return Caller(Actor(ActorKind.PARTNER, partner_id, PARTNER_SCOPES))


def as_program(program_id: UUID) -> Caller:
    """A program's server."""
    return Caller(Actor(ActorKind.PROGRAM, program_id, PROGRAM_SCOPES, program_id))


def as_operator(operator_id: UUID, *roles: str) -> Caller:
    """A person of the marketplace."""
    scopes = frozenset[Any]().union(*(ROLE_SCOPES[role] for role in roles or ("admin",)))
    return Caller(Actor(ActorKind.OPERATOR, operator_id, scopes))


ANYBODY = Caller()
