"""What the finer terms of a contract must look like: rates, tiers, VAT, fees, caps and reserves. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from stdnum.eu import vat as eu_vat

from marketplace.kit import money
from marketplace.kit.messages import noted
from marketplace.kit.refusals import Problem
from marketplace.partners.models import PartnerKind, VatRule

LONGEST_RESERVE_DAYS = 365
MOST_RATES = 50
MOST_TIERS = 10


@dataclass(frozen=True, slots=True)
class Rate:
    """A commission of its own for one kind of offer, one brand, or one kind of one brand."""

    commission_bp: int
    offer_kind: str | None = None
    brand_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Tier:
    """What comes back of the commission on the volume above an amount, up to the next tier."""

    above: money.Money
    rebate_bp: int


class Terms(Protocol):
    """What is looked at."""

    @property
    def currency(self) -> str: ...
    @property
    def commission_bp(self) -> int: ...
    @property
    def vat_bp(self) -> int: ...
    @property
    def vat_rule(self) -> VatRule: ...
    @property
    def vat_number(self) -> str | None: ...
    @property
    def fee(self) -> money.Money | None: ...
    @property
    def discount_cap(self) -> money.Money | None: ...
    @property
    def reserve_bp(self) -> int: ...
    @property
    def reserve_days(self) -> int: ...
    @property
    def rates(self) -> tuple[Rate, ...]: ...
    @property
    def tiers(self) -> tuple[Tier, ...]: ...


def problems(kind: PartnerKind, terms: Terms) -> Iterator[Problem]:
    """What is wrong with these terms of a contract with a partner of this kind."""
    yield from _vat(terms)
    for path, amount in (("fee", terms.fee), ("discountCap", terms.discount_cap)):
        if amount is not None:
            yield from _amount(path, amount, terms.currency)
    if not 0 <= terms.reserve_bp <= money.BASIS_POINTS:
        yield Problem("reserveBp", "Give basis points from 0 to 10000; 800 is 8 %.")
    if not 0 <= terms.reserve_days <= LONGEST_RESERVE_DAYS:
        yield Problem("reserveDays", "Give 0 to {most} days.", {"most": LONGEST_RESERVE_DAYS})
    elif (terms.reserve_bp > 0) != (terms.reserve_days > 0):
        yield Problem("reserveDays", "A reserve needs a share and a number of days; give both or none.")
    yield from _rates(terms.rates)
    yield from _tiers(terms)
    if kind is PartnerKind.CHARITY and (terms.fee or terms.reserve_bp or terms.rates):
        yield Problem("fee", "A charity pays no fees and its donations are not held. Leave these out.")


def _amount(path: str, amount: money.Money, currency: str) -> Iterator[Problem]:
    if amount.currency != currency:
        yield Problem(
            f"{path}.currency", "This must be in the contract's currency, {currency}.", {"currency": currency}
        )
    if amount.minor < 0:
        yield Problem(f"{path}.amount", "This cannot be negative.")


def _vat(terms: Terms) -> Iterator[Problem]:
    if terms.vat_rule is not VatRule.DOMESTIC and terms.vat_bp:
        yield Problem("vatBp", "Only DOMESTIC has a rate. Give 0, or another rule.")
    if terms.vat_number is not None and not eu_vat.is_valid(terms.vat_number):
        yield Problem("vatNumber", "Give a VAT number of the European Union, such as NL853746333B01, or none.")
    if terms.vat_rule is VatRule.REVERSE_CHARGE and not terms.vat_number:
        yield Problem("vatNumber", "With reverse charge the invoice names the partner's VAT number. Give it.")


def _rates(rates: Sequence[Rate]) -> Iterator[Problem]:
    if len(rates) > MOST_RATES:
        yield Problem("rates", "Give at most {most}.", {"most": MOST_RATES})
    seen = set[tuple[str | None, UUID | None]]()
    for index, rate in enumerate(rates):
        what = rate.offer_kind, rate.brand_id
        if what == (None, None):
            yield Problem(f"rates.{index}", "Name a kind of offer, a brand, or both.")
        if what in seen:
            yield Problem(f"rates.{index}", "There is a rate for this already.")
        seen.add(what)
        if not 0 <= rate.commission_bp <= money.BASIS_POINTS:
            yield Problem(f"rates.{index}.commissionBp", "Give basis points from 0 to 10000; 800 is 8 %.")


def _tiers(terms: Terms) -> Iterator[Problem]:
    if len(terms.tiers) > MOST_TIERS:
        yield Problem("tiers", "Give at most {most}.", {"most": MOST_TIERS})
    least = min([terms.commission_bp, *(rate.commission_bp for rate in terms.rates)])
    seen = set[int]()
    for index, tier in enumerate(terms.tiers):
        yield from _amount(f"tiers.{index}.above", tier.above, terms.currency)
        if tier.above.minor in seen:
            yield Problem(f"tiers.{index}.above", "There is a tier from this amount on already.")
        seen.add(tier.above.minor)
        if not 0 <= tier.rebate_bp <= least:
            what = noted("Give 0 to {most}: no more comes back than the commission.")
            yield Problem(f"tiers.{index}.rebateBp", what, {"most": least})
