"""The check of the books, for the end of any story."""

from marketplace.app.rooms import checks
from marketplace.kit.checks import Violation


async def violations() -> list[Violation]:
    """Everything that any room's checks find wrong with the rows as they are."""
    return [violation for check in checks() for violation in [found async for found in check()]]
