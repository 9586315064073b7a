"""What the offer generator yields: plain frozen facts that the loader writes into the catalogue."""

from dataclasses import dataclass, field

from marketplace.app.demo.texts import Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSeed:
    """What exactly is taken, in one country: a denomination, a variant, a session, a lot or a gift's size.

    `price_minor` is what the marketplace owes the partner before commission; `stock` None is unlimited;
    a `coded` item has as many codes in the vault as `stock` says. Sessions start `starts_in_days` after the
    day the world is made, at `start_hour` UTC.
    """

    sku: str
    label: Texts
    country: str
    currency: str
    price_minor: int
    face_value_minor: int | None = None
    stock: int | None = None
    coded: bool = False
    starts_in_days: int | None = None
    start_hour: int | None = None
    duration_minutes: int | None = None
    attributes: dict[str, str] = field(default_factory=lambda: dict[str, str]())


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencySeed:
    """A brand's own unit: exchanged in lots, credited to a number that matches the pattern."""

    unit_name: Texts
    units_per_lot: int
    number_pattern: str
    check_digit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSeed:
    """One catalogue entry of a brand (of a charity, for a donation).

    `kind` is VOUCHER, MERCHANDISE, EXPERIENCE, BRAND_CURRENCY or DONATION; `delivery` is CODE, LINK or
    ENTITLEMENT for a voucher. Days count from the day the world is made; None is always.
    """

    brand_slug: str
    kind: str
    sku: str
    category: str
    title: Texts
    description: Texts
    items: tuple[ItemSeed, ...]
    popularity: int
    delivery: str | None = None
    min_tier: str | None = None
    published_from_days: int | None = None
    published_until_days: int | None = None
    brand_currency: CurrencySeed | None = None
    cancel_until_hours: int | None = None
    charity: str | None = None
    cause: str | None = None
