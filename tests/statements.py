"""What is sent to PostgreSQL while something is done: one entry is one round trip."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tortoise.connection import get_connection


@dataclass(frozen=True, slots=True)
class Sent:
    """A statement with its parameters."""

    sql: str
    values: tuple[object, ...]


@contextmanager
def recorded() -> Generator[list[Sent]]:
    """Every statement of the connections that are open already, in order."""
    sent: list[Sent] = []

    def note(query: Any) -> None:
        sent.append(Sent(query.query, tuple(query.args)))

    client: Any = get_connection("default")
    connections = [holder._con for holder in client._pool._holders if holder._con is not None]
    for connection in connections:
        connection.add_query_logger(note)
    try:
        yield sent
    finally:
        for connection in connections:
            connection.remove_query_logger(note)
