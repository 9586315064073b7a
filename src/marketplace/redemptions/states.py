"""Where redemptions, and what stands beside them, can stand."""

from enum import StrEnum

from marketplace.kit.messages import speak


@speak
class RedemptionState(StrEnum):
    """Where a redemption stands. The last three are final."""

    PENDING = "PENDING"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


class WaitsFor(StrEnum):
    """What a PENDING redemption waits for before it goes to the brand."""

    CARD = "CARD"
    IN_REVIEW = "IN_REVIEW"


@speak
class CashState(StrEnum):
    """PENDING until the transfer is known to have succeeded or to have been refused."""

    PENDING = "PENDING"
    FULFILLED = "FULFILLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"


@speak
class ShipmentState(StrEnum):
    """Where a parcel is."""

    ORDERED = "ORDERED"
    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    RETURNED = "RETURNED"


@speak
class ParcelState(StrEnum):
    """Where one parcel of an order is. The last three are final."""

    PACKED = "PACKED"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    LOST = "LOST"
    RETURNED = "RETURNED"


@speak
class ReturnState(StrEnum):
    """REQUESTED until the partner has it (RECEIVED, and refunded) or says no (REFUSED)."""

    REQUESTED = "REQUESTED"
    RECEIVED = "RECEIVED"
    REFUSED = "REFUSED"


@speak
class CreditState(StrEnum):
    """Whether the partner has taken brand currency into the member's account with it."""

    REQUESTED = "REQUESTED"
    CREDITED = "CREDITED"
    REFUSED = "REFUSED"


class Right(StrEnum):
    """What an entitlement gives a right to."""

    SAMPLE = "SAMPLE"
    UPGRADE = "UPGRADE"
    MEMBERSHIP = "MEMBERSHIP"
    FREE_SHIPPING = "FREE_SHIPPING"


@speak
class EntitlementState(StrEnum):
    """ACTIVE until it is USED with the partner, or EXPIRED at its end."""

    ACTIVE = "ACTIVE"
    USED = "USED"
    EXPIRED = "EXPIRED"


@speak
class ReservationState(StrEnum):
    """OPEN until it is USED by a redemption, RELEASED by the member, or LAPSED."""

    OPEN = "OPEN"
    USED = "USED"
    RELEASED = "RELEASED"
    LAPSED = "LAPSED"


class BatchState(StrEnum):
    """COLLECTED until the partner says that it has it; ANSWERED when nothing in it waits any more."""

    COLLECTED = "COLLECTED"
    ACKNOWLEDGED = "ACKNOWLEDGED"
    ANSWERED = "ANSWERED"


class WaitingState(StrEnum):
    """Where somebody stands who waits for what is sold out. The last four are final."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    TAKEN = "TAKEN"
    PASSED = "PASSED"
    LEFT = "LEFT"
    CLOSED = "CLOSED"
