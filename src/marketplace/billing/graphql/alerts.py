"""How long a program's money lasts, and when it wants to be told."""

from datetime import datetime
from uuid import UUID

import strawberry

from marketplace.billing import alerts, operations, queries
from marketplace.billing.models import FundingAlert, FundingNotice
from marketplace.kit import ids
from marketplace.kit.graphql import (
    Info,
    MoneyInput,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import WrongCurrency
from marketplace.members.graphql import ProgramType
from marketplace.members.models import Program

MOST_NOTICES = 20


@strawberry.type(description="When a program is told that its money runs low: once for each time that it does.")
class FundingAlertTerms:
    below: MoneyType | None = strawberry.field(description="When less than this can be spent.")
    days: int | None = strawberry.field(description="When it lasts fewer days than these at the present rate.")
    low_since: datetime | None = strawberry.field(description="Since when it is low; null while it is not.")


@strawberry.type(name="FundingNotice", description="That a program was told its money runs low, and how it stood.")
class FundingNoticeType(Node):
    available: MoneyType = strawberry.field(description="What could be spent.")
    per_day: MoneyType = strawberry.field(description="What a day cost.")
    days_left: int | None = strawberry.field(description="For how many days it lasted at that rate.")
    at: datetime = strawberry.field(description="When it was told.")
    program_key: strawberry.Private[UUID]

    @strawberry.field(description="Whose money it is.")
    async def program(self, info: Info) -> ProgramType | None:
        return await load_node(info, "program", self.program_key)


@node_loader("fundingNotice")
async def load_notices(info: Info, wanted: list[UUID]) -> dict[UUID, FundingNoticeType]:
    rows = await queries.notices_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: _notice(row) for row in rows}


def _notice(row: FundingNotice) -> FundingNoticeType:
    return FundingNoticeType(
        id=strawberry.ID(ids.public("fundingNotice", row.id)),
        available=MoneyType.minor(row.available_minor, row.currency),
        per_day=MoneyType.minor(row.per_day_minor, row.currency),
        days_left=row.days_left,
        at=row.at,
        program_key=row.program_id,
    )


@strawberry.type(description="How long a program's money lasts.")
class Runway:
    per_day: MoneyType = strawberry.field(
        description="What a day costs now: what the last 28 days cost, or all of a younger program's, a day."
    )
    days_left: int | None = strawberry.field(
        description="For how many whole days what is available lasts at that rate; null while nothing is spent."
    )
    alert: FundingAlertTerms | None = strawberry.field(
        description="When it is told; null when it does not want to."
    )
    program_key: strawberry.Private[UUID]

    @strawberry.field(description=f"That it was told, the newest first, at most {MOST_NOTICES}.")
    async def notices(self) -> list[FundingNoticeType]:
        rows = await FundingNotice.filter(program_id=self.program_key).order_by("-id").limit(MOST_NOTICES)
        return [_notice(row) for row in rows]


async def runway_of(program: Program, available_minor: int) -> Runway:
    """What `Funding.runway` shows."""
    found = await alerts.runway_of(program, available_minor)
    alert, currency = await FundingAlert.get_or_none(program_id=program.id), program.home_currency
    return Runway(
        per_day=MoneyType.minor(found.per_day_minor, currency),
        days_left=found.days_left,
        program_key=program.id,
        alert=None
        if alert is None
        else FundingAlertTerms(
            below=None if alert.below_minor is None else MoneyType.minor(alert.below_minor, currency),
            days=alert.days,
            low_since=alert.low_since,
        ),
    )


@strawberry.input(description="When your program is told that its money runs low.")
class SetFundingAlertInput(WriteInput):
    below: MoneyInput | None = strawberry.field(
        default=None, description="When less than this can be spent, in the home currency."
    )
    days: int | None = strawberry.field(
        default=None, description="When it lasts fewer days than these at the present rate, 1 to 365."
    )

    def command(self) -> operations.SetFundingAlert:
        """The command; raises InvalidInput for an amount that is none."""
        return operations.SetFundingAlert(
            idempotency_key=self.idempotency_key,
            below=self.below.money("below") if self.below else None,
            days=self.days,
        )


@strawberry.type
class AlertMutation:
    @mutation(
        gives=ProgramType,
        refuses=(WrongCurrency,),
        description="Say when your program is told that its money runs low (webhook funding.low); neither: never.",
    )
    async def set_funding_alert(self, info: Info, input: SetFundingAlertInput) -> ProgramType:
        return ProgramType.of(await operations.set_funding_alert(actor_of(info), input.command()))
