"""Which room listens to which facts of a lower room. The handlers run in the transaction of the fact."""

from marketplace.app import rooms


def wire() -> None:
    """Register every job, and every handler with the fact it waits for."""
    rooms.load_jobs()
