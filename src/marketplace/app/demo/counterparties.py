"""Who is settled in the demo: one invented contract for each brand and charity, in currencies and countries that
fit. Which company stands behind a brand is not claimed: every partner says that it is a demonstration."""

from dataclasses import dataclass, replace
from random import Random

from marketplace.app.demo import data
from marketplace.kit.money import minor_digits

TIMEZONES = {
    "SE": "Europe/Stockholm", "NO": "Europe/Oslo", "DK": "Europe/Copenhagen", "FI": "Europe/Helsinki",
    "NL": "Europe/Amsterdam", "DE": "Europe/Berlin", "FR": "Europe/Paris", "GB": "Europe/London",
    "IE": "Europe/Dublin", "ES": "Europe/Madrid", "IT": "Europe/Rome", "PL": "Europe/Warsaw",
    "CH": "Europe/Zurich", "US": "America/New_York", "CA": "America/Toronto", "AU": "Australia/Sydney",
    "SG": "Asia/Singapore", "MY": "Asia/Kuala_Lumpur", "JP": "Asia/Tokyo",
}  # fmt: skip
"""Countries in which the demo's partners are settled, each with its time zone."""
SEATS = {
    "starbucks": "SE", "sephora": "FR", "puma": "DE", "taco-bell": "US", "the-body-shop": "GB",
    "new-balance": "NL", "tim-hortons": "CA",
}  # fmt: skip
"""Where the flagship brands' demo contracts are settled."""
SHARES = {"starbucks": 5000, "puma": 10_000}
"""What flagship brands bear of tier discounts in the demo, in basis points; the others nothing."""

FEES = ("puma", "costa")
"""Who pays a fixed fee of 25 units of its currency for each period."""
RESERVES = ("puma",)
"""Of whose statements a tenth is held for 30 days."""


@dataclass(frozen=True, slots=True)
class Terms:
    """A partner's country and contract."""

    country: str
    currency: str
    commission_bp: int
    vat_bp: int
    schedule: str
    timezone: str
    minimum_payout_minor: int
    return_window_days: int
    tier_discount_share_bp: int = 0
    fee_minor: int = 0
    reserve_bp: int = 0


def of_brand(brand: data.Brand) -> Terms:
    """Terms of the partner behind one brand; the same every time."""
    dice = Random(f"terms:{brand.slug}")  # noqa: S311 (invented, not a secret)
    seats = [country for country in TIMEZONES if country in brand.countries]
    country = SEATS.get(brand.slug) or dice.choice(seats or ["NL"])
    window = 14 if brand.category in ("fashion", "ecommerce", "gadgets") else dice.choice((0, 0, 7))
    terms = _terms(country, dice.randrange(400, 1500, 50), dice.choice(("WEEKLY", "MONTHLY")), window)
    fee = 25 * 10 ** minor_digits(terms.currency) if brand.slug in FEES else 0
    return replace(
        terms,
        tier_discount_share_bp=SHARES.get(brand.slug, 0),
        fee_minor=fee,
        reserve_bp=1000 if brand.slug in RESERVES else 0,
    )


def of_charity(charity: data.Charity) -> Terms:
    """Charities receive everything: no commission."""
    return _terms(charity.country, 0, "MONTHLY", 0)


def _terms(country: str, commission_bp: int, schedule: str, window: int) -> Terms:
    market = data.markets()[country]
    vat_bp = int((market.vat_percent or 0) * 100) if commission_bp else 0
    return Terms(country, market.currency, commission_bp, vat_bp, schedule, TIMEZONES[country], 0, window)
