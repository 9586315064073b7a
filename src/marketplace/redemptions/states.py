"""Where returns and batches of credits stand."""

from enum import StrEnum


class ReturnState(StrEnum):
    """REQUESTED until the partner has it (RECEIVED, and refunded) or says no (REFUSED)."""

    REQUESTED = "REQUESTED"
    RECEIVED = "RECEIVED"
    REFUSED = "REFUSED"


class BatchState(StrEnum):
    """COLLECTED until the partner says that it has it; ANSWERED when nothing in it waits any more."""

    COLLECTED = "COLLECTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ANSWERED = "ANSWERED"
