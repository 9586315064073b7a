"""The story of a redemption, step by step."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.kit.graphql import Info, batched, describe_enum, extend
from marketplace.redemptions import events
from marketplace.redemptions.facts import Change
from marketplace.redemptions.graphql.types import RedemptionType
from marketplace.redemptions.models import RedemptionEvent

describe_enum(
    Change,
    "What happened to a redemption.",
    name="RedemptionChange",
    TAKEN="The member took it; points and money were set aside.",
    FULFILLED="The reward has arrived and is paid for.",
    CANCELLED="The member took it back.",
    FAILED="The brand could not deliver; everything was put back.",
    REFUNDED="It was given back whole.",
    PARTLY_REFUNDED="A part of what was paid was given back.",
    REVIEWED="A person has looked at it, and it goes on.",
    CARD_AUTHORISED="The card's bank has set its part aside.",
    CARD_CHARGED="The card has paid its part.",
    CARD_REFUNDED="The card's part went back to the card.",
    CODE_REVEALED="Its code was shown for the first time.",
    CODE_REISSUED="Its code was exchanged for another one.",
    CODE_FROZEN="Its code was stopped, because it may have leaked.",
    CODE_RELEASED="Its code works again.",
    SENT_TO_PARTNER="The brand has been asked, in a numbered batch.",
    PARCEL_PACKED="A parcel is packed.",
    PARCEL_SHIPPED="The carrier has a parcel.",
    PARCEL_DELIVERED="A parcel has arrived.",
    PARCEL_LOST="The carrier has lost a parcel.",
    PARCEL_RETURNED="A parcel came back to its sender.",
    RETURN_REQUESTED="The member wants to send it back.",
    RETURN_RECEIVED="The brand has what was sent back.",
    RETURN_REFUSED="The brand does not take it back.",
    RESCHEDULED="The seat was moved to another session.",
    CHECKED_IN="The ticket was used at the door.",
    ENTITLEMENT_USED="The right was used with the brand.",
    ENTITLEMENT_EXPIRED="The right has ended unused.",
)


@strawberry.type(name="RedemptionEvent", description="One step in the story of a redemption.")
class RedemptionEventType:
    change: Change = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When it happened.")
    text: str = strawberry.field(description="The same in a sentence, in the reader's language.")

    @classmethod
    def of(cls, step: events.Step, languages: Sequence[str]) -> "RedemptionEventType":
        return cls(change=step.change, at=step.at, text=events.sentence(step, languages))


async def _events(_info: Info, keys: list[UUID]) -> Mapping[UUID, list[RedemptionEvent]]:
    return await events.of_redemptions(keys)


@extend(RedemptionType)
class RedemptionTimeline:
    """What became of a redemption so far."""

    @strawberry.field(description="Its story so far, oldest step first.")
    async def events(self, info: Info, redemption: strawberry.Parent[RedemptionType]) -> list[RedemptionEventType]:
        rows = await batched(info, "events of redemption", _events, redemption.row.id) or []
        return [
            RedemptionEventType.of(step, info.context.languages) for step in events.story(redemption.row, rows)
        ]
