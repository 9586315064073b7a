"""Opening and closing offers, for operators."""

from uuid import UUID

import strawberry

from marketplace.catalog import operations, queries
from marketplace.catalog.graphql.offers import OfferType, offer_of
from marketplace.catalog.models import Offer
from marketplace.catalog.operations import PublishOffer, RetireOffer, SetOfferAccess
from marketplace.catalog.refusals import NothingToTake
from marketplace.kit import ids
from marketplace.kit.graphql import Info, WriteInput, actor_of, mutation
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.refusals import NotFound
from marketplace.partners.refusals import PartnerNotApproved


@strawberry.type(description="An offer whose standing has changed.")
class OfferChanged:
    offer: OfferType | None = strawberry.field(description="The offer as it stands now.")


@strawberry.input(description="Which offer to put into the catalogue.")
class PublishOfferInput(WriteInput):
    offer_id: strawberry.ID = strawberry.field(description="The offer.")


@strawberry.input(description="Which offer to take out of the catalogue.")
class RetireOfferInput(WriteInput):
    offer_id: strawberry.ID = strawberry.field(description="The offer.")


def _offer_key(id: str) -> UUID:
    """The offer behind a global id; raises NotFound for what is no offer's id."""
    try:
        return ids.parse("offer", id)
    except ids.BadId:
        raise NotFound(what="offer") from None


async def _changed(info: Info, row: Offer) -> OfferChanged:
    found = await queries.offers_by_id(actor_of(info), [row.id])
    return OfferChanged(offer=offer_of(found[row.id]))


@strawberry.input(description="How many units one member can take in a period.")
class OfferLimitInput:
    period: LimitPeriod = strawberry.field(description="The period, in the time zone of the member's program.")
    units: int = strawberry.field(description="How many units.")


@strawberry.input(description="How much earlier an offer opens for a tier.")
class EarlyAccessInput:
    tier_rank: int = strawberry.field(description="For members from this rank on; the lowest level has rank 0.")
    hours: int = strawberry.field(description="How many hours earlier.")


@strawberry.input(description="An offer's limits and early access; what is left out is taken away.")
class SetOfferAccessInput(WriteInput):
    offer_id: strawberry.ID = strawberry.field(description="The offer.")
    limits: list[OfferLimitInput] = strawberry.field(default_factory=list, description="Its limits per member.")
    early_access: list[EarlyAccessInput] = strawberry.field(
        default_factory=list, description="For whom it opens earlier."
    )


@strawberry.type
class OfferMutation:
    @mutation(
        gives=OfferChanged,
        refuses=(NotFound,),
        description="Set what one member can take of an offer in a period, and who gets in earlier.",
    )
    async def set_offer_access(self, info: Info, input: SetOfferAccessInput) -> OfferChanged:
        command = SetOfferAccess(
            idempotency_key=input.idempotency_key,
            offer_id=_offer_key(input.offer_id),
            limits=tuple((each.period, each.units) for each in input.limits),
            early_access=tuple((each.tier_rank, each.hours) for each in input.early_access),
        )
        return await _changed(info, await operations.set_offer_access(actor_of(info), command))

    @mutation(
        gives=OfferChanged,
        refuses=(NotFound, NothingToTake, PartnerNotApproved),
        description="Put an offer into the catalogue, for operators.",
    )
    async def publish_offer(self, info: Info, input: PublishOfferInput) -> OfferChanged:
        command = PublishOffer(idempotency_key=input.idempotency_key, offer_id=_offer_key(input.offer_id))
        return await _changed(info, await operations.publish_offer(actor_of(info), command))

    @mutation(
        gives=OfferChanged,
        refuses=(NotFound,),
        description="Take an offer out of the catalogue, for operators. What was redeemed stays as it is.",
    )
    async def retire_offer(self, info: Info, input: RetireOfferInput) -> OfferChanged:
        command = RetireOffer(idempotency_key=input.idempotency_key, offer_id=_offer_key(input.offer_id))
        return await _changed(info, await operations.retire_offer(actor_of(info), command))
