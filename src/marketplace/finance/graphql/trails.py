"""The way back in the graph: from a thing to its journals and the lines of the trial balance, for finance."""

from decimal import Decimal
from typing import Annotated

import strawberry

from marketplace.finance import trails
from marketplace.finance.trails import Trail, TrailLine
from marketplace.kit import clock
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import After, Connection, First, Info, actor_with
from marketplace.ledger.balances import AsOf
from marketplace.ledger.graphql.books import AsOfInput, JournalType, TrialBalanceLine, exact
from marketplace.ledger.models import OwnerKind


@strawberry.type(description="What a trail moved on one line of the trial balance.")
class AuditTrailLine:
    owner_kind: OwnerKind = strawberry.field(description="Whose accounts they are.")
    purpose: str = strawberry.field(description="What they are for.")
    unit: str = strawberry.field(description="A currency, or a program's points.")
    debits: Decimal = strawberry.field(description="What the trail debited there, in major units or points.")
    credits: Decimal = strawberry.field(description="What it credited.")
    trial_balance_line: TrialBalanceLine | None = strawberry.field(
        description="The whole line at the moment asked for; null when nothing had moved there by then."
    )

    @classmethod
    def of(cls, line: TrailLine) -> "AuditTrailLine":
        return cls(
            owner_kind=OwnerKind(line.owner_kind),
            purpose=line.purpose,
            unit=line.unit,
            debits=exact(line.debits, line.unit),
            credits=exact(line.credits, line.unit),
            trial_balance_line=TrialBalanceLine.of(line.whole) if line.whole else None,
        )


@strawberry.type(description="Everything in the books that one thing caused.")
class AuditTrail:
    trail: strawberry.Private[Trail]
    as_of: strawberry.Private[AsOf]

    @strawberry.field(description="Its journals, in the order they were booked; empty when it caused none.")
    async def journals(self, first: First = None, after: After = None) -> Connection[JournalType]:
        page = await trails.journals(self.trail, first=first, after=after)
        return Connection[JournalType].of(page, JournalType.of)

    @strawberry.field(description="The lines of the trial balance that it is part of, with its part.")
    async def lines(self) -> list[AuditTrailLine]:
        return [AuditTrailLine.of(line) for line in await trails.lines(self.trail, self.as_of)]


@strawberry.type
class TrailQuery:
    @strawberry.field(
        description="The way from a thing that happened back to the trial balance, for finance: from a "
        "redemption, statement, top-up, adjustment, gift, pledge, award or any other cause of journals."
    )
    async def audit_trail(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID, strawberry.argument(description="The thing; of a statement, its payout too.")
        ],
        line: Annotated[
            int | None, strawberry.argument(description="Only the line of a statement at this position.")
        ] = None,
        as_of: Annotated[
            AsOfInput | None, strawberry.argument(description="The moment of the trial balance; now, if left out.")
        ] = None,
    ) -> AuditTrail:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        moment = as_of.moment() if as_of else AsOf(booked_by=clock.now())
        return AuditTrail(trail=trails.trail_of(id, line), as_of=moment)
