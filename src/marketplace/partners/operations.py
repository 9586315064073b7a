"""Doors of the partners' room: taking partners on, their brands, and the terms they are paid by."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tortoise.expressions import Q

from marketplace.kit import clock, facts, money, places
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.partners import queries, rules, terms_of_contracts
from marketplace.partners.facts import PartnerApproved, PartnerSuspended
from marketplace.partners.models import (
    Accrual,
    Brand,
    Contract,
    ContractRate,
    ContractTier,
    Partner,
    PartnerKind,
    PartnerStatus,
    Schedule,
    VatRule,
    VolumePeriod,
)
from marketplace.partners.refusals import (
    BrandNameTaken,
    ContractsOverlap,
    ContractTermsUsed,
    PartnerHasNoContract,
    PartnerNameTaken,
    PartnerStatusUnchanged,
    RegistryIdTaken,
)
from marketplace.partners.terms_of_contracts import Rate, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePartner(Command):
    """A counterparty to be looked at."""

    name: str
    kind: PartnerKind
    country: str
    registry_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovePartner(Command):
    """Let a partner publish."""

    partner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendPartner(Command):
    """Stop a partner from publishing."""

    partner_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBrand(Command):
    """A name that shoppers will see."""

    partner_id: UUID
    name: str
    website: str | None
    wikidata_id: str | None
    countries: tuple[str, ...]
    category: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreeContract(Command):
    """The terms of one stretch of time, from a day on and until (not including) another."""

    partner_id: UUID
    valid_from: date
    valid_until: date | None
    commission_bp: int
    vat_bp: int
    currency: str
    schedule: Schedule
    timezone: str
    minimum_payout: money.Money | None
    return_window_days: int
    tier_discount_share_bp: int = 0
    vat_rule: VatRule = VatRule.DOMESTIC
    vat_number: str | None = None
    fee: money.Money | None = None
    reserve_bp: int = 0
    reserve_days: int = 0
    discount_cap: money.Money | None = None
    volume_period: VolumePeriod = VolumePeriod.YEAR
    rates: tuple[Rate, ...] = ()
    tiers: tuple[Tier, ...] = ()


def _must_be_sound(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        raise InvalidInput(problems=found)


async def _locked(actor: Actor, partner_id: UUID) -> Partner:
    """The partner with its row locked, so that what hangs on it changes one after the other."""
    partner = await queries.partners_visible_to(actor).select_for_update().get_or_none(id=partner_id)
    if partner is None:
        raise NotFound(what="partner")
    return partner


@operation(scope=Scope.PARTNERS_MANAGE, returns=Partner)
async def create_partner(actor: Actor, command: CreatePartner) -> Partner:
    """Note a partner, PENDING until it is approved.

    Raises InvalidInput, PartnerNameTaken, or RegistryIdTaken for a charity that is here already.
    """
    name = command.name.strip()
    _must_be_sound(rules.partner_problems(name, command.kind, command.country, command.registry_id))
    slug = places.slug(name)
    if await Partner.exists(slug=slug):
        raise PartnerNameTaken(slug=slug)
    if command.registry_id is not None and await Partner.exists(registry_id=command.registry_id):
        raise RegistryIdTaken(taken=command.registry_id)
    return await Partner.create(
        name=name,
        slug=slug,
        kind=command.kind.value,
        status=PartnerStatus.PENDING.value,
        country=command.country,
        registry_id=command.registry_id,
        created_at=clock.now(),
    )


@operation(scope=Scope.PARTNERS_MANAGE, returns=Partner)
async def approve_partner(actor: Actor, command: ApprovePartner) -> Partner:
    """Let a partner publish, or let a suspended one back in; states PartnerApproved.

    Raises PartnerHasNoContract, PartnerStatusUnchanged for one that is approved, NotFound.
    """
    partner = await _locked(actor, command.partner_id)
    if partner.status == PartnerStatus.APPROVED:
        raise PartnerStatusUnchanged(status=PartnerStatus(partner.status))
    if not await Contract.exists(partner_id=partner.id):
        raise PartnerHasNoContract
    partner.status = PartnerStatus.APPROVED.value
    partner.approved_at = clock.now()
    await partner.save(update_fields=["status", "approved_at"])
    await facts.state(PartnerApproved(partner.id))
    return partner


@operation(scope=Scope.PARTNERS_MANAGE, returns=Partner)
async def suspend_partner(actor: Actor, command: SuspendPartner) -> Partner:
    """Stop a partner from publishing; states PartnerSuspended. What it is owed stays owed.

    Raises PartnerStatusUnchanged for one that is suspended, NotFound.
    """
    partner = await _locked(actor, command.partner_id)
    if partner.status == PartnerStatus.SUSPENDED:
        raise PartnerStatusUnchanged(status=PartnerStatus(partner.status))
    partner.status = PartnerStatus.SUSPENDED.value
    await partner.save(update_fields=["status"])
    await facts.state(PartnerSuspended(partner.id))
    return partner


@operation(scope=Scope.PARTNERS_MANAGE, returns=Brand)
async def create_brand(actor: Actor, command: CreateBrand) -> Brand:
    """Add a brand to a partner. Raises InvalidInput, BrandNameTaken, NotFound."""
    name = command.name.strip()
    countries = list(dict.fromkeys(command.countries))
    _must_be_sound(rules.brand_problems(name, command.website, command.wikidata_id, countries, command.category))
    partner = await _locked(actor, command.partner_id)
    slug = places.slug(name)
    if await Brand.exists(slug=slug):
        raise BrandNameTaken(slug=slug)
    return await Brand.create(
        partner=partner,
        name=name,
        slug=slug,
        website=command.website,
        wikidata_id=command.wikidata_id,
        countries=countries,
        category=command.category,
    )


@operation(scope=Scope.PARTNERS_MANAGE, returns=Contract)
async def agree_contract(actor: Actor, command: AgreeContract) -> Contract:
    """Put terms in force from a day on; the contract in force until then ends the day before.

    Raises InvalidInput, ContractsOverlap when a later contract begins in that time, ContractTermsUsed
    when sales of those days are on the books already, NotFound.
    """
    terms = {
        name: getattr(command, name)
        for name in ("valid_from", "valid_until", "commission_bp", "vat_bp", "currency", "timezone")
    }
    terms["return_window_days"] = command.return_window_days
    terms["tier_discount_share_bp"] = command.tier_discount_share_bp
    more = {name: getattr(command, name) for name in ("vat_number", "reserve_bp", "reserve_days")}
    partner = await _locked(actor, command.partner_id)
    kind = PartnerKind(partner.kind)
    _must_be_sound(
        [
            *rules.contract_problems(kind, **terms, minimum_payout=command.minimum_payout),
            *terms_of_contracts.problems(kind, command),
            *await _foreign_brands(partner, command.rates),
        ]
    )
    await _make_room(partner, command.valid_from, command.valid_until)
    contract = await Contract.create(
        **terms,
        **more,
        partner=partner,
        schedule=command.schedule.value,
        minimum_payout_minor=command.minimum_payout.minor if command.minimum_payout else 0,
        vat_rule=command.vat_rule.value,
        fee_minor=command.fee.minor if command.fee else 0,
        discount_cap_minor=command.discount_cap.minor if command.discount_cap else None,
        volume_period=command.volume_period.value,
    )
    for rate in command.rates:
        await ContractRate.create(
            contract=contract,
            offer_kind=rate.offer_kind,
            brand_id=rate.brand_id,
            commission_bp=rate.commission_bp,
        )
    for tier in command.tiers:
        await ContractTier.create(contract=contract, above_minor=tier.above.minor, rebate_bp=tier.rebate_bp)
    return contract


async def _foreign_brands(partner: Partner, rates: tuple[Rate, ...]) -> list[Problem]:
    """What names a brand that is not the partner's."""
    named = {rate.brand_id for rate in rates if rate.brand_id}
    own = {brand.id for brand in await Brand.filter(partner_id=partner.id, id__in=named)}
    return [
        Problem(f"rates.{index}.brandId", "This is no brand of the partner's.")
        for index, rate in enumerate(rates)
        if rate.brand_id and rate.brand_id not in own
    ]


async def _make_room(partner: Partner, start: date, end: date | None) -> None:
    """End the contract that is in force on `start`; raises ContractsOverlap or ContractTermsUsed."""
    later = Contract.filter(partner_id=partner.id, valid_from__gte=start)
    blocking = await (later.filter(valid_from__lt=end) if end else later).order_by("valid_from").first()
    if blocking is not None:
        raise ContractsOverlap(valid_from=blocking.valid_from)
    used = await Accrual.filter(partner_id=partner.id, effective_on__gte=start).order_by("-effective_on").first()
    if used is not None:
        raise ContractTermsUsed(used_until=used.effective_on)
    goes_on = Q(valid_until__isnull=True) | Q(valid_until__gt=start)
    await Contract.filter(goes_on, partner_id=partner.id, valid_from__lt=start).update(valid_until=start)
