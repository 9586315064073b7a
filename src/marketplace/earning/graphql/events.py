"""Events in the graph, and what each gave or why not."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.earning import queries, spending
from marketplace.earning.graphql.terms import AttributeType
from marketplace.earning.models import EarningEvent, Grant, Outcome
from marketplace.earning.models import UncountedSpend as Waiting
from marketplace.earning.sentences import why_not
from marketplace.earning.words import EventState, EventType, GrantState, Reason, Side
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import (
    BigInt,
    Info,
    MoneyType,
    Node,
    actor_of,
    batched,
    load_node,
    node_loader,
)
from marketplace.kit.money import Money
from marketplace.members.graphql import MemberType
from marketplace.members.models import Program


@strawberry.type(name="EarningGrant", description="Points that a rule gave for an event.")
class GrantType(Node):
    points: BigInt = strawberry.field(description="What it gave.")
    reversed_points: BigInt = strawberry.field(description="What of it went back since.")
    netted_points: BigInt = strawberry.field(description="What of it paid for points that had been spent already.")
    state: GrantState = strawberry.field(description="Where they stand.")
    side: Side = strawberry.field(description="To whom they went.")
    rule_code: str = strawberry.field(description="The rule's code.")
    rule_version: int = strawberry.field(description="The version of the rule that gave them.")
    effective_at: datetime = strawberry.field(description="When they were earned.")
    pending_until: datetime | None = strawberry.field(description="When they come, while they are pending.")
    credited_at: datetime | None = strawberry.field(description="When they came.")
    row: strawberry.Private[Grant]

    @classmethod
    def of(cls, row: Grant) -> "GrantType":
        pending = row.state == GrantState.PENDING
        return cls(
            id=strawberry.ID(ids.public("grant", row.id)),
            points=BigInt(row.points),
            reversed_points=BigInt(row.reversed_points),
            netted_points=BigInt(row.netted_points),
            state=GrantState(row.state),
            side=Side(row.side),
            rule_code=row.rule.code,
            rule_version=row.version.number,
            effective_at=row.effective_at,
            pending_until=row.pending_until if pending else None,
            credited_at=row.credited_at,
            row=row,
        )

    @strawberry.field(description="The event they were given for; null for who invited its member.")
    async def event(self, info: Info) -> "EventView | None":
        return await load_node(info, "earningEvent", self.row.event_id)


@strawberry.type(name="EarningOutcome", description="What one rule made of an event.")
class OutcomeType:
    rule_code: str = strawberry.field(description="The rule's code.")
    rule_version: int = strawberry.field(description="The version of its day.")
    reason: Reason = strawberry.field(description="What it said.")
    points: BigInt = strawberry.field(description="What it gave to the member.")
    row: strawberry.Private[Outcome]

    @strawberry.field(description="Why it gave nothing, in a sentence; null where it gave.")
    async def why_not(self, info: Info) -> str | None:
        return why_not(self.reason, self.row.facts, info.context.languages)


@strawberry.type(name="EarningEventItem", description="One line of what was bought.")
class ItemType:
    sku: str = strawberry.field(description="Your own code of the article.")
    quantity: int = strawberry.field(description="How many.")
    amount: MoneyType | None = strawberry.field(description="What was paid for the line.")
    category: str = strawberry.field(description="Your own category.")


@strawberry.type(description="What a purchase cost, while it waits for an exchange rate to count towards levels.")
class UncountedSpend:
    amount: MoneyType = strawberry.field(description="What was paid, less what went back.")
    since: datetime = strawberry.field(description="Since when it waits.")
    text: str = strawberry.field(description="Why, and what comes of it, in a sentence.")

    @classmethod
    def of(cls, row: Waiting, event: EarningEvent, home: str, languages: Sequence[str]) -> "UncountedSpend":
        left = (event.amount_minor or 0) - event.returned_minor
        amount = MoneyType.of(Money(left, event.currency or home))
        return cls(amount=amount, since=row.since, text=spending.said(event, home, languages))


async def _uncounted(info: Info, wanted: list[UUID]) -> dict[UUID, Waiting]:
    return await queries.uncounted_among(wanted)


async def _outcomes(info: Info, wanted: list[UUID]) -> dict[UUID, list[Outcome]]:
    return await queries.outcomes_of(wanted)


async def _grants(info: Info, wanted: list[UUID]) -> dict[UUID, list[Grant]]:
    return await queries.grants_of(wanted)


@strawberry.type(name="EarningEvent", description="Something a person did, as the program told it.")
class EventView(Node):
    reference: str = strawberry.field(description="The program's own reference.")
    type: EventType = strawberry.field(description="What it was.")
    custom_name: str = strawberry.field(description="The name of a custom event; else empty.")
    state: EventState = strawberry.field(description="Where it stands.")
    member_reference: str = strawberry.field(description="The program's own reference of the person.")
    effective_at: datetime = strawberry.field(description="When it happened.")
    recorded_at: datetime = strawberry.field(description="When it was told.")
    channel: str = strawberry.field(description="Over which channel, as told.")
    location: str = strawberry.field(description="Where, as told.")
    row: strawberry.Private[EarningEvent]

    @classmethod
    def of(cls, row: EarningEvent) -> "EventView":
        return cls(
            id=strawberry.ID(ids.public("earningEvent", row.id)),
            reference=row.reference,
            type=EventType(row.type),
            custom_name=row.custom_name,
            state=EventState(row.state),
            member_reference=row.member_reference,
            effective_at=row.effective_at,
            recorded_at=row.recorded_at,
            channel=row.channel,
            location=row.location,
            row=row,
        )

    def _money(self, minor: int | None) -> MoneyType | None:
        if minor is None or self.row.currency is None:
            return None
        return MoneyType.of(Money(minor, self.row.currency))

    @strawberry.field(description="What was paid.")
    async def amount(self) -> MoneyType | None:
        return self._money(self.row.amount_minor)

    @strawberry.field(description="What of it went back.")
    async def returned(self) -> MoneyType | None:
        return self._money(self.row.returned_minor)

    @strawberry.field(description="Further facts, as told.")
    async def attributes(self) -> list[AttributeType]:
        return [AttributeType(name=name, value=value) for name, value in sorted(self.row.attributes.items())]

    @strawberry.field(description="What was bought, as told.")
    async def items(self) -> list[ItemType]:
        return [
            ItemType(
                sku=each["sku"],
                quantity=each["quantity"],
                amount=self._money(each["amount_minor"]),
                category=each["category"],
            )
            for each in self.row.items
        ]

    @strawberry.field(description="When the member agreed, where a consent was told.")
    async def consent_given_at(self) -> datetime | None:
        return self.row.consent_at

    @strawberry.field(description="Who did it; null while they have not enrolled.")
    async def member(self, info: Info) -> MemberType | None:
        return await load_node(info, "member", self.row.member_id) if self.row.member_id else None

    @strawberry.field(description="What each rule about such events made of it, by the rules' codes.")
    async def outcomes(self, info: Info) -> list[OutcomeType]:
        grants = await batched(info, "grants of events", _grants, self.row.id) or []
        given = {grant.rule_id: grant.points for grant in grants if grant.side == Side.MEMBER}
        return [
            OutcomeType(
                rule_code=row.rule.code,
                rule_version=row.version.number,
                reason=Reason(row.reason),
                points=BigInt(given.get(row.rule_id, 0)),
                row=row,
            )
            for row in await batched(info, "outcomes of events", _outcomes, self.row.id) or []
        ]

    @strawberry.field(
        description="Set while what was paid does not count towards levels, for want of an exchange rate."
    )
    async def uncounted_spend(self, info: Info) -> UncountedSpend | None:
        row = await batched(info, "uncounted spend", _uncounted, self.row.id)
        if row is None:
            return None
        program = await Program.get(id=self.row.program_id)
        return UncountedSpend.of(row, self.row, program.home_currency, info.context.languages)

    @strawberry.field(description="The points it gave; a member sees their own.")
    async def grants(self, info: Info) -> list[GrantType]:
        actor, found = actor_of(info), await batched(info, "grants of events", _grants, self.row.id) or []
        own = actor.kind is ActorKind.MEMBER
        return [GrantType.of(row) for row in found if not own or row.member_id == actor.id]


@node_loader("earningEvent")
async def load_events(info: Info, wanted: list[UUID]) -> dict[UUID, EventView]:
    rows = await queries.events_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: EventView.of(row) for row in rows}


@node_loader("grant")
async def load_grants(info: Info, wanted: list[UUID]) -> dict[UUID, GrantType]:
    rows = queries.grants_for(actor_of(info)).filter(id__in=wanted).select_related("rule", "version")
    return {row.id: GrantType.of(row) for row in await rows}
