"""What must always be true of the rows: each room lists its checks, `marketplace check books` runs them."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that breaks a promise: which check, which row, and the figures that disagree."""

    check: str
    subject: str
    detail: str


Check = Callable[[], AsyncIterator[Violation]]
