"""The load: so many connections that each ask again as soon as they are answered.

Plain sockets and `select`, no HTTP library and no event loop, so one core asks far more often than any server
here answers on one. What is sent is made beforehand. An answer counts when its status is 200 and its JSON has no
`errors`.
"""

import itertools
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

PATIENCE_S = 30.0
_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of one stretch of load: sound answers a second, and how long they took."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def http(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    told = {"Host": "bench", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    return "\r\n".join(lines).encode() + _END + body


def ask(port: int, request: bytes) -> tuple[bool, bytes]:
    """One answer: whether it is sound, and its body."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall(request)
        head, body = answer(connection)
    return sound(head, body), body


def answer(connection: socket.socket) -> tuple[bytes, bytes]:
    """The head and the body of one answer."""
    received = b""
    while _END not in received:
        received += _more(connection)
    head, _, body = received.partition(_END)
    missing = _length(head) - len(body)
    parts = [body]
    while missing > 0:
        parts.append(_more(connection))
        missing -= len(parts[-1])
    return head, b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    received = connection.recv(262_144)
    if not received:
        raise ConnectionError("the server closed the connection")
    return received


def _length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(_LENGTH) + len(_LENGTH)
    return int(lower[start:].partition(b"\r\n")[0])


def sound(head: bytes, body: bytes) -> bool:
    """Whether an answer is a success without errors."""
    return head.startswith(b"HTTP/1.1 200") and b'"errors"' not in body


def press(port: int, requests: Iterator[bytes], *, connections: int, seconds: float, at_least: int = 0) -> Loaded:
    """Ask for so many seconds over so many connections, and at least so often."""
    with selectors.DefaultSelector() as selector:
        began: dict[socket.socket, float] = {}
        times: list[float] = []
        failed = 0
        for _ in range(connections):
            connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ)
            connection.sendall(next(requests))
            began[connection] = time.perf_counter()
        started = time.perf_counter()
        until = started + seconds
        now = started
        while now < until or len(times) < at_least:
            for key, _ in selector.select(PATIENCE_S):
                connection: socket.socket = key.fileobj  # pyright: ignore[reportAssignmentType]  # what we registered
                was_sound = sound(*answer(connection))
                now = time.perf_counter()
                times.append(now - began[connection])
                failed += not was_sound
                connection.sendall(next(requests))
                began[connection] = time.perf_counter()
        elapsed = now - started
        for connection in began:
            connection.close()
    times.sort()
    return Loaded(
        (len(times) - failed) / elapsed, median(times) * 1000, times[len(times) * 99 // 100] * 1000, failed
    )


def in_turn(requests: Sequence[bytes]) -> Iterator[bytes]:
    """These requests, again and again."""
    return itertools.cycle(requests)
