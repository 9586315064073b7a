"""A small GraphQL client: one person with a token, who asks, does and sends files over HTTP."""

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]
TIMEOUT_S = 60
_BRACKETS = re.compile(r"\([^)]*\)")
_WORD = re.compile(r"\w+")
_REFUSED = "... on UserError { code message } ... on InvalidInput { problems { path message } }"


class Unanswered(Exception):
    """The server answered with errors instead of data; the message quotes them."""


@dataclass(slots=True)
class Watch:
    """How long answers took, by what was asked."""

    times_s: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict[str, list[float]](list))

    def note(self, document: str, seconds: float) -> None:
        """Count one request, under the first field that it asks for."""
        words = [word for word in _WORD.findall(_BRACKETS.sub(" ", document)) if word not in ("query", "mutation")]
        self.times_s[words[1] if document.lstrip().startswith(("query", "mutation")) else words[0]].append(seconds)


@dataclass(slots=True)
class Client:
    """Somebody at the API: a name for the tables, and a token unless it is a passer-by."""

    http: httpx.Client
    watch: Watch
    name: str
    token: str | None = None

    def ask(self, query: str, /, **variables: Any) -> Json:
        """The data of a query; raises Unanswered when there are errors."""
        return self._data(self.answer(query, variables))

    def answer(self, query: str, variables: Json | None = None) -> Json:
        """The whole answer, with its errors."""
        return self._post(query, json={"query": query, "variables": variables or {}})

    def do(self, mutation: str, shows: str = "", /, **fields: Any) -> Json:
        """Run a mutation: its result with __typename and what `shows` selects. A key is made if none is given."""
        fields.setdefault("idempotencyKey", new_key())
        return self._data(self.answer(_mutation(mutation, shows), {"input": fields}))[mutation]

    def attempt(self, mutation: str, /, **fields: Any) -> Json:
        """The whole answer of a mutation that is expected to be turned away at the door."""
        fields.setdefault("idempotencyKey", new_key())
        return self.answer(_mutation(mutation, ""), {"input": fields})

    def send(self, mutation: str, shows: str, name: str, content: bytes, /, **fields: Any) -> Json:
        """Run a mutation that takes a file, by the GraphQL multipart request specification."""
        fields = {"idempotencyKey": new_key(), **fields, "file": None}
        text = _mutation(mutation, shows)
        form = {
            "operations": json.dumps({"query": text, "variables": {"input": fields}}),
            "map": json.dumps({"0": ["variables.input.file"]}),
        }
        return self._data(self._post(text, data=form, files={"0": (name, content)}))[mutation]

    def _post(self, document: str, **body: Any) -> Json:
        headers = {"x-graphql-preflight": "1"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        began = time.monotonic()
        response = self.http.post("/graphql", headers=headers, timeout=TIMEOUT_S, **body)
        self.watch.note(document, time.monotonic() - began)
        return response.json()

    def _data(self, answer: Json) -> Json:
        if answer.get("errors"):
            told = "; ".join(
                f"{error['message']} ({error.get('extensions', {}).get('code', 'no code')})"
                for error in answer["errors"]
            )
            raise Unanswered(f"{self.name} was told: {told}")
        return answer["data"]


def _mutation(mutation: str, shows: str) -> str:
    name = mutation[0].upper() + mutation[1:]
    return (
        f"mutation {name}($input: {name}Input!) "
        f"{{ {mutation}(input: $input) {{ __typename {shows} {_REFUSED} }} }}"
    )


def new_key() -> str:
    """A fresh idempotency key."""
    return f"tour-{uuid4().hex}"


def at_once(calls: Sequence[Callable[[], Json]]) -> list[Json]:
    """Make all these calls at the same time; their answers in the same order."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [call.result() for call in [pool.submit(each) for each in calls]]


def wait_for(look: Callable[[], Json], done: Callable[[Json], bool], *, patience_s: float = 60) -> Json:
    """Look again until it is done or patience ends; the last thing seen."""
    ends = time.monotonic() + patience_s
    seen = look()
    while not done(seen) and time.monotonic() < ends:
        time.sleep(0.25)
        seen = look()
    return seen
