"""Doors of the catalogue: opening and closing offers by hand. Files of offers come in by uploads."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import Item, Offer, OfferStatus
from marketplace.catalog.publishing import refresh_listings
from marketplace.catalog.refusals import NothingToTake
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.messages import noted
from marketplace.kit.operations import Command, operation
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.partners.models import Brand
from marketplace.partners.queries import must_be_approved

MOST_UNITS = 1_000_000
MOST_HOURS = 720


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOfferAccess(Command):
    """How many units a member can take in each period, and how many hours earlier each tier gets in."""

    offer_id: UUID
    limits: tuple[tuple[LimitPeriod, int], ...] = ()
    early_access: tuple[tuple[int, int], ...] = ()


@operation(scope=Scope.CATALOG_MANAGE, returns=Offer)
async def set_offer_access(actor: Actor, command: SetOfferAccess) -> Offer:
    """Set an offer's limits and early access anew; what members took counts from then on. Raises InvalidInput."""
    offer = await _locked(command.offer_id)
    periods, ranks = [name for name, _ in command.limits], [rank for rank, _ in command.early_access]
    checks = [
        (
            all(0 < units < MOST_UNITS for _, units in command.limits),
            "limits",
            noted("Give 1 unit or more for each period."),
        ),
        (len(set(periods)) == len(periods), "limits", noted("Name each period once.")),
        (all(rank > 0 for rank in ranks), "earlyAccess", noted("A tier's rank here is 1 or more.")),
        (len(set(ranks)) == len(ranks), "earlyAccess", noted("Name each rank once.")),
        (
            all(0 < hours <= MOST_HOURS for _, hours in command.early_access),
            "earlyAccess",
            noted("Give 1 to 720 hours."),
        ),
    ]
    if problems := [Problem(path, text) for sound, path, text in checks if not sound]:
        raise InvalidInput(problems=problems)
    offer.limits = {period.value: units for period, units in command.limits} or None
    offer.early_access = {str(rank): hours for rank, hours in command.early_access} or None
    await offer.save(update_fields=["limits", "early_access"])
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
