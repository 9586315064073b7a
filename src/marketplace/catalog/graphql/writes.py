"""Opening and closing offers, for operators."""

from uuid import UUID

import strawberry

from marketplace.catalog import operations, queries
from marketplace.catalog.graphql.offers import OfferType, offer_of
from marketplace.catalog.models import Offer
from marketplace.catalog.operations import PublishOffer, RetireOffer
from marketplace.catalog.refusals import NothingToTake
from marketplace.kit import ids
from marketplace.kit.graphql import Info, WriteInput, actor_of, mutation
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


@strawberry.type
class OfferMutation:
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
