"""Giving in the graph."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from marketplace.donations import models, operations, queries
from marketplace.donations.models import Pledge, PledgeState
from marketplace.donations.refusals import CharityNotOpen, DonationTooSmall, PledgeNotCancellable
from marketplace.kit import ids
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    id_of,
    mutation,
    node_loader,
)
from marketplace.kit.messages import noted, say
from marketplace.kit.paging import page_of
from marketplace.kit.refusals import NotFound
from marketplace.members.refusals import ProgramUnfunded
from marketplace.partners.graphql import CharityType
from marketplace.partners.models import Partner
from marketplace.points.graphql import Cause, Moved, causes_of
from marketplace.points.refusals import InsufficientPoints

describe_enum(
    PledgeState,
    "Where a donation stands.",
    PLEDGED="It is owed to the charity.",
    REMITTED="It has left for the charity.",
    CANCELLED="It was undone; the member has the points again.",
)


async def _charities(info: Info, wanted: list[UUID]) -> dict[UUID, Partner]:
    return {row.id: row for row in await Partner.filter(id__in=wanted)}


@strawberry.type(description="That a donation has reached the charity's bank.")
class DonationReceipt:
    number: str = strawberry.field(description="Its number, such as DR-2027-000000042; a year lacks none.")
    amount: MoneyType = strawberry.field(description="What has reached the charity.")
    issued_at: datetime = strawberry.field(description="When it had.")
    voided_at: datetime | None = strawberry.field(
        description="Since when it does not count, because the bank took the money back; null while it counts."
    )
    pdf: str = strawberry.field(
        description="Where it is on this server as PDF, with your token; `?language=nb` names the language."
    )

    @classmethod
    def of(cls, row: models.DonationReceipt) -> "DonationReceipt":
        return cls(
            number=row.number,
            amount=MoneyType.minor(row.amount_minor, row.currency),
            issued_at=row.issued_at,
            voided_at=row.voided_at,
            pdf=f"/donations/receipts/{ids.public('donationReceipt', row.id)}.pdf",
        )


async def _receipts(info: Info, wanted: list[UUID]) -> dict[UUID, list[models.DonationReceipt]]:
    return await queries.receipts_of(wanted)


@strawberry.type(name="Pledge", description="A donation, acknowledged at once and remitted with others.")
class PledgeType(Node):
    number: str = strawberry.field(description="The number of the acknowledgement.")
    points: BigInt = strawberry.field(description="The points that were given.")
    amount: MoneyType = strawberry.field(description="The money the charity receives for them.")
    message: str = strawberry.field(description="The giver's words.")
    state: PledgeState = strawberry.field(description="Where it stands.")
    pledged_at: datetime = strawberry.field(description="When it was given.")
    remitted_at: datetime | None = strawberry.field(description="When it reached the charity's bank.")
    row: strawberry.Private[Pledge]

    @classmethod
    def of(cls, row: Pledge) -> "PledgeType":
        return cls(
            id=strawberry.ID(ids.public("pledge", row.id)),
            number=row.number,
            points=BigInt(row.points),
            amount=MoneyType.minor(row.amount_minor, row.currency),
            message=row.message,
            state=PledgeState(row.state),
            pledged_at=row.pledged_at,
            remitted_at=row.remitted_at,
            row=row,
        )

    @strawberry.field(description="Who receives it.")
    async def charity(self, info: Info) -> CharityType | None:
        row: Partner | None = await batched(info, "charities", _charities, self.row.charity_id)
        return CharityType.of(row) if row else None

    @strawberry.field(description="Its receipts, oldest first: at most the last one counts, once it is REMITTED.")
    async def receipts(self, info: Info) -> list[DonationReceipt]:
        found = await batched(info, "donation_receipts", _receipts, self.row.id)
        return [DonationReceipt.of(row) for row in found or []]

    @strawberry.field(description="What can be shown or sent to the giver.")
    async def acknowledgement(self, info: Info) -> str:
        charity: Any = await batched(info, "charities", _charities, self.row.charity_id)
        amount = f"{self.amount.amount} {self.amount.currency}"
        return f"{self.number}: thank you for {amount} to {charity.name} ({charity.registry_id})."


@causes_of("pledge", "donation")
async def told_pledges(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    """The donations behind movements of wallets: each holds its points under a key of its own."""
    by_hold = {each.hold_id: each.cause_id for each in wanted if each.hold_id}
    rows = await queries.pledges_for(actor_of(info)).filter(hold_id__in=list(by_hold)).prefetch_related("charity")
    languages = info.context.languages
    return {
        by_hold[row.hold_id]: Cause(
            say(noted("Donation to {charity}"), {"charity": row.charity.name}, languages), ("pledge", row.id)
        )
        for row in rows
    }


@node_loader("pledge")
async def load_pledges(info: Info, wanted: list[UUID]) -> dict[UUID, PledgeType]:
    rows = await queries.pledges_for(actor_of(info)).filter(id__in=wanted)
    return {row.id: PledgeType.of(row) for row in rows}


@strawberry.type
class Query:
    """Donations."""

    @strawberry.field(description="The donations you may see, the newest first.")
    async def pledges(self, info: Info, first: First = None, after: After = None) -> Connection[PledgeType]:
        rows = queries.pledges_for(actor_of(info))
        page = await page_of(rows, first=first, after=after)
        return Connection[PledgeType].of(page, PledgeType.of, rows.count)


@strawberry.input(description="Points for a charity.")
class DonatePointsInput(WriteInput):
    charity_id: strawberry.ID = strawberry.field(description="The charity; `charities` lists them.")
    points: BigInt = strawberry.field(description="How many points.")
    message: str = strawberry.field(default="", description="Up to 300 characters for the charity.")


@strawberry.input(description="A donation that is to be undone.")
class CancelPledgeInput(WriteInput):
    pledge_id: strawberry.ID = strawberry.field(description="The donation.")
    reason: str = strawberry.field(description="Why, for the record.")


@strawberry.type
class Mutation:
    """Giving to charities."""

    @mutation(
        gives=PledgeType,
        refuses=(NotFound, InsufficientPoints, ProgramUnfunded, CharityNotOpen, DonationTooSmall),
        description="Give points to a charity of your choice, at their full value.",
    )
    async def donate_points(self, info: Info, input: DonatePointsInput) -> PledgeType:
        actor = actor_with(info, Scope.GIVE, ActorKind.MEMBER)
        command = operations.DonatePoints(
            idempotency_key=input.idempotency_key,
            charity_id=id_of("charity", input.charity_id, "charityId"),
            points=input.points,
            message=input.message,
        )
        return PledgeType.of(await operations.donate_points(actor, command))

    @mutation(
        gives=PledgeType,
        refuses=(NotFound, PledgeNotCancellable),
        description="Undo a donation that has not left for the charity, for support.",
    )
    async def cancel_pledge(self, info: Info, input: CancelPledgeInput) -> PledgeType:
        actor = actor_with(info, Scope.SUPPORT, ActorKind.OPERATOR)
        command = operations.CancelPledge(
            idempotency_key=input.idempotency_key,
            pledge_id=id_of("pledge", input.pledge_id, "pledgeId"),
            reason=input.reason,
        )
        return PledgeType.of(await operations.cancel_pledge(actor, command))
