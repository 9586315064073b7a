"""How much of a redemption goes back in one refund. Pure: the part an auditor reads.

A redemption's price is the measure. After refunds of together R of a price P, a share of floor(V x R / P) of
everything V that was paid has gone back: of points, of the discount, of the money and a card's part. Each refund
is the difference to what went back before, so that nothing goes back twice and any sequence adds up to the whole.
"""

from dataclasses import dataclass
from typing import Final

MOST_REFUNDS: Final = 100
"""Of one redemption; the last of them takes all that is left."""


@dataclass(frozen=True, slots=True)
class Share:
    """What was paid for a redemption, or a part of it: the price in its market and what it was made of."""

    price_minor: int = 0
    quantity: int = 0
    points: int = 0
    discount_points: int = 0
    home_minor: int = 0
    card_minor: int = 0

    def __sub__(self, other: "Share") -> "Share":
        """What is left without the other."""
        return Share(
            self.price_minor - other.price_minor,
            self.quantity - other.quantity,
            self.points - other.points,
            self.discount_points - other.discount_points,
            self.home_minor - other.home_minor,
            self.card_minor - other.card_minor,
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """How much shall go back: a number of units, an amount of the price, or (neither) all that is left."""

    quantity: int | None = None
    amount_minor: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all that is left is asked for."""
        return self.quantity is None and self.amount_minor is None


def fits(ask: Ask, left: Share) -> bool:
    """Whether there is as much left as is asked for."""
    return (ask.quantity or 0) <= left.quantity and (ask.amount_minor or 0) <= left.price_minor


def part_of(paid: Share, before: Share, ask: Ask) -> Share:
    """What goes back for an ask that fits, after what went back before.

    Units go back at their price, the last ones with all that is left; an amount that is all that is left takes
    the units with it.
    """
    left = paid - before
    quantity = ask.quantity or 0
    price = ask.amount_minor or 0
    if quantity:
        price = min(paid.price_minor // paid.quantity * quantity, left.price_minor)
    if ask.is_whole or (quantity and quantity == left.quantity) or (price and price == left.price_minor):
        return left
    after = before.price_minor + price

    def share(whole: int, given: int) -> int:
        return whole * after // paid.price_minor - given if paid.price_minor else 0

    home = share(paid.home_minor, before.home_minor)
    return Share(
        price,
        quantity,
        share(paid.points, before.points),
        share(paid.discount_points, before.discount_points),
        home,
        min(share(paid.card_minor, before.card_minor), home),
    )
