"""What redemptions tell the rooms above them: each step of each redemption, in the transaction that takes it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketplace.kit.facts import Fact
from marketplace.redemptions.models import RedemptionState


class Change(StrEnum):
    """What happened to a redemption. The first five are where it stands, the others what happened beside that."""

    TAKEN = "TAKEN"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    REFUNDED = "REFUNDED"
    PARTLY_REFUNDED = "PARTLY_REFUNDED"
    REVIEWED = "REVIEWED"
    CARD_AUTHORISED = "CARD_AUTHORISED"
    CARD_CHARGED = "CARD_CHARGED"
    CARD_REFUNDED = "CARD_REFUNDED"
    CODE_REVEALED = "CODE_REVEALED"
    CODE_REISSUED = "CODE_REISSUED"
    CODE_FROZEN = "CODE_FROZEN"
    CODE_RELEASED = "CODE_RELEASED"
    SENT_TO_PARTNER = "SENT_TO_PARTNER"
    PARCEL_PACKED = "PARCEL_PACKED"
    PARCEL_SHIPPED = "PARCEL_SHIPPED"
    PARCEL_DELIVERED = "PARCEL_DELIVERED"
    PARCEL_LOST = "PARCEL_LOST"
    PARCEL_RETURNED = "PARCEL_RETURNED"
    RETURN_REQUESTED = "RETURN_REQUESTED"
    RETURN_RECEIVED = "RETURN_RECEIVED"
    RETURN_REFUSED = "RETURN_REFUSED"
    RESCHEDULED = "RESCHEDULED"
    CHECKED_IN = "CHECKED_IN"
    ENTITLEMENT_USED = "ENTITLEMENT_USED"
    ENTITLEMENT_EXPIRED = "ENTITLEMENT_EXPIRED"


OF_ITS_STATE = {RedemptionState.PENDING: Change.TAKEN} | {
    state: Change(state.value) for state in RedemptionState if state is not RedemptionState.PENDING
}
"""What has happened when a redemption has come to stand in a state."""


@dataclass(frozen=True, slots=True)
class RedemptionChanged(Fact):
    """A redemption has taken one step, and stands now in `state`.

    Told once for each transition: a voucher that is fulfilled as it is taken is told as FULFILLED only.
    `details` are a few plain facts of the step, such as a parcel's carrier, never personal data or a code.
    """

    redemption_id: UUID
    member_id: UUID
    program_id: UUID
    partner_id: UUID
    kind: str
    change: Change
    state: RedemptionState
    at: datetime
    details: dict[str, str | int]
