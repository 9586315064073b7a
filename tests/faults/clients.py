"""Clients that never give up: one command, one key, asked again until it is answered."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

ANSWERED_WITHIN_S = 240.0
ANYBODY_AGAIN = frozenset({"INTERNAL", "UNAVAILABLE"})


@dataclass
class Tally:
    """What all clients of a drill saw."""

    answers: Counter[str] = field(default_factory=Counter[str])
    retries: Counter[str] = field(default_factory=Counter[str])
    replays: int = 0

    @property
    def commands(self) -> int:
        return self.answers.total()


class NoAnswer(Exception):
    """A command was not answered in time, or by something that is neither data nor a passing error."""


@dataclass
class Client:
    """An application with a token, over HTTP."""

    url: str
    token: str
    http: httpx.AsyncClient
    random: Random
    tally: Tally

    async def ask(self, query: str, **variables: object) -> Any:
        """The data of an operation, asked until it comes."""
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            while True:
                data = await self._once(query, variables)
                if data is not None and not _is_in_progress(data):
                    return data
                await asyncio.sleep(self.random.uniform(0.1, 0.6))

    async def do(self, mutation: str, selection: str, **fields: object) -> Any:
        """The one result of a mutation; now and then asked once more, which must answer the same."""
        fields = {"idempotencyKey": f"{self.random.getrandbits(96):024x}"} | fields
        name = mutation[0].upper() + mutation[1:]
        text = (
            f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename {selection} "
            "... on UserError { code message } } }"
        )
        answer = (await self.ask(text, input=fields))[mutation]
        self.tally.answers[f"{mutation} {answer['__typename']}"] += 1
        if "id" in answer and self.random.random() < 0.2:
            again = (await self.ask(text, input=fields))[mutation]
            assert again["id"] == answer["id"], (mutation, fields, answer, again)
            self.tally.replays += 1
        return answer

    async def _once(self, query: str, variables: dict[str, object]) -> Any:
        try:
            response = await self.http.post(
                f"{self.url}/graphql",
                json={"query": query, "variables": variables},
                headers={"Authorization": f"Bearer {self.token}"},
            )
        except httpx.TransportError as error:
            self.tally.retries[type(error).__name__] += 1
            return None
        if response.status_code >= 500:
            self.tally.retries[str(response.status_code)] += 1
            return None
        said = response.json()
        codes = {error["extensions"]["code"] for error in said.get("errors", ())}
        if codes and codes <= ANYBODY_AGAIN:
            self.tally.retries.update(codes)
            return None
        if codes:
            raise NoAnswer(f"{response.status_code} {said}")
        return said["data"]


def _is_in_progress(data: dict[str, Any]) -> bool:
    return any(isinstance(field, dict) and field.get("__typename") == "InProgress" for field in data.values())  # pyright: ignore
