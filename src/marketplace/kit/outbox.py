"""Work that follows a change, written in the change's own transaction: neither exists without the other."""

from datetime import datetime, timedelta

from marketplace.kit import clock, database, jobs, tracing
from marketplace.kit.models import OutboxMessage


async def enqueue(
    task: str, *, delay: timedelta | None = None, due_at: datetime | None = None, **payload: str
) -> None:
    """Ask for a registered job with text arguments, at once, after a delay, or at a moment."""
    if task not in jobs.handlers():
        raise LookupError(f"no job is called {task!r}")
    due = due_at or clock.now() + (delay or timedelta())
    await database.add(OutboxMessage(task=task, payload=payload | tracing.carried(), due_at=due))
