"""The queue of reviews and the rules behind it, for the people who decide."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    mutation,
    node_loader,
)
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import NotFound
from marketplace.risk import operations, queries
from marketplace.risk.models import Leaving, ReviewState, RiskKind, RiskReview, RiskRule

PREFIX = "riskReview"
describe_enum(
    RiskKind,
    "What a rule finds odd, beyond its threshold.",
    AMOUNT_OVER="So many points at once.",
    TOO_MANY="So often within its hours, by one member.",
    NEW_ACCOUNT="So many points at once by who enrolled within its hours.",
    GIFTS_THEN_OUT="So many points received as gifts within its hours.",
    SHARED_BANK_ACCOUNT="So many members who are paid into one bank account.",
    SHARED_DEVICE="So many members on one device within its hours.",
    SHARED_ADDRESS="So many members who have parcels sent to one address within its hours.",
)
describe_enum(Leaving, "How points leave.", CASH="As money.", REWARD="As a reward.")
describe_enum(
    ReviewState,
    "Where a review stands.",
    name="RiskReviewState",
    OPEN="A person has to look.",
    RELEASED="It went on.",
    REFUSED="It was refused, and the points are back.",
    WITHDRAWN="The member took it back before anybody decided.",
)


@strawberry.type(description="A rule that was met.")
class RiskReason:
    kind: RiskKind = strawberry.field(description="What was odd.")
    found: BigInt = strawberry.field(description="The figure that was found.")
    threshold: BigInt = strawberry.field(description="What it was beyond.")


@strawberry.type(name="RiskReview", description="A redemption that is held until a person decides.")
class RiskReviewType(Node):
    state: ReviewState = strawberry.field(description="Where it stands.")
    leaving: Leaving = strawberry.field(description="How the points would leave.")
    points: BigInt = strawberry.field(description="How many points.")
    reasons: list[RiskReason] = strawberry.field(description="Why it is held. The member is not told.")
    opened_at: datetime = strawberry.field(description="Since when it is held.")
    decided_at: datetime | None = strawberry.field(description="When it was decided or withdrawn.")
    note: str = strawberry.field(description="What the person who decided wrote.")
    member_id: strawberry.ID = strawberry.field(description="Whose points they are: a global id.")
    program_id: strawberry.ID = strawberry.field(description="The program: a global id.")
    row: strawberry.Private[RiskReview]

    @classmethod
    def of(cls, row: RiskReview) -> "RiskReviewType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            state=ReviewState(row.state),
            leaving=Leaving(row.leaving),
            points=BigInt(row.points),
            reasons=[
                RiskReason(
                    kind=RiskKind(one["kind"]), found=BigInt(one["found"]), threshold=BigInt(one["threshold"])
                )
                for one in row.reasons["met"]
            ],
            opened_at=row.opened_at,
            decided_at=row.decided_at,
            note=row.note,
            member_id=strawberry.ID(ids.public("member", row.member_id)),
            program_id=strawberry.ID(ids.public("program", row.program_id)),
            row=row,
        )


@strawberry.type(name="RiskRule", description="What is odd for a program, from a moment on.")
class RiskRuleType:
    leaving: Leaving = strawberry.field(description="For which way out.")
    kind: RiskKind = strawberry.field(description="What is counted.")
    threshold: BigInt | None = strawberry.field(description="Beyond what it is odd; null: no rule any more.")
    hours: int = strawberry.field(description="Within how many hours it is counted.")
    valid_from: datetime = strawberry.field(description="Since when, until the next one of its kind.")

    @classmethod
    def of(cls, row: RiskRule) -> "RiskRuleType":
        return cls(
            leaving=Leaving(row.leaving),
            kind=RiskKind(row.kind),
            threshold=None if row.threshold is None else BigInt(row.threshold),
            hours=row.hours,
            valid_from=row.valid_from,
        )


@node_loader(PREFIX)
async def load_reviews(info: Info, keys: list[UUID]) -> dict[UUID, RiskReviewType]:
    """Those of the keys, for who may decide."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.RISK):
        return {}
    return {row.id: RiskReviewType.of(row) for row in await queries.reviews(None).filter(id__in=keys)}


@strawberry.input(description="A rule of a program, from now on.")
class SetRiskRuleInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    leaving: Leaving = strawberry.field(description="For which way out.")
    kind: RiskKind = strawberry.field(description="What is counted.")
    threshold: BigInt | None = strawberry.field(default=None, description="Beyond what it is odd; null ends it.")
    hours: int = strawberry.field(default=24, description="Within how many hours it is counted.")

    def command(self) -> operations.SetRiskRule:
        """The command; raises InvalidInput for what is no program."""
        return operations.SetRiskRule(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId"),
            leaving=self.leaving,
            kind=self.kind,
            threshold=self.threshold,
            hours=self.hours,
        )


@strawberry.type
class Query:
    @strawberry.field(description="What is held until a person decides, the newest first.")
    async def risk_reviews(
        self,
        info: Info,
        state: Annotated[ReviewState | None, strawberry.argument(description="Only those in this state.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[RiskReviewType]:
        actor_with(info, Scope.RISK, ActorKind.OPERATOR)
        query = queries.reviews(state)
        return Connection[RiskReviewType].of(
            await page_of(query, first=first, after=after), RiskReviewType.of, query.count
        )

    @strawberry.field(description="The rules of a program, the newest first; at most 100.")
    async def risk_rules(
        self, info: Info, program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")]
    ) -> list[RiskRuleType]:
        actor_with(info, Scope.RISK, ActorKind.OPERATOR)
        rows = await queries.stated_rules(id_of("program", program_id, "programId"))
        return [RiskRuleType.of(row) for row in rows]


@strawberry.type
class Mutation:
    @mutation(gives=RiskRuleType, refuses=[NotFound], description="State what is odd for a program, from now on.")
    async def set_risk_rule(self, info: Info, input: SetRiskRuleInput) -> RiskRuleType:
        return RiskRuleType.of(await operations.set_risk_rule(actor_of(info), input.command()))
