"""When points expire, in the graph: a program's policy, and what becomes of points while they are away."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import strawberry

from marketplace.kit.actor import Scope
from marketplace.kit.graphql import (
    BigInt,
    Info,
    WriteInput,
    actor_with,
    batched,
    describe_enum,
    extend,
    id_of,
    mutation,
)
from marketplace.kit.refusals import NotFound
from marketplace.members.graphql import ProgramType
from marketplace.points import operations, queries, rules
from marketplace.points.models import ExpiryKind, ExpiryPeriod, ExpiryPolicy, ReturnRule
from marketplace.points.rules import Dated, Policy

describe_enum(
    ExpiryKind,
    "How points come to their date.",
    FIXED="They live some months from the day they were earned.",
    ROLLING="They live some months from the last time the member earned or spent anything.",
    CALENDAR="They end with a calendar period, in the program's time zone.",
    NEVER="They do not expire.",
)
describe_enum(
    ExpiryPeriod,
    "A calendar that points end with.",
    MONTH="Calendar months.",
    QUARTER="Calendar quarters.",
    YEAR="Calendar years.",
)
describe_enum(
    ReturnRule,
    "What becomes of points whose date passes while they are held, spent or given away.",
    KEEP="They keep their date, so they are lost when they come back.",
    GRACE="They can be used for some more days from when they come back.",
    RENEW="They begin a new life by the program's policy when they come back.",
)


@strawberry.type(description="Points with one date.")
class DatedPoints:
    points: BigInt = strawberry.field(description="How many points.")
    expires_at: datetime | None = strawberry.field(description="When they expire; null for never.")

    @classmethod
    def of(cls, dated: Dated) -> "DatedPoints":
        return cls(points=BigInt(dated.points), expires_at=dated.expires_at)


@strawberry.type(description="What becomes of points whose date passes while they are away.")
class ReturnTerms:
    rule: ReturnRule = strawberry.field(description="The program's rule.")
    grace_days: int = strawberry.field(description="How many days GRACE gives; 0 for the other rules.")
    text: str = strawberry.field(description="The rule in a sentence.")
    first_expires_at: datetime | None = strawberry.field(
        description="When the first of these points expire; null when none of them does."
    )
    points: list[DatedPoints] = strawberry.field(description="These points by their dates, the earliest first.")

    @classmethod
    def of(cls, policy: Policy, points: Sequence[Dated], languages: Sequence[str]) -> "ReturnTerms":
        return cls(
            rule=policy.returned,
            grace_days=policy.grace_days,
            text=rules.return_text(policy, languages),
            first_expires_at=min((each.expires_at for each in points if each.expires_at), default=None),
            points=[DatedPoints.of(each) for each in points],
        )


@strawberry.type(name="ExpiryPolicy", description="How the points of a program expire, from a moment on.")
class ExpiryPolicyType:
    kind: ExpiryKind = strawberry.field(description="How points come to their date.")
    months: int | None = strawberry.field(description="How many months FIXED and ROLLING points live.")
    period: ExpiryPeriod | None = strawberry.field(description="The period that CALENDAR points end with.")
    periods_after: int = strawberry.field(description="How many more of them they live.")
    returned: ReturnRule = strawberry.field(description="What becomes of points whose date passes meanwhile.")
    grace_days: int = strawberry.field(description="How many days GRACE gives.")
    notice_days: list[int] = strawberry.field(description="How many days ahead members are told, each once.")
    valid_from: datetime | None = strawberry.field(
        description="From when it holds for points that are earned; null for the policy a program begins with."
    )

    @classmethod
    def of(cls, policy: Policy) -> "ExpiryPolicyType":
        return cls(
            kind=policy.kind,
            months=policy.months,
            period=policy.period,
            periods_after=policy.periods_after,
            returned=policy.returned,
            grace_days=policy.grace_days,
            notice_days=list(policy.notice_days),
            valid_from=policy.valid_from,
        )

    @classmethod
    def of_row(cls, row: ExpiryPolicy) -> "ExpiryPolicyType":
        return cls(
            kind=ExpiryKind(row.kind),
            months=row.months,
            period=ExpiryPeriod(row.period) if row.period else None,
            periods_after=row.periods_after,
            returned=ReturnRule(row.returned),
            grace_days=row.grace_days,
            notice_days=list(row.notice_days),
            valid_from=row.valid_from,
        )


async def _policies(info: Info, wanted: list[UUID]) -> dict[UUID, Policy]:
    return await queries.policies(wanted)


async def policy_of(info: Info, program_id: UUID) -> Policy | None:
    """The policy of a program that is in force, asked once a request for all of them."""
    return await batched(info, "expiry policies", _policies, program_id)


@extend(ProgramType)
class ProgramExpiry:
    """What the points room knows of a program."""

    @strawberry.field(description="How points expire that are earned now.")
    async def expiry_policy(self, info: Info, program: strawberry.Parent[ProgramType]) -> ExpiryPolicyType | None:
        found = await policy_of(info, program.row.id)
        return ExpiryPolicyType.of(found) if found else None


@strawberry.input(description="How points expire that are earned from now, or from a later day, on.")
class SetExpiryPolicyInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    kind: ExpiryKind = strawberry.field(description="How points come to their date.")
    months: int | None = strawberry.field(default=None, description="How long FIXED and ROLLING points live.")
    period: ExpiryPeriod | None = strawberry.field(default=None, description="What CALENDAR points end with.")
    periods_after: int = strawberry.field(default=0, description="How many more periods CALENDAR points live.")
    returned: ReturnRule = strawberry.field(
        default=ReturnRule.KEEP, description="What becomes of points whose date passes while they are away."
    )
    grace_days: int = strawberry.field(default=0, description="How many days GRACE gives.")
    notice_days: list[int] = strawberry.field(
        default_factory=lambda: list(rules.NOTICE_DAYS), description="How many days ahead members are told."
    )
    valid_from: date | None = strawberry.field(default=None, description="Today or a later day; now if left out.")


@strawberry.type
class ExpiryMutation:
    @mutation(
        gives=ExpiryPolicyType,
        refuses=(NotFound,),
        description="Set how points expire that are earned from now on. Points earned before keep their life.",
    )
    async def set_expiry_policy(self, info: Info, input: SetExpiryPolicyInput) -> ExpiryPolicyType:
        actor = actor_with(info, Scope.PROGRAM_MANAGE)
        command = operations.SetExpiryPolicy(
            idempotency_key=input.idempotency_key,
            program_id=id_of("program", input.program_id, "programId"),
            kind=input.kind,
            months=input.months,
            period=input.period,
            periods_after=input.periods_after,
            returned=input.returned,
            grace_days=input.grace_days,
            notice_days=tuple(input.notice_days),
            valid_from=input.valid_from,
        )
        row: ExpiryPolicy = await operations.set_expiry_policy(actor, command)
        return ExpiryPolicyType.of_row(row)
