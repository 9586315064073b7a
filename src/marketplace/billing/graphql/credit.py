"""Lines of credit: what finance grants, and how each stands."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.billing import operations, queries
from marketplace.billing.models import CreditChange, CreditChangeState
from marketplace.billing.refusals import CreditChangeDecided, CreditLineInUse
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import NotFound, SamePerson, WrongCurrency
from marketplace.members.graphql import ProgramType

describe_enum(
    CreditChangeState,
    "Where a proposed limit stands.",
    PROPOSED="Somebody else has to decide on it.",
    APPROVED="It was approved, and held from then until the next one.",
    DECLINED="It was turned down; nothing changed.",
)


@strawberry.type(
    description="How far a program may spend beyond what it has paid in. What it pays in repays it first."
)
class CreditLine:
    limit: MoneyType = strawberry.field(description="As far as this: drawn, held and left together.")
    drawn: MoneyType = strawberry.field(description="What rewards have cost beyond what was paid in.")
    held: MoneyType = strawberry.field(description="Set aside on it for redemptions that are not fulfilled yet.")
    left: MoneyType = strawberry.field(description="What can still be drawn.")
    payment_days: int = strawberry.field(description="Within how many days an invoice for it is to be paid.")


@strawberry.type(name="CreditLineChange", description="A limit that one person of finance proposed for a program.")
class CreditChangeType(Node):
    limit: MoneyType = strawberry.field(description="As far as this.")
    payment_days: int = strawberry.field(description="Within how many days an invoice for it is to be paid.")
    reason: str = strawberry.field(description="Why.")
    state: CreditChangeState = strawberry.field(description="Where it stands.")
    proposed_at: datetime = strawberry.field(description="When it was proposed.")
    decided_at: datetime | None = strawberry.field(description="When it was approved or declined.")
    proposed_by: strawberry.ID = strawberry.field(description="The operator who proposed it.")
    decided_by: strawberry.ID | None = strawberry.field(description="The operator who decided on it.")
    program_key: strawberry.Private[UUID]

    @strawberry.field(description="Whose limit it is.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.program_key)

    @classmethod
    def of(cls, row: CreditChange) -> "CreditChangeType":
        return cls(
            id=strawberry.ID(ids.public("creditLineChange", row.id)),
            limit=MoneyType.minor(row.limit_minor, row.currency),
            payment_days=row.payment_days,
            reason=row.reason,
            state=CreditChangeState(row.state),
            proposed_at=row.proposed_at,
            decided_at=row.decided_at,
            proposed_by=strawberry.ID(ids.public("operator", row.proposed_by)),
            decided_by=strawberry.ID(ids.public("operator", row.decided_by)) if row.decided_by else None,
            program_key=row.program_id,
        )


@node_loader("creditLineChange")
async def load_changes(info: Info, wanted: list[UUID]) -> dict[UUID, CreditChangeType]:
    rows = await queries.credit_changes_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: CreditChangeType.of(row) for row in rows}


@strawberry.type
class CreditQuery:
    @strawberry.field(description="Limits that were proposed, newest first, for finance.")
    async def credit_line_changes(
        self,
        info: Info,
        state: Annotated[
            CreditChangeState | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[CreditChangeType]:
        query = queries.credit_changes_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        query = query.filter(state=state.value) if state else query
        page = await paging.page_of(query, first=first, after=after)
        return Connection[CreditChangeType].of(page, CreditChangeType.of, query.count)


@strawberry.input(description="How far a program may spend beyond what it has paid in.")
class ProposeCreditLineInput(WriteInput):
    program_id: strawberry.ID = strawberry.field(description="The program.")
    limit: MoneyInput = strawberry.field(description="As far as this, in its home currency; 0 ends the line.")
    payment_days: int = strawberry.field(
        default=14, description="Within how many days an invoice for it is to be paid, 0 to 365."
    )
    reason: str = strawberry.field(description="Why, 1 to 300 characters.")

    def command(self) -> operations.ProposeCreditLine:
        """The command; raises InvalidInput for another thing's id or an amount that is none."""
        return operations.ProposeCreditLine(
            idempotency_key=self.idempotency_key,
            program_id=id_of("program", self.program_id, "programId"),
            limit=self.limit.money("limit"),
            payment_days=self.payment_days,
            reason=self.reason,
        )


@strawberry.input(description="A limit to approve.")
class ApproveCreditLineInput(WriteInput):
    change_id: strawberry.ID = strawberry.field(description="The proposal, of somebody else.")

    def command(self) -> operations.DecideCreditLine:
        return _decide(self.idempotency_key, self.change_id)


@strawberry.input(description="A limit to turn down.")
class DeclineCreditLineInput(WriteInput):
    change_id: strawberry.ID = strawberry.field(description="The proposal, of somebody else.")

    def command(self) -> operations.DecideCreditLine:
        return _decide(self.idempotency_key, self.change_id)


def _decide(key: str, change: str) -> operations.DecideCreditLine:
    return operations.DecideCreditLine(
        idempotency_key=key, change_id=id_of("creditLineChange", change, "changeId")
    )


@strawberry.type
class CreditMutation:
    @mutation(
        gives=CreditChangeType,
        refuses=(NotFound, WrongCurrency),
        description="Propose a line of credit for a program. Nothing changes before somebody else approves.",
    )
    async def propose_credit_line(self, info: Info, input: ProposeCreditLineInput) -> CreditChangeType:
        return CreditChangeType.of(await operations.propose_credit_line(actor_of(info), input.command()))

    @mutation(
        gives=CreditChangeType,
        refuses=(NotFound, SamePerson, CreditChangeDecided, CreditLineInUse),
        description="Approve another person's limit; it holds from now on.",
    )
    async def approve_credit_line(self, info: Info, input: ApproveCreditLineInput) -> CreditChangeType:
        return CreditChangeType.of(await operations.approve_credit_line(actor_of(info), input.command()))

    @mutation(
        gives=CreditChangeType,
        refuses=(NotFound, SamePerson, CreditChangeDecided),
        description="Turn another person's limit down.",
    )
    async def decline_credit_line(self, info: Info, input: DeclineCreditLineInput) -> CreditChangeType:
        return CreditChangeType.of(await operations.decline_credit_line(actor_of(info), input.command()))
