"""Putting the generated catalogue on the shelves, by the same steps that a partner's upload takes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from random import Random
from uuid import UUID

from marketplace.app.demo import texts
from marketplace.app.demo.programs import TIERS
from marketplace.app.demo.seeds import ItemSeed, OfferSeed
from marketplace.catalog.codes import CodeDraft, load_codes
from marketplace.catalog.models import Delivery, OfferKind
from marketplace.catalog.publishing import ItemDraft, Merged, OfferDraft, upsert_offers
from marketplace.kit import clock

SOURCE = "demo generator"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_RANKS = {code: rank for rank, (code, _, _) in enumerate(TIERS)}


async def stock_up(catalogue: list[OfferSeed], brands: Mapping[str, UUID], since: datetime) -> None:
    """Write every offer, open since a moment unless its seed says otherwise. Needs an open transaction."""
    today = clock.now()
    with clock.at(since):
        merged = await upsert_offers(_drafts(catalogue, brands, today))
        await load_codes(_codes(catalogue, brands, merged))


def _drafts(catalogue: Iterable[OfferSeed], brands: Mapping[str, UUID], today: datetime) -> Iterator[OfferDraft]:
    for seed in catalogue:
        currency = seed.brand_currency
        yield OfferDraft(
            brand_id=brands[seed.brand_slug],
            sku=seed.sku,
            kind=OfferKind(seed.kind),
            category=seed.category,
            title=seed.title,
            description=seed.description,
            items=[_item(seed, item, today) for item in seed.items],
            source=SOURCE,
            popularity=seed.popularity,
            published_from=_day(today, seed.published_from_days),
            published_until=_day(today, seed.published_until_days),
            min_tier_rank=_RANKS[seed.min_tier] if seed.min_tier else 0,
            delivery=Delivery(seed.delivery) if seed.delivery else None,
            unit_name=currency.unit_name if currency else {},
            number_pattern=currency.number_pattern if currency else None,
            check_digit=currency.check_digit if currency else None,
            cancel_until_hours=seed.cancel_until_hours,
            cause=texts.causes()[seed.cause][0] if seed.cause else {},
        )


def _item(seed: OfferSeed, item: ItemSeed, today: datetime) -> ItemDraft:
    starts, ends = session_times(item, today)
    return ItemDraft(
        sku=item.sku,
        country=item.country,
        currency=item.currency,
        price_minor=item.price_minor,
        label=item.label,
        face_minor=item.face_value_minor,
        units=seed.brand_currency.units_per_lot if seed.brand_currency else None,
        starts_at=starts,
        ends_at=ends,
        attributes=item.attributes,
        stock=None if item.coded else item.stock,
        coded=item.coded,
    )


def session_times(item: ItemSeed, today: datetime) -> tuple[datetime | None, datetime | None]:
    """When a session starts and ends, counted from the world's own day."""
    if item.starts_in_days is None:
        return None, None
    day = today.date() + timedelta(days=item.starts_in_days)
    starts = datetime.combine(day, time(item.start_hour or 0), UTC)
    return starts, starts + timedelta(minutes=item.duration_minutes or 0)


def _day(today: datetime, days: int | None) -> datetime | None:
    return None if days is None else today + timedelta(days=days)


def _codes(catalogue: Iterable[OfferSeed], brands: Mapping[str, UUID], merged: Merged) -> Iterator[CodeDraft]:
    for seed in catalogue:
        dice = Random(f"codes:{seed.brand_slug}:{seed.sku}")  # noqa: S311 (demo codes buy nothing)
        offer = merged.offers[brands[seed.brand_slug], seed.sku]
        for item in seed.items:
            for _ in range(item.stock or 0 if item.coded else 0):
                code = "DEMO-" + "-".join("".join(dice.choices(_LETTERS, k=4)) for _ in range(3))
                yield CodeDraft(item_id=merged.items[offer, item.sku, item.country], code=code)
