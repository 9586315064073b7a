"""Reads of partners, brands and contracts, scoped to the actor."""

from dataclasses import dataclass, fields
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from marketplace.kit import clock, places
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.refusals import NotFound
from marketplace.kit.rows import Rows
from marketplace.partners.models import Brand, Contract, Partner, PartnerKind, PartnerStatus
from marketplace.partners.refusals import PartnerNotApproved
from marketplace.partners.rules import FIRST_TO_BEGIN, is_in_force

SEES_EVERYTHING = (ActorKind.OPERATOR, ActorKind.SYSTEM)


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand as it stands beside what is its own."""

    id: UUID
    name: str
    slug: str
    website: str | None
    wikidata_id: str | None
    countries: list[str]
    category: str | None
    partner_id: UUID


# `b` is the brand, in whichever statement joins it.
BRANDS = Rows(BrandRow, {field.name: f"b.{field.name}" for field in fields(BrandRow)}, always=("id",))


@dataclass(frozen=True, slots=True)
class TermsRow:
    """What a sale needs to know of the contract in force, as it stands beside the partner."""

    contract_id: UUID
    currency: str
    timezone: str
    vat_bp: int
    return_window_days: int


# `terms` is the contract in force at the moment, joined after its partner `p`.
TERMS = Rows(
    TermsRow,
    {field.name: f"terms.{field.name}" for field in fields(TermsRow)} | {"contract_id": "terms.id"},
)
TERMS_IN_FORCE = """
LEFT JOIN LATERAL (
    SELECT * FROM contract c WHERE c.partner_id = p.id
        AND c.valid_from <= ({moment}::timestamptz AT TIME ZONE c.timezone)::date
        AND (c.valid_until IS NULL OR c.valid_until > ({moment}::timestamptz AT TIME ZONE c.timezone)::date)
    ORDER BY c.valid_from DESC LIMIT 1
) terms ON TRUE"""


def _own(actor: Actor) -> list[UUID]:
    """The partner that asks; nobody when somebody else does."""
    return [actor.id] if actor.kind is ActorKind.PARTNER else []


def partners_visible_to(actor: Actor) -> QuerySet[Partner]:
    """A partner sees itself, operators see every partner, everybody else none."""
    if actor.kind in SEES_EVERYTHING:
        return Partner.all()
    return Partner.filter(id__in=_own(actor))


async def exists(partner_id: UUID) -> bool:
    """Whether there is such a partner."""
    return await Partner.exists(id=partner_id)


def contracts_visible_to(actor: Actor) -> QuerySet[Contract]:
    """Whoever of a partner reads its statements sees its contracts; who agrees on them and finance see all."""
    if actor.kind in SEES_EVERYTHING:
        reads = actor.may(Scope.FINANCE_READ) or actor.may(Scope.PARTNERS_MANAGE) or actor.may(Scope.SYSTEM)
        return Contract.all() if reads else Contract.filter(id__in=[])
    return Contract.filter(partner_id__in=_own(actor) if actor.may(Scope.STATEMENTS_READ) else [])


def brands_visible_to(actor: Actor) -> QuerySet[Brand]:
    """Every brand whose partner has been approved at some time; a partner sees its own at once."""
    if actor.kind in SEES_EVERYTHING:
        return Brand.all()
    known = Q(partner__approved_at__isnull=False) | Q(partner__status=PartnerStatus.APPROVED.value)
    return Brand.filter(known | Q(partner_id__in=_own(actor)))


def brands_listed_for(actor: Actor, search: str | None = None, country: str | None = None) -> QuerySet[Brand]:
    """The brands a list shows: of approved partners (and one's own), by a part of the name and by country."""
    query = brands_visible_to(actor)
    if actor.kind not in SEES_EVERYTHING:
        query = query.filter(Q(partner__status=PartnerStatus.APPROVED.value) | Q(partner_id__in=_own(actor)))
    if search and search.strip():
        query = query.filter(_named_like(search.strip()))
    return query.filter(countries__contains=[country]) if country else query


def charities(search: str | None = None, country: str | None = None) -> QuerySet[Partner]:
    """The approved charities, by a part of the name and by country."""
    query = Partner.filter(kind=PartnerKind.CHARITY.value, status=PartnerStatus.APPROVED.value)
    if search and search.strip():
        query = query.filter(_named_like(search.strip()))
    return query.filter(country=country) if country else query


def _named_like(text: str) -> Q:
    """A part of the name, with or without its accents."""
    slug = places.slug(text)
    return Q(name__icontains=text) | Q(slug__contains=slug) if slug else Q(name__icontains=text)


async def in_force_now(contracts: QuerySet[Contract]) -> dict[UUID, Contract]:
    """Which of these contracts is in force now, by its own time zone, for each partner that has one."""
    begun = contracts.filter(valid_from__lte=clock.today(FIRST_TO_BEGIN))
    found: dict[UUID, Contract] = {}
    for contract in await begun.order_by("valid_from"):
        if is_in_force(contract.valid_from, contract.valid_until, clock.today(contract.timezone)):
            found[contract.partner_id] = contract
    return found


async def must_be_approved(partner_id: UUID) -> Partner:
    """The partner, approved; raises PartnerNotApproved, and NotFound for nobody."""
    partner = await Partner.get_or_none(id=partner_id)
    if partner is None:
        raise NotFound(what="partner")
    if partner.status != PartnerStatus.APPROVED:
        raise PartnerNotApproved(status=PartnerStatus(partner.status))
    return partner
