"""The demo's three programs: who issues points, what a point is worth, and what the tiers save."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

TIERS: tuple[tuple[str, str, int], ...] = (
    ("blue", "Blue", 0),
    ("silver", "Silver", 600),
    ("gold", "Gold", 900),
    ("platinum", "Platinum", 1200),
    ("diamond", "Diamond", 1500),
)
"""Code, name and discount in basis points, the lowest first; the program bears the discount."""


@dataclass(frozen=True, slots=True)
class CashSeed:
    """What points are worth as cash: a share of their value as a reward, within limits, in some countries.

    Countries are those that Stripe reaches from a platform in the EEA, so for Kopi Club there are none.
    """

    rate_bp: int
    min_points: int
    max_points_per_month: int
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PointsSeed:
    """How points of a program expire, and how its levels are earned: see `ExpiryPolicy` and `TierScheme`."""

    kind: str
    months: int | None
    period: str | None
    periods_after: int
    returned: str
    grace_days: int
    basis: str
    span: str
    span_months: int
    grace_months: int
    thresholds: tuple[int, ...]
    margin_bp: int | None


POINTS: dict[str, PointsSeed] = {
    "NORTH": PointsSeed(
        "ROLLING", 24, None, 0, "GRACE", 14, "POINTS", "CALENDAR", 12, 3, (0, 5_000, 20_000, 60_000, 150_000), None
    ),
    "KOPI": PointsSeed(
        "CALENDAR", None, "QUARTER", 5, "RENEW", 0, "COUNT", "ROLLING", 12, 0, (0, 10, 40, 100, 250), None
    ),
    "ATLAS": PointsSeed(
        "FIXED", 36, None, 0, "KEEP", 0, "SPEND", "CALENDAR", 12, 0, (0, 250_00, 600_00, 1_500_00, 4_000_00), 0
    ),
}
"""By program: three ways for points to live, three for levels to be earned; Atlas has a floor under discounts."""


@dataclass(frozen=True, slots=True)
class ProgramSeed:
    """One program; `point_value` is in major units of its home currency, for one point."""

    code: str
    name: str
    point_name: str
    home_currency: str
    point_value: Decimal
    countries: tuple[str, ...]
    lot_months: int
    cash: CashSeed
    top_up_minor: int
    point_forms: Mapping[str, Mapping[str, str]]


PROGRAMS: dict[str, ProgramSeed] = {
    seed.code: seed
    for seed in (
        ProgramSeed(
            "NORTH", "Northern Lights", "lights", "SEK", Decimal("0.10"),
            ("SE", "NO", "FI", "DK", "NL", "IS"), 24,
            CashSeed(7000, 1000, 50_000, ("SE", "NO", "FI", "DK", "NL")), 150_000_000,
            {
                "en": {"one": "light", "other": "lights"}, "sv": {"one": "ljus", "other": "ljus"},
                "nb": {"one": "lys", "other": "lys"}, "nl": {"one": "lichtje", "other": "lichtjes"},
            },
        ),
        ProgramSeed(
            "KOPI", "Kopi Club", "beans", "MYR", Decimal("0.02"),
            ("MY", "SG", "ID", "BN", "TH", "PH"), 18,
            CashSeed(6000, 2500, 200_000, ()), 40_000_000,
            {"en": {"one": "bean", "other": "beans"}, "ms": {"other": "biji kopi"}},
        ),
        ProgramSeed(
            "ATLAS", "Atlas Rewards", "miles", "EUR", Decimal("0.01"),
            ("US", "GB", "DE", "KZ", "FR", "ES", "AE", "AU", "CA", "JP", "PL", "IE"), 36,
            CashSeed(7500, 500, 60_000, ("US", "GB", "DE", "FR", "ES", "IE")), 12_000_000,
            {
                "en": {"one": "mile", "other": "miles"},
                "ru": {"one": "миля", "few": "мили", "many": "миль"},
            },
        ),
    )
}  # fmt: skip
"""Programs by code."""
