"""What is written in one turn of the loop leaves together and in order, and nothing is held for longer or lost."""

import asyncio
from typing import Any, cast

import pytest

from marketplace.app.gathering import Gathering

pytestmark = pytest.mark.anyio


class Wire:
    """The transport below: it keeps each write as it came."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


def gathered() -> tuple[Gathering, Wire]:
    wire = Wire()
    return Gathering(cast(Any, wire), asyncio.get_running_loop()), wire


async def test_a_head_leaves_with_its_body_and_what_comes_alone_with_the_turn():
    transport, wire = gathered()

    transport.write(b"head ")
    assert wire.written == []
    transport.write(b"body")
    assert wire.written == [b"head body"], "and does not wait for the turn"
    await asyncio.sleep(0)
    transport.write(b"an event")
    await asyncio.sleep(0)

    assert wire.written == [b"head body", b"an event"]


async def test_much_that_is_written_in_one_turn_is_not_piled_up():
    transport, wire = gathered()

    for n in range(5):
        transport.write(b"%d" % n)
    assert wire.written == [b"01", b"23"]
    await asyncio.sleep(0)

    assert wire.written == [b"01", b"23", b"4"]


async def test_who_closes_has_everything_written_before():
    transport, wire = gathered()

    transport.write(b"the last word")
    transport.close()

    assert (wire.written, wire.is_closed, transport.is_closing()) == ([b"the last word"], True, True)


async def test_what_is_held_for_a_client_that_went_away_is_dropped():
    transport, wire = gathered()

    transport.write(b"to nobody")
    wire.is_closed = True
    await asyncio.sleep(0)

    assert wire.written == []
