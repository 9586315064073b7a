"""Reads of pledges, scoped to whoever asks."""

from collections.abc import Sequence
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.donations.models import DonationReceipt, Pledge
from marketplace.kit.actor import Actor, ActorKind, Scope


def pledges_for(actor: Actor) -> QuerySet[Pledge]:
    """A member's own, a charity's own, a program's members', all for support and finance."""
    if actor.kind is ActorKind.MEMBER:
        return Pledge.filter(member_id=actor.id)
    if actor.kind is ActorKind.PARTNER:
        return Pledge.filter(charity_id=actor.id)
    if actor.kind is ActorKind.PROGRAM:
        return Pledge.filter(member__program_id=actor.id)
    if actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ):
        return Pledge.all()
    return Pledge.filter(id__in=[])


async def pledges_of(redemption_ids: Sequence[UUID]) -> dict[UUID, Pledge]:
    """The pledges that redemptions of donation offers made, by redemption."""
    found = await Pledge.filter(redemption_id__in=list(redemption_ids))
    return {row.redemption_id: row for row in found if row.redemption_id}


async def receipt_for(actor: Actor, receipt_id: UUID) -> DonationReceipt | None:
    """A receipt of a donation that the actor may see; None for a foreign one, too."""
    receipt = await DonationReceipt.get_or_none(id=receipt_id)
    seen = receipt is not None and await pledges_for(actor).filter(id=receipt.pledge_id).exists()
    return receipt if seen else None


async def receipts_of(pledge_ids: Sequence[UUID]) -> dict[UUID, list[DonationReceipt]]:
    """The receipts of donations, oldest first, by donation; whoever asks was shown these."""
    found: dict[UUID, list[DonationReceipt]] = {id: [] for id in pledge_ids}
    for receipt in await DonationReceipt.filter(pledge_id__in=list(pledge_ids)).order_by("year", "sequence"):
        found[receipt.pledge_id].append(receipt)
    return found
