"""A good client while a hostile one asks: `python -m bench hostile`. How much longer does the good one wait?

The shipped server with its limits on has one core. From another address a hostile client sends, over four
connections that each ask again as soon as they are answered, what has brought GraphQL servers down. The good one
asks for a page of the catalogue fifty times a second all the while; what counts is its 99th percentile against
its own on the quiet server. Quiet and hostile stretches take turns, for several rounds, and all the answers of a
kind are put together: a machine's own pauses fall on each alike.
"""

import argparse
import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import orjson
from rich.console import Console
from rich.table import Table

from bench import contestants, load, page, report
from bench.offers import CATEGORIES

OFFERS: Final = 10_000
FROM: Final = "127.0.0.2"
CONNECTIONS: Final = 20
EACH_S: Final = 0.02
SOCKETS: Final = 1_000
SLOW: Final = 200
SECTION: Final = "A good client beside a hostile one"
Attack = Callable[[int, float], int]


def _closed(port: int, request: bytes, until: float) -> int:
    """Ask, be answered or cut off, ask again; returns how often."""
    count = 0
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5, (FROM, 0)) as connection:
            connection.settimeout(5)
            while time.monotonic() < until:
                count += 1
                connection.sendall(request)
                head, _ = load.answer(connection)
                if b"connection: close" in head.lower():
                    break
    return count


def _asking(document: str) -> Attack:
    request = load.http("/graphql", orjson.dumps({"query": document}), {})
    return lambda port, until: _closed(port, request, until)


def _sending(body: bytes) -> Attack:
    request = load.http("/graphql", body, {})
    return lambda port, until: _closed(port, request, until)


def _slowly(port: int, until: float) -> int:
    """Many bodies that come a byte at a time."""
    head, _, _ = load.http("/graphql", b"", {"Content-Length": "900000"}).partition(b"\r\n\r\n")
    open_now = [socket.create_connection(("127.0.0.1", port), 5, (FROM, 0)) for _ in range(SLOW // CONNECTIONS)]
    for connection in open_now:
        connection.sendall(head + b"\r\n\r\n")
    sent = 0
    while time.monotonic() < until:
        for connection in open_now:
            with suppress(OSError):
                connection.sendall(b" ")
                sent += 1
        time.sleep(0.2)
    return sent


def _idle_sockets(port: int, until: float) -> int:
    """WebSockets that say nothing once they are open."""
    head = (
        b"GET /graphql HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
    )
    opened: list[socket.socket] = []
    for _ in range(SOCKETS // CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", port), 5, (FROM, 0))
        connection.sendall(head)
        opened.append(connection)
    time.sleep(max(0.0, until - time.monotonic()))
    return len(opened)


ATTACKS: Final[dict[str, Attack]] = {
    "100,000 duplicate fields": _asking("{" + " __typename" * 100_000 + "}"),
    "5,000 aliases": _asking("{" + "".join(f" a{n}: __typename" for n in range(5_000)) + "}"),
    "1,900 tokens of duplicate fields": _asking("{" + " __typename" * 1_900 + "}"),
    "bodies of 30 MB": _sending(b'{"query":"' + b"x" * 30_000_000 + b'"}'),
    "JSON 200,000 deep": _sending(b"[" * 200_000 + b"]" * 200_000),
    f"{SLOW} slow bodies": _slowly,
    f"{SOCKETS:,} idle WebSockets": _idle_sockets,
}


QUIET: Final = "quiet"
Answers = list[tuple[float, bool]]
"""How long each answer took, in seconds, and whether it was sound."""


@dataclass(slots=True)
class Waited:
    """What the good client saw in the stretches of one kind."""

    what: str
    answers: Answers = field(default_factory=list[tuple[float, bool]])
    hostile: int = 0

    def ms(self, share: float) -> float:
        """A percentile of its waiting."""
        times = sorted(took for took, _ in self.answers)
        return times[int(len(times) * share)] * 1000

    @property
    def failed(self) -> int:
        """How many answers were not sound."""
        return sum(not sound for _, sound in self.answers)


def _attack(attack: str, port: int, seconds: float, count: "multiprocessing.Queue[int]") -> None:
    """One connection's worth of an attack, in a process that has of our processors what nobody else wants."""
    os.nice(10)
    if hasattr(os, "sched_setscheduler"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    count.put(ATTACKS[attack](port, time.monotonic() + seconds))


def good(port: int, requests: Sequence[bytes], seconds: float) -> Answers:
    """Ask at a steady pace over one connection."""
    found: Answers = []
    began = time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), load.PATIENCE_S) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for n in range(int(seconds / EACH_S)):
            time.sleep(max(0.0, began + n * EACH_S - time.perf_counter()))
            asked = time.perf_counter()
            connection.sendall(requests[n % len(requests)])
            was_sound = load.sound(*load.answer(connection))
            found.append((time.perf_counter() - asked, was_sound))
    return found


def _stretch(kind: Waited, port: int, requests: Sequence[bytes], seconds: float) -> None:
    """One more stretch of a kind."""
    count: multiprocessing.Queue[int] = multiprocessing.Queue()
    attackers = [
        multiprocessing.Process(target=_attack, args=(kind.what, port, seconds + 1, count), daemon=True)
        for _ in range(CONNECTIONS if kind.what in ATTACKS else 0)
    ]
    for attacker in attackers:
        attacker.start()
    time.sleep(0.5)
    kind.answers += good(port, requests, seconds)
    kind.hostile += sum(count.get(timeout=30) for _ in attackers)
    for attacker in attackers:
        attacker.join(30)


def measure(port: int, requests: Sequence[bytes], seconds: float, rounds: int) -> list[Waited]:
    """The good client's waiting on the quiet server and beside each attack, in turn."""
    good(port, requests, 3)
    quiet, *attacks = kinds = [Waited(what) for what in (QUIET, *ATTACKS)]
    for number in range(rounds):
        for at, kind in enumerate(attacks):
            if (at + number) % 2 == 0:
                _stretch(quiet, port, requests, seconds)
            _stretch(kind, port, requests, seconds)
    return kinds


def main(words: Sequence[str] | None = None) -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench hostile")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--port", type=int, default=8290)
    parser.add_argument("--print", action="store_true", help="leave results.md as it is")
    given = parser.parse_args(words)
    with page.setting(OFFERS, given.port) as where:
        ours = contestants.ours(where)[-1]  # as it is shipped
        # as it is shipped, but for a good one who may ask as often as many; who attacks comes without a token
        limits = {"MARKETPLACE_ADDRESS_RATE": "6000/minute", "MARKETPLACE_DOCUMENT_RATE": "60000/minute"}
        server = replace(ours.server, env={**ours.server.env, **limits})
        with server.running(page.VAR / "hostile.log"):
            asking = contestants.Asking(
                given.port, contestants.OURS, headers={"Authorization": f"Bearer {where.token}"}
            )
            requests = [asking.request({"shelf": shelf}) for shelf in CATEGORIES]
            found = measure(given.port, requests, given.seconds, given.rounds)
    rows = rows_of(found)
    table = Table(*HEAD, title=SECTION)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    if not given.print:
        report.write(SECTION, _text(rows))


HEAD: Final = ("beside", "p50 ms", "p99 ms", "p99 against quiet", "answers", "failed", "hostile requests")


def rows_of(found: Sequence[Waited]) -> list[list[str]]:
    """A row for each kind."""
    quiet_ms = found[0].ms(0.99)
    return [
        [
            each.what,
            f"{each.ms(0.5):.1f}",
            f"{each.ms(0.99):.1f}",
            f"{each.ms(0.99) / quiet_ms:.2f}",
            f"{len(each.answers):,}",
            str(each.failed),
            f"{each.hostile:,}",
        ]
        for each in found
    ]


def _text(rows: Sequence[Sequence[str]]) -> str:
    lines = [
        "`python -m bench hostile`: the shipped server with its limits on one core, PostgreSQL and both clients",
        f"on the other. The hostile one sends from another address over {CONNECTIONS} connections, each as fast",
        f"as it is answered; the good one asks for a catalogue page every {EACH_S * 1000:.0f} ms.",
        "",
        f"| {' | '.join(HEAD)} |",
        f"|{'---|' * len(HEAD)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"
