"""Inputs of events, and what telling them comes to."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.earning.graphql.events import EventView
from marketplace.earning.graphql.terms import EarningAttributeInput
from marketplace.earning.models import EarningEvent, Reversal, Taken
from marketplace.earning.operations import MOST_EVENTS, RecordEvent
from marketplace.earning.told import Consent, Item, Told
from marketplace.earning.words import EventType
from marketplace.kit import ids
from marketplace.kit.graphql import (
    BigInt,
    Info,
    MoneyInput,
    Node,
    ProblemType,
    WriteInput,
    id_of,
    load_node,
)
from marketplace.kit.operations import KEY_LENGTH
from marketplace.kit.refusals import InvalidInput, Refusal

LONGEST_BATCH_KEY = KEY_LENGTH - len(f"#{MOST_EVENTS}")


@strawberry.input(one_of=True, description="Who did it: exactly one of these.")
class EventMemberInput:
    member_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="A member of your program."
    )
    reference: str | None = strawberry.field(
        default=strawberry.UNSET, description="Your own reference of the person, enrolled or not yet."
    )


@strawberry.input(description="One line of what was bought.")
class EventItemInput:
    sku: str = strawberry.field(description="Your own code of the article.")
    quantity: int = strawberry.field(default=1, description="How many.")
    amount: MoneyInput | None = strawberry.field(default=None, description="What was paid for the line.")
    category: str = strawberry.field(default="", description="Your own category.")


@strawberry.input(description="What the person agreed to.")
class ConsentInput:
    purpose: str = strawberry.field(description="What for, in the words they saw.")
    version: str = strawberry.field(description="Which version of those words.")
    given_at: datetime = strawberry.field(description="When they agreed.")


@strawberry.input(description="Something that a person did.")
class EventInput:
    type: EventType = strawberry.field(description="What it was.")
    reference: str = strawberry.field(description="Your own name of the event; it counts once.")
    member: EventMemberInput = strawberry.field(description="Who did it.")
    custom_name: str = strawberry.field(default="", description="The name of your own event, for CUSTOM.")
    effective_at: datetime | None = strawberry.field(default=None, description="When it happened, if not now.")
    amount: MoneyInput | None = strawberry.field(default=None, description="What was paid; needed for purchases.")
    channel: str = strawberry.field(default="", description="Over which channel, such as `web`.")
    location: str = strawberry.field(default="", description="Where, such as a shop's code.")
    attributes: list[EarningAttributeInput] = strawberry.field(
        default_factory=list, description="Up to 20 further facts that rules can ask for."
    )
    items: list[EventItemInput] = strawberry.field(
        default_factory=list, description="Up to 100 lines of a purchase."
    )
    consent: ConsentInput | None = strawberry.field(
        default=None, description="What they agreed to: needed for OPT_IN, and for a SURVEY with answers."
    )
    referral_code: str | None = strawberry.field(
        default=None, description="Whose code they brought, with REFERRAL."
    )

    def told(self, path: str) -> Told:
        """As the room's facts; raises InvalidInput for ids and amounts that are none, naming `path`."""
        member_id, reference = self.member.member_id, self.member.reference
        return Told(
            type=self.type,
            reference=self.reference,
            custom_name=self.custom_name,
            member_id=id_of("member", member_id, f"{path}.member.memberId") if member_id else None,
            member_reference=reference or "",
            effective_at=self.effective_at,
            amount=self.amount.money(f"{path}.amount") if self.amount else None,
            channel=self.channel,
            location=self.location,
            attributes=tuple((each.name, each.value) for each in self.attributes),
            items=tuple(self._item(each, f"{path}.items.{index}") for index, each in enumerate(self.items)),
            consent=Consent(
                purpose=self.consent.purpose, version=self.consent.version, given_at=self.consent.given_at
            )
            if self.consent
            else None,
            referral_code=self.referral_code,
        )

    def _item(self, given: EventItemInput, path: str) -> Item:
        paid = given.amount.money(f"{path}.amount") if given.amount else None
        if paid is not None and (self.amount is None or paid.currency != self.amount.currency):
            raise InvalidInput.at(f"{path}.amount.currency", "Give the currency of the event.")
        return Item(
            sku=given.sku,
            quantity=given.quantity,
            amount_minor=paid.minor if paid else None,
            category=given.category,
        )


@strawberry.input(description="Something that a person did.")
class RecordEventInput(WriteInput):
    event: EventInput = strawberry.field(description="What it was, whose, and when.")


@strawberry.input(description="Many events.")
class RecordEventsInput(WriteInput):
    events: list[EventInput] = strawberry.field(description="Up to 500, in the order they shall be looked at.")

    def commands(self) -> list[RecordEvent | Refusal]:
        """A command for each event, under a key of its own; or why it cannot be read. Raises InvalidInput."""
        if not 1 <= len(self.events) <= MOST_EVENTS:
            raise InvalidInput.at("events", "Give 1 to {most} events.", most=MOST_EVENTS)
        if len(self.idempotency_key) > LONGEST_BATCH_KEY:
            raise InvalidInput.at("idempotencyKey", "Give at most {most} characters.", most=LONGEST_BATCH_KEY)
        return [_command(f"{self.idempotency_key}#{n}", each, f"events.{n}") for n, each in enumerate(self.events)]


def _command(key: str, event: EventInput, path: str) -> RecordEvent | Refusal:
    try:
        return RecordEvent(idempotency_key=key, told=event.told(path))
    except Refusal as refused:
        return refused


@strawberry.input(description="The event that holds.")
class ConfirmEventInput(WriteInput):
    reference: str = strawberry.field(description="Your own reference of the event.")


@strawberry.input(description="A purchase that went back.")
class ReverseEventInput(WriteInput):
    reference: str = strawberry.field(description="Your own reference of the event.")
    reversal_reference: str = strawberry.field(description="Your own name of the return; it counts once.")
    reason: str = strawberry.field(description="Why.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much of it; all that is left, if left out."
    )


@strawberry.type(name="EventRefusal", description="Why one event of many was not recorded.")
class EventRefusal:
    code: str = strawberry.field(description="A stable code for programs.")
    message: str = strawberry.field(description="The refusal in a sentence.")
    problems: list[ProblemType] = strawberry.field(description="What is wrong with the input, if that is why.")

    @classmethod
    def of(cls, refusal: Refusal, languages: Sequence[str]) -> "EventRefusal":
        problems = refusal.problems if isinstance(refusal, InvalidInput) else []
        return cls(
            code=refusal.code,
            message=refusal.said(languages),
            problems=[ProblemType(path=each.path, message=each.said(languages)) for each in problems],
        )


@strawberry.type(name="RecordedEvent", description="What one event of many came to.")
class RecordedEvent:
    reference: str = strawberry.field(description="Your own reference.")
    event: EventView | None = strawberry.field(description="The event, if it was recorded now or before.")
    refusal: EventRefusal | None = strawberry.field(description="Why not, if it was not.")


@strawberry.type(name="RecordedEvents", description="What many events came to, in the order given.")
class RecordedEvents:
    results: list[RecordedEvent] = strawberry.field(description="One for each event.")

    @classmethod
    def of(
        cls, told: Sequence[EventInput], outcomes: Sequence[EarningEvent | Refusal], languages: Sequence[str]
    ) -> "RecordedEvents":
        return cls(
            results=[
                RecordedEvent(
                    reference=each.reference,
                    event=EventView.of(outcome) if isinstance(outcome, EarningEvent) else None,
                    refusal=EventRefusal.of(outcome, languages) if isinstance(outcome, Refusal) else None,
                )
                for each, outcome in zip(told, outcomes, strict=True)
            ]
        )

    @strawberry.field(description="How many stand recorded.")
    async def recorded(self) -> int:
        return sum(each.event is not None for each in self.results)

    @strawberry.field(description="How many were refused.")
    async def refused(self) -> int:
        return sum(each.refusal is not None for each in self.results)


@strawberry.type(name="EventReversal", description="What went back with a purchase, in points.")
class ReversalType(Node):
    reversal_reference: str = strawberry.field(description="Your own name of the return.")
    reason: str = strawberry.field(description="Why.")
    points: BigInt = strawberry.field(description="What was to go back.")
    cancelled_points: BigInt = strawberry.field(description="What of it was still pending.")
    taken_points: BigInt = strawberry.field(description="What of it was taken from the wallet.")
    owed_points: BigInt = strawberry.field(description="What of it is kept from what is earned next.")
    forgiven_points: BigInt = strawberry.field(description="What of it was forgiven.")
    event_id: strawberry.Private[UUID]

    @classmethod
    async def of(cls, row: Reversal) -> "ReversalType":
        parts = await Taken.filter(reversal_id=row.id)
        return cls(
            id=strawberry.ID(ids.public("eventReversal", row.id)),
            reversal_reference=row.reference,
            reason=row.reason,
            points=BigInt(sum(part.points for part in parts)),
            cancelled_points=BigInt(sum(part.cancelled for part in parts)),
            taken_points=BigInt(sum(part.taken for part in parts)),
            owed_points=BigInt(sum(part.owed for part in parts)),
            forgiven_points=BigInt(sum(part.forgiven for part in parts)),
            event_id=row.event_id,
        )

    @strawberry.field(description="The event as it stands now.")
    async def event(self, info: Info) -> EventView | None:
        return await load_node(info, "earningEvent", self.event_id)
