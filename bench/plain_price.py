"""What a voucher costs a member, with each rule's rows read by a query of the ORM's own: the plain way.

The rules themselves are the shipped ones, and all that the shipped statement reads is read here.
"""

from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from marketplace.catalog.models import Item, MemberTake, ReturnedCode, Stock, WithheldCode
from marketplace.catalog.queries import ItemRow, OfferRow
from marketplace.kit import clock
from marketplace.ledger.queries import fx_rate
from marketplace.members.models import Member, MemberUse, PointValue, RedemptionPolicy, TierScheme
from marketplace.members.policies import arm_for
from marketplace.partners.models import Contract, ContractRate, PartnerStatus
from marketplace.redemptions.refusals import PriceChanged
from marketplace.storefront import rules
from marketplace.storefront.cash import Ratios
from marketplace.storefront.rules import Price, Shopper


@dataclass(frozen=True, slots=True)
class PlainPrice:
    """The rows that a redemption is made of, and the price."""

    member: Member
    item: Item
    contract: Contract
    commission_bp: int
    policy: Ratios
    price: Price


async def price_of(member_id: UUID, item_id: UUID, expected: int) -> PlainPrice:
    """The price of one unit now; raises what the rules refuse, and PriceChanged."""
    member = await Member.get(id=member_id).prefetch_related("program", "tier")
    item = await Item.get(id=item_id).prefetch_related("offer", "offer__brand", "offer__brand__partner")
    policy = await _policy(member)
    shopper = await _shopper(member, policy)
    contract = await _contract(item)
    commission_bp = await _commission(contract, item)
    shares = f"{commission_bp} {contract.vat_bp} {contract.tier_discount_share_bp}"
    offer = _offer_row(item, contract, shares)
    refusal = rules.closed(shopper, offer, await _item_row(item, member_id), clock.now())
    if refusal is not None:
        raise refusal
    rate = await fx_rate(item.currency, shopper.home_currency)
    priced = rules.price(shopper, item.price_minor, item.currency, rate, policy.worth_of(offer.kind), shares)
    if priced.points > expected:
        raise PriceChanged(seen=expected, now=priced.points)
    return PlainPrice(member, item, contract, commission_bp, policy, priced)


async def _policy(member: Member) -> Ratios:
    rows = RedemptionPolicy.filter(program_id=member.program_id, country__in=["", member.country])
    row = await rows.filter(valid_from__lte=clock.now()).order_by("-country", "-valid_from").first()
    if row is None:
        return Ratios()
    arm = arm_for(member.id, member.program_id, [(name, each["share_bp"]) for name, each in row.arms.items()])
    return Ratios(id=row.id, arm=arm, worth_bp=row.worth_bp, points_share_bp=row.points_share_bp)


async def _shopper(member: Member, policy: Ratios) -> Shopper:
    program, tier, moment = member.program, member.tier, clock.now()
    values = PointValue.filter(program=program, valid_from__lte=clock.today(program.timezone))
    value = await values.order_by("-valid_from").first()
    schemes = TierScheme.filter(program=program, valid_from__lte=moment)
    scheme = await schemes.order_by("-valid_from").first()
    if program.limits:
        await MemberUse.filter(member=member)
    terms: dict[str, Any] = scheme.terms.get(tier.code, {}) if scheme and tier else {}
    return Shopper(
        program_id=program.id,
        unit=program.unit,
        home_currency=program.home_currency,
        program_countries=tuple(program.countries),
        point_value=value.value if value else None,
        point_value_from=value.valid_from if value else None,
        member_id=member.id,
        country=member.country,
        tier_rank=tier.rank if tier else 0,
        discount_bp=int(terms.get("discount_bp") or tier.discount_bp) if tier else 0,
        margin_bp=scheme.margin_bp if scheme else None,
        max_discount_points=scheme.max_discount_points if scheme else None,
        segments=tuple(member.segments),
        policy=policy,
    )


async def _contract(item: Item) -> Contract:
    day = clock.today()
    begun = Contract.filter(partner_id=item.offer.brand.partner_id, valid_from__lte=day)
    contract = await begun.filter(Q(valid_until=None) | Q(valid_until__gt=day)).order_by("-valid_from").first()
    assert contract is not None
    return contract


async def _commission(contract: Contract, item: Item) -> int:
    of_kind = Q(offer_kind=None) | Q(offer_kind=item.offer.kind)
    of_brand = Q(brand_id=None) | Q(brand_id=item.offer.brand_id)
    rates = await ContractRate.filter(of_kind, of_brand, contract=contract)
    own = sorted(rates, key=lambda rate: (rate.brand_id is None, rate.offer_kind is None))
    return own[0].commission_bp if own else contract.commission_bp


def _offer_row(item: Item, contract: Contract, shares: str) -> OfferRow:
    offer = item.offer
    known: dict[str, Any] = {
        field.name: getattr(offer, field.name) for field in fields(OfferRow) if hasattr(offer, field.name)
    }
    told: dict[str, Any] = {
        "limits": offer.limits or {},
        "early_access": offer.early_access or {},
        "partner_id": offer.brand.partner_id,
        "partner_approved": offer.brand.partner.status == PartnerStatus.APPROVED,
        "settled_in": contract.currency,
        "contract_shares": shares,
    }
    return OfferRow(**known | told)


async def _item_row(item: Item, member_id: UUID) -> ItemRow:
    known: dict[str, Any] = {
        field.name: getattr(item, field.name) for field in fields(ItemRow) if hasattr(item, field.name)
    }
    stock = await Stock.get(item_id=item.id)
    withheld = await WithheldCode.filter(item=item).values_list("position", flat=True)
    returned = await ReturnedCode.filter(item=item).exclude(position__in=withheld).count()
    taken = await MemberTake.get_or_none(item=item, member_id=member_id)
    left = stock.loaded - stock.taken - stock.withheld + returned
    told: dict[str, Any] = {"units_left": left, "taken_by_member": taken.units if taken else 0}
    return ItemRow(**known | told)
