"""A partner buys points of a program out of what it is owed, and gives them to members who buy at its till."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from marketplace.app.demo.cast import Cast
from marketplace.app.demo.finance import PROGRAM, euros, key
from marketplace.app.demo.members import members
from marketplace.billing.models import CoalitionPayment
from marketplace.billing.operations import (
    AwardCoalitionPoints,
    OrderCoalitionPoints,
    award_coalition_points,
    order_coalition_points,
)
from marketplace.kit import database

BOUGHT: Final = 3_000
FIRST: Final = timedelta(days=12, hours=10)
"""How long after the month began the points are bought: a week before settlement, which says so on a line."""
_EARNER = """
SELECT p.slug FROM accrual a JOIN partner p ON p.id = a.partner_id
WHERE a.currency = 'EUR' AND p.kind = 'COMMERCIAL'
GROUP BY p.slug ORDER BY sum(a.net_minor) DESC, p.slug LIMIT 1"""
_BUYER = "SELECT p.slug FROM coalition_order o JOIN partner p ON p.id = o.partner_id ORDER BY o.id LIMIT 1"


@dataclass(frozen=True, slots=True)
class Sale:
    """What a member bought at the partner's till, how long after the month began, and what they were given."""

    after: timedelta
    country: str
    points: int
    what: str

    @property
    def reference(self) -> str:
        """The till's own."""
        return f"till-{self.after.days}-{self.country}"


SALES: Final = (
    Sale(timedelta(days=13, hours=16), "GB", 400, "Two pairs of socks at the till"),
    Sale(timedelta(days=18, hours=11), "KZ", 650, "A rucksack at the till"),
    Sale(timedelta(days=26, hours=15), "GB", 250, "A bottle at the till"),
)


async def buys(company: Cast) -> None:
    """Who is owed most buys points for its own customers."""
    slug = await database.value(_EARNER)
    bought = OrderCoalitionPoints(
        idempotency_key=key("coalition"), program_id=company.programs[PROGRAM].id, points=BOUGHT,
        expected_price=euros("33.00"), payment=CoalitionPayment.NETTED,
    )  # fmt: skip
    await order_coalition_points(company.partners[slug], bought)


async def gives(company: Cast, *, sale: Sale) -> None:
    """It gives some of them to the first member of a country."""
    slug = await database.value(_BUYER)
    member = next(each for each in members() if (each.program, each.country) == (PROGRAM, sale.country))
    given = AwardCoalitionPoints(
        idempotency_key=key("coalition", sale.reference), program_id=company.programs[PROGRAM].id,
        member_reference=member.reference, points=sale.points, reference=sale.reference, reason=sale.what,
    )  # fmt: skip
    await award_coalition_points(company.partners[slug], given)
