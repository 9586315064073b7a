"""Doors of the catalogue: opening and closing offers by hand. Files of offers come in by uploads."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import Item, Offer, OfferStatus
from marketplace.catalog.publishing import refresh_listings
from marketplace.catalog.refusals import NothingToTake
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import NotFound
from marketplace.partners.models import Brand
from marketplace.partners.queries import must_be_approved


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOffer(Command):
    """Put an offer into the catalogue."""

    offer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireOffer(Command):
    """Take an offer out of the catalogue."""

    offer_id: UUID


async def _locked(offer_id: UUID) -> Offer:
    offer = await Offer.filter(id=offer_id).select_for_update().first()
    if offer is None:
        raise NotFound(what="offer")
    return offer


async def _stand(offer: Offer, status: OfferStatus) -> Offer:
    offer.status = status.value
    await offer.save(update_fields=["status"])
    await refresh_listings([offer.id])
    return offer


@operation(scope=Scope.CATALOG_MANAGE, returns=Offer)
async def publish_offer(actor: Actor, command: PublishOffer) -> Offer:
    """Let lists show an offer wherever it has something to take.

    Raises NotFound, NothingToTake, or PartnerNotApproved for an offer of a partner that may not publish.
    """
    offer = await _locked(command.offer_id)
    brand = await Brand.get(id=offer.brand_id)
    await must_be_approved(brand.partner_id)
    if not await Item.filter(offer_id=offer.id, active=True).exists():
        raise NothingToTake
    return await _stand(offer, OfferStatus.PUBLISHED)


@operation(scope=Scope.CATALOG_MANAGE, returns=Offer)
async def retire_offer(actor: Actor, command: RetireOffer) -> Offer:
    """Stop an offer from being taken. What members took stays theirs, and its page can still be read.

    Raises NotFound.
    """
    return await _stand(await _locked(command.offer_id), OfferStatus.RETIRED)
