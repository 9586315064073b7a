"""Documents that were not seen before: counted before they are read, and read without keeping others waiting."""

import asyncio

import pytest
from graphql import Lexer, Source, TokenKind

from marketplace.app import documents, examples
from marketplace.app.documents import Documents, estimated_tokens
from marketplace.app.errors import HttpRefusal, RequestErrors
from marketplace.app.limits import Caps
from marketplace.app.schema import schema

LONG = "{ " + " ".join(f"a{n}: __typename" for n in range(100)) + " }"
ODD = [
    "",
    "{ a }",
    '{ a(b: "x \\" { y") }',
    '{ a(b: """x""") # { c\n }',
    "{ ...F @skip(if: $a) }",
    "{ a(b: -1.5e+3) }",
]


def lexed(source: str) -> int:
    lexer, count = Lexer(Source(source)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    return count


@pytest.mark.parametrize("source", [*ODD, *(each.operation for each in examples.load()), LONG])
def test_tokens_are_counted_as_a_reader_would_count_them(source: str):
    assert estimated_tokens(source, 10_000) == pytest.approx(lexed(source), abs=3)


def test_counting_ends_one_past_what_is_allowed():
    assert estimated_tokens("{" + " a" * 1_000_000 + "}", 50) == 51


async def test_a_long_document_is_read_beside_the_event_loop():
    store = Documents(schema(), Caps(root_fields=200, aliases=200))
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    first, second = await asyncio.gather(store.learn(LONG), store.learn(LONG))
    ticking.cancel()

    assert ticks > 10
    assert first.operations.keys() == second.operations.keys() == {None}
    assert store.known(LONG) is not None


async def test_when_too_many_wait_to_be_read_the_next_is_told_to_come_again():
    store = Documents(schema(), Caps(root_fields=200, aliases=200))
    texts = [f"{LONG} # {n}" for n in range(documents.MOST_WAITING + 1)]

    *read, last = await asyncio.gather(*(store.learn(text) for text in texts), return_exceptions=True)

    assert not [each for each in read if isinstance(each, BaseException)]
    assert isinstance(last, HttpRefusal)
    assert (last.status, last.code, last.headers["Retry-After"]) == (503, "BUSY", "1")
    assert await store.learn(texts[-1])


async def test_what_is_over_the_cap_on_tokens_is_not_read_at_all():
    store = Documents(schema(), Caps(tokens=50))

    with pytest.raises(RequestErrors) as refused:
        await store.learn(LONG)

    facts = {"code": "LIMIT_EXCEEDED", "limit": "tokens", "asked": 51, "allowed": 50}
    assert refused.value.errors[0].extensions == facts
