"""Asking as somebody, and finding in an answer what that somebody may not see."""

import json
import logging
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx

from marketplace.app.http import GraphQLView
from marketplace.app.limits import Caps
from marketplace.app.schema import schema
from marketplace.kit import ids
from tests.client import Caller, context_of
from tests.house.authorisation.oracle import Rows
from tests.house.authorisation.world import World

WIDE = Caps(tokens=20_000, depth=40, nesting=80, fields=20_000, aliases=2_000, root_fields=500, brackets=200)
WORDS = {"UNAUTHENTICATED": "401", "FORBIDDEN": "403"}
_sql = logging.getLogger("tortoise.db_client")


class Walker:
    """One client for many callers, whose answers are searched for what they may not see."""

    def __init__(self, rows: Rows, world: World) -> None:
        self.rows, self.world = rows, world
        self.leaks: list[str] = []
        view = GraphQLView(schema(), context_of, caps=WIDE)
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=view), base_url="http://test/graphql")

    async def ask(
        self, who: str, caller: Caller, text: str, variables: dict[str, Any], *, also_given: bool = True
    ) -> dict[str, Any]:
        """The answer; every leak in it is noted. What was asked with is none, unless `also_given` is off."""
        answer = await self._send(caller, {"query": text, "variables": variables})
        self.judge(who, caller, text, answer, set(_strings(variables)) if also_given else set[str]())
        return answer

    def judge(
        self, who: str, caller: Caller, text: str, answer: dict[str, Any], given: Collection[str] = ()
    ) -> None:
        """Note everything in an answer that is not for whoever gets it."""
        place = f"{who}, asking {text[:90]}"
        for value in _strings(answer.get("data")):
            if value not in given and not self._may(caller, value):
                self.leaks.append(f"{place}, was told {value!r}")
        for error in answer.get("errors", ()):
            said = error["message"]
            self.leaks += [f"{place}, reads {text!r} in {said!r}" for text in self._named(caller, said)]
        self.leaks += [f"{place}, counts what is not listed: {count}" for count in _miscounted(answer.get("data"))]

    async def _send(self, caller: Caller, body: dict[str, Any]) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {caller.token}"} if caller.actor else {}
        if "file" not in body["variables"].get("input", ()):
            return (await self._http.post("", json=body, headers=headers)).json()
        form = {"operations": json.dumps(body), "map": json.dumps({"0": ["variables.input.file"]})}
        headers["x-graphql-preflight"] = "1"
        return (await self._http.post("", data=form, files={"0": ("a.csv", b"a,b\n1,2")}, headers=headers)).json()

    def _may(self, caller: Caller, value: str) -> bool:
        parts = ids.split(value)
        if parts is not None:
            return parts[0] == "charity" or self.rows.may_see(caller.actor, parts[1])
        return self.rows.may_read(caller.actor, value)

    def _named(self, caller: Caller, said: str) -> Iterator[str]:
        """The texts inside a message that are not for the caller."""
        return (text for text in self.rows.texts if text in said and not self.rows.may_read(caller.actor, text))


def _inside(value: Any) -> Iterator[dict[str, Any]]:
    """Every object of an answer."""
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _inside(each)
    elif isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        yield found
        for each in found.values():
            yield from _inside(each)


def _strings(value: Any) -> Iterator[str]:
    """Every text of an answer but the names of types."""
    for found in _inside([value]):
        for name, each in found.items():
            texts = cast("list[Any]", each) if isinstance(each, list) else [each]
            if name != "__typename":
                yield from (text for text in texts if isinstance(text, str))


def _miscounted(value: Any) -> Iterator[str]:
    """Whole lists whose count is not what they show."""
    for found in _inside(value):
        if found.get("totalCount") is not None and "edges" in found:
            page = found["pageInfo"]
            is_whole = page.get("hasNextPage") is False and page["hasPreviousPage"] is False
            if is_whole and found["totalCount"] != len(found["edges"]):
                yield f"{found['totalCount']} of {found['__typename']}, {len(found['edges'])} shown"


@contextmanager
def statements() -> Generator[list[str]]:
    """The SQL that runs inside the block, without its values."""
    heard: list[str] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg))

    ear, level = Ear(), _sql.level
    _sql.addHandler(ear)
    _sql.setLevel(logging.DEBUG)
    try:
        yield heard
    finally:
        _sql.removeHandler(ear)
        _sql.setLevel(level)


def outcome(answer: dict[str, Any], name: str) -> str:
    """What became of one root field, in a word: `yes`, `-` for nothing there, or the error."""
    codes: list[str] = sorted({error["extensions"]["code"] for error in answer.get("errors", ())})
    if codes:
        return "/".join([WORDS.get(code, code) for code in codes])
    data = answer["data"][name]
    return "-" if not data or (isinstance(data, dict) and data.get("edges") == []) else "yes"  # pyright: ignore[reportUnknownMemberType]
