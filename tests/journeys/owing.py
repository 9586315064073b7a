"""What partners are owed, worked out plainly from prices and agreed shares, beside what the rows say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from uuid import UUID

import pytest

from marketplace.kit import database
from marketplace.redemptions.models import Redemption

COMMISSION, VAT = Decimal("0.08"), Decimal("0.21")
RATES = {
    ("EUR", "NOK"): Decimal("11.37"),
    ("NOK", "EUR"): (1 / Decimal("11.37")).quantize(Decimal("0.0000000001")),
}
"""Money of the program, and of the partner's contract."""
_OWED = """
SELECT r.id, sum(a.net_minor)::bigint AS net, sum(a.commission_minor)::bigint AS commission,
    sum(a.vat_minor)::bigint AS vat, sum(a.source_minor)::bigint AS source
FROM redemption r JOIN accrual a
    ON a.ref_id = r.id OR a.ref_id IN (SELECT f.id FROM refund f WHERE f.redemption_id = r.id)
WHERE r.kind <> 'DONATION' GROUP BY r.id"""


def even(amount: Decimal) -> int:
    """To the nearest whole, halves to the even one."""
    return int(amount.to_integral_value(ROUND_HALF_EVEN))


@dataclass
class Sale:
    """One fulfilled reward: what is left of its price, of the money, and of the three who share it."""

    price: int
    gross: int
    source: int
    shares: list[int]
    left: list[int] = field(default_factory=list[int])
    back: int = 0
    source_back: int = 0

    @classmethod
    def of(cls, row: Redemption, currency: str) -> "Sale":
        """By the prices of the redemption and its partner's contract: 8 % commission, 21 % VAT on that."""
        gross = row.home_minor
        if row.home_currency != currency:
            gross = even(gross * RATES[row.home_currency, currency])
        commission = even(gross * COMMISSION)
        vat = min(even(commission * VAT), gross - commission)
        shares = [gross - commission - vat, commission, vat]
        return cls(row.price_minor, gross, row.home_minor, shares, list(shares))

    def give_back(self, price: int) -> None:
        """So much of the price goes back: each loses in proportion, who loses most of a unit all of it."""
        self.back += price
        if self.back == self.price:
            self.left, self.source_back = [0, 0, 0], self.source
            return
        self.source_back = self.source * self.back // self.price
        there = sum(self.left)
        part = self.gross * self.back // self.price - (self.gross - there)
        if not part:
            return
        exact = [Decimal(each * part) / there for each in self.left]
        cut = [int(each) for each in exact]
        by_loss = sorted(range(3), key=lambda place: cut[place] - exact[place])
        for place in by_loss[: part - sum(cut)]:
            cut[place] += 1
        self.left = [each - less for each, less in zip(self.left, cut, strict=True)]

    def said(self) -> dict[str, int]:
        """What the rows must add up to."""
        net, commission, vat = self.left
        return {"net": net, "commission": commission, "vat": vat, "source": self.source - self.source_back}


async def must_be_owed(sales: Mapping[UUID, Sale]) -> None:
    """The rows of every redemption say what the model says, to the last minor unit, and there are no others."""
    rows = {row.pop("id"): row for row in await database.rows(_OWED)}
    if (wanted := {id: sale.said() for id, sale in sales.items()}) != rows:
        odd = {id for id in wanted.keys() | rows.keys() if wanted.get(id) != rows.get(id)}
        pytest.fail(f"{[(rows.get(id), wanted.get(id)) for id in odd]}: in the rows, and by the model")
