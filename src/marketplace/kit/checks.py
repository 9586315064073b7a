"""What must always be true of the rows: each room lists its checks, `marketplace check books` runs them."""

from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.kit.ids import first_at

_since: ContextVar[datetime | None] = ContextVar("since", default=None)


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks a promise: which check, which row, and the figures that disagree."""

    check: str
    subject: str
    detail: str


Check = Callable[[], AsyncIterator[Violation]]


@contextmanager
def what_is_new(since: datetime | None) -> Generator[None]:
    """Checks of rows that never change look at those made since a moment alone, while the block runs them."""
    token = _since.set(since)
    try:
        yield
    finally:
        _since.reset(token)


def first_new() -> UUID:
    """The least id of the rows that a check of rows that never change has to look at."""
    since = _since.get()
    return first_at(since) if since else UUID(int=0)
