"""Who bears what a tier takes off a price: the program, and the partner for a share it agreed to. Pure, no I/O.

The discount is worth what its points are of the price. The partner bears its share of that, rounded down: the
price less that is charged to the program's funding and owed of to the partner; the program bears the rest. So the
partner's part leaves nobody's account, and commission, VAT and refunds follow from what was charged.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from marketplace.kit import money
from marketplace.partners.rules import shares


class Bearer(StrEnum):
    """Who pays for a discount."""

    PROGRAM = "PROGRAM"
    PARTNER = "PARTNER"


@dataclass(frozen=True, slots=True)
class Terms:
    """What of a contract decides about a price, in basis points: commission, VAT on it, share of a discount."""

    commission_bp: int
    vat_bp: int
    share_bp: int


@dataclass(frozen=True, slots=True)
class Borne:
    """What one bearer pays of a discount, in minor units of the program's home currency."""

    bearer: Bearer
    share_bp: int
    minor: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A price before any discount: in minor units of the home currency, and in points worth `worth` each."""

    home_minor: int
    home_currency: str
    points: int
    worth: Decimal


def terms_of(contract_shares: str) -> Terms:
    """The terms that an offer's row states as `contract_shares`."""
    return Terms(*map(int, contract_shares.split()))


def discount_minor(home_minor: int, list_points: int, points: int) -> int:
    """What a discount from `list_points` to `points` is worth of a price, half-even."""
    return round(Fraction(home_minor * (list_points - points), list_points)) if list_points else 0


def part_of_partner(discount_minor: int, share_bp: int) -> int:
    """What the partner bears of a discount, rounded down; the rest is the program's."""
    return discount_minor * share_bp // money.BASIS_POINTS


def bearers(discount_minor: int, partner_minor: int, share_bp: int) -> list[Borne]:
    """Who bears a discount, whoever has a share in it, the program first; together exactly the discount."""
    rest = money.BASIS_POINTS - share_bp
    found = [
        Borne(Bearer.PROGRAM, rest, discount_minor - partner_minor),
        Borne(Bearer.PARTNER, share_bp, partner_minor),
    ]
    return [each for each in found if each.share_bp]


def floor_points(price: Listed, terms: Terms, margin_bp: int) -> int:
    """The fewest points that are worth what the partner is then owed, and the margin on top of it, rounded up.

    What it is owed is less by what it bears of the discount down to these points. Never above the list price.
    """

    def needed(points: int) -> int:
        discount = discount_minor(price.home_minor, price.points, points)
        charged = price.home_minor - part_of_partner(discount, terms.share_bp)
        cost = shares(charged, terms.commission_bp, terms.vat_bp).net
        least = -(-cost * (money.BASIS_POINTS + margin_bp) // money.BASIS_POINTS)
        return min(price.points, money.points_for(least, price.home_currency, price.worth))

    if not terms.share_bp:
        return needed(price.points)
    low, high = -1, price.points
    while high - low > 1:
        middle = (low + high) // 2
        if needed(middle) <= middle:
            high = middle
        else:
            low = middle
    return high
