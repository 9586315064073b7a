"""Builders of rows for tests: each makes one thing with sensible defaults, and what it needs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from marketplace.catalog.codes import CodeDraft, load_codes
from marketplace.catalog.models import (
    Category,
    Item,
    Market,
    Offer,
    OfferKind,
    OfferStatus,
    Stock,
    VoucherCode,
)
from marketplace.catalog.publishing import refresh_listings
from marketplace.kit import clock, database, vault
from marketplace.ledger.models import FxRate
from marketplace.members.models import Member, PersonalData, PointValue, Program, RedemptionPolicy, TierLevel
from marketplace.partners.models import Brand, Contract, Partner

_n = count(1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_OF_POLICY = {
    "worth_bp",
    "cash_rate_bp",
    "cash_min_points",
    "cash_max_points",
    "cash_period",
    "cash_countries",
    "identity_required",
    "enrolled_days",
    "earned_days",
    "points_share_bp",
    "arms",
}


async def a_program(**facts: Any) -> Program:
    """A program in EUR whose point is worth 0.01, with tiers Blue 0 % and Gold 9 %. It is not funded yet.

    Facts of its policy (`cash_…`, `worth_bp`, `points_share_bp`, …) go to the policy that holds from long ago.
    """
    n = next(_n)
    policy: dict[str, Any] = {
        "cash_rate_bp": 8000,
        "cash_min_points": 500,
        "cash_max_points": 100_000,
        "cash_countries": ["NL"],
    }
    policy |= {name: facts.pop(name) for name in [*facts] if name in _OF_POLICY}
    defaults: dict[str, Any] = {
        "code": f"PROG{n}",
        "name": f"Program {n}",
        "point_name": "points",
        "home_currency": "EUR",
        "timezone": "Europe/Amsterdam",
        "countries": ["NL", "DE"],
        "issuer": f"https://issuer.test/{n}",
        "audience": "marketplace",
        "created_at": clock.now(),
    }
    program = await Program.create(**(defaults | facts))
    await RedemptionPolicy.create(program=program, valid_from=LONG_AGO, **policy)
    await PointValue.create(program=program, valid_from=date(2020, 1, 1), value=Decimal("0.01"))
    await TierLevel.create(program=program, code="blue", name="Blue", rank=0, discount_bp=0)
    await TierLevel.create(program=program, code="gold", name="Gold", rank=1, discount_bp=900)
    return program


async def a_member(program: Program | None = None, *, tier: str | None = None, **facts: Any) -> Member:
    """An active member in NL who reads English."""
    n = next(_n)
    program = program or await a_program()
    level = await TierLevel.get(program_id=program.id, code=tier) if tier else None
    defaults: dict[str, Any] = {
        "program": program,
        "reference": f"member-{n}",
        "subject": f"sub-{n}",
        "country": "NL",
        "languages": ["en"],
        "tier": level,
        "status": "ACTIVE",
        "enrolled_at": clock.now(),
    }
    member = await Member.create(**(defaults | facts))
    await PersonalData.create(member=member, name=f"Member {n}", email=f"member{n}@example.org")
    return member


CONTRACT_FACTS = (
    "vat_bp", "vat_rule", "vat_number", "minimum_payout_minor", "return_window_days", "tier_discount_share_bp",
    "discount_cap_minor", "fee_minor", "reserve_bp", "reserve_days", "volume_period", "timezone", "schedule",
)  # fmt: skip


async def a_partner(*, commission_bp: int = 800, currency: str = "EUR", **facts: Any) -> Partner:
    """An approved partner with a contract of 8 % commission and 21 % VAT on it, monthly, no minimum."""
    n = next(_n)
    contract: dict[str, Any] = {
        "vat_bp": 2100,
        "minimum_payout_minor": 0,
        "return_window_days": 0,
        "schedule": "MONTHLY",
        "timezone": "Europe/Amsterdam",
    } | {name: facts.pop(name) for name in CONTRACT_FACTS if name in facts}
    defaults: dict[str, Any] = {
        "name": f"Partner {n}",
        "slug": f"partner-{n}",
        "kind": "COMMERCIAL",
        "status": "APPROVED",
        "country": "NL",
        "created_at": clock.now(),
    }
    partner = await Partner.create(**(defaults | facts))
    await Contract.create(
        partner=partner,
        valid_from=date(2020, 1, 1),
        commission_bp=commission_bp,
        currency=currency,
        **contract,
    )
    return partner


async def a_charity(**facts: Any) -> Partner:
    """An approved charity: no commission, no VAT."""
    n = next(_n)
    defaults: dict[str, Any] = {"kind": "CHARITY", "registry_id": f"GB-CHC-{n:06}", "name": f"Charity {n}"}
    return await a_partner(commission_bp=0, vat_bp=0, **(defaults | facts))


async def a_brand(partner: Partner | None = None, **facts: Any) -> Brand:
    """A brand of a partner."""
    n = next(_n)
    partner = partner or await a_partner()
    defaults: dict[str, Any] = {"name": f"Brand {n}", "slug": f"brand-{n}", "countries": ["NL"]}
    return await Brand.create(partner=partner, **(defaults | facts))


async def a_market(country: str = "NL", currency: str = "EUR", languages: tuple[str, ...] = ("nl", "en")) -> None:
    """A market, made once."""
    if not await Market.exists(country=country):
        await Market.create(country=country, currency=currency, languages=list(languages))


async def an_item(offer: Offer, *, stock: int | None = None, codes: list[str] | None = None, **facts: Any) -> Item:
    """Something to take of an offer: 10.00 EUR in NL, unlimited unless `stock` or `codes` say otherwise."""
    n = next(_n)
    mode = "CODES" if codes is not None else "UNLIMITED" if stock is None else "COUNTED"
    defaults: dict[str, Any] = {
        "sku": f"item-{n}",
        "label": {"en": "10 EUR"},
        "country": "NL",
        "currency": "EUR",
        "price_minor": 1000,
        "stock_mode": mode,
    }
    item = await Item.create(offer=offer, **(defaults | facts))
    if mode != "UNLIMITED":
        await Stock.create(item=item, loaded=stock if codes is None else len(codes), taken=0)
    for position, code in enumerate(codes or (), start=1):
        await VoucherCode.create(
            item=item,
            position=position,
            ciphertext=vault.seal(code),
            fingerprint=vault.fingerprint("code", code),
            loaded_at=clock.now(),
        )
    await refresh_listings([offer.id])
    return item


async def an_offer(kind: OfferKind = OfferKind.VOUCHER, *, brand: Brand | None = None, **facts: Any) -> Offer:
    """A published offer of a kind. It is listed where `an_item` gives it something to take."""
    n = next(_n)
    await a_market()
    category = await Category.get_or_none(code="dining") or await Category.create(
        code="dining", names={"en": "Dining"}
    )
    brand = brand or await a_brand(await a_charity() if kind is OfferKind.DONATION else None)
    moment = clock.now()
    defaults: dict[str, Any] = {
        "brand": brand,
        "sku": f"sku-{n}",
        "kind": kind.value,
        "status": OfferStatus.PUBLISHED.value,
        "category": category,
        "title": {"en": f"Offer {n}", "nl": f"Aanbod {n}"},
        "description": {"en": "Good things."},
        "search_text": f"offer {n} aanbod {n} {brand.name.casefold()}",
        "published_from": LONG_AGO,
        "delivery": "CODE" if kind is OfferKind.VOUCHER else None,
        "unit_name": {"en": "stars"} if kind is OfferKind.BRAND_CURRENCY else {},
        "cancel_until_hours": 24 if kind is OfferKind.EXPERIENCE else None,
        "source": "test",
        "source_updated_at": moment,
        "created_at": moment,
    }
    return await Offer.create(**(defaults | facts))


async def a_voucher(codes: list[str] | None = None, *, brand: Brand | None = None, **item: Any) -> Item:
    """A 10 EUR voucher with codes; its offer is `await item.offer`."""
    offer = await an_offer(OfferKind.VOUCHER, brand=brand)
    return await an_item(offer, codes=codes if codes is not None else ["AAAA-1111", "BBBB-2222"], **item)


async def a_session(*, seats: int = 2, in_days: int = 10, **facts: Any) -> Item:
    """A seat in a session some days ahead."""
    offer = await an_offer(OfferKind.EXPERIENCE)
    start = clock.now() + timedelta(days=in_days)
    return await an_item(offer, stock=seats, starts_at=start, ends_at=start + timedelta(hours=2), **facts)


async def a_rate(base: str, quote: str, rate: str, *, as_of: datetime = LONG_AGO) -> FxRate:
    """An FX rate: units of quote for one of base."""
    return await FxRate.create(base=base, quote=quote, rate=Decimal(rate), source="test", as_of=as_of)


async def more_codes(item: Item, codes: list[str], *, expires_at: datetime | None = None) -> int:
    """More codes for a coded item, as an upload loads them; returns how many."""
    drafts = [CodeDraft(item_id=item.id, code=code, expires_at=expires_at) for code in codes]
    async with database.transaction():
        return (await load_codes(drafts)).added[item.id]
