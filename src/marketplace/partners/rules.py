"""What a contract makes of a sale, and what partners, brands and contracts must look like. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from marketplace.kit import money, places
from marketplace.kit.money import share_bp
from marketplace.kit.refusals import Problem
from marketplace.partners.models import PartnerKind

LONGEST_RETURN_WINDOW_DAYS = 365
REGISTRY_ID = re.compile(r"[A-Z]{2,3}-[A-Z0-9]{2,10}-[A-Za-z0-9./-]{1,40}")
"""The org-id.guide scheme: register, dash, number, such as GB-CHC-1094563."""
FIRST_TO_BEGIN = "Etc/GMT-14"
"""A day begins nowhere earlier."""
_WIKIDATA_ID = re.compile(r"Q[1-9][0-9]{0,11}")
_CATEGORY = re.compile(r"[a-z][a-z0-9-]{0,39}")


def is_in_force(valid_from: date, valid_until: date | None, day: date) -> bool:
    """Whether a contract applies on a day of its own time zone; the end is the first day it does not."""
    return valid_from <= day and (valid_until is None or day < valid_until)


@dataclass(frozen=True, slots=True)
class Shares:
    """How gross is divided, in minor units of the contract's currency: gross = net + commission + vat."""

    gross: int
    commission: int
    vat: int

    @property
    def net(self) -> int:
        """What the partner is owed."""
        return self.gross - self.commission - self.vat


def shares(gross: int, commission_bp: int, vat_bp: int) -> Shares:
    """Commission is a share of gross, VAT a share of the commission; each rounded half-even once.

    The partner gets the rest, so nothing is lost. A commission with VAT never exceeds gross.
    """
    commission = share_bp(gross, commission_bp)
    vat = min(share_bp(commission, vat_bp), gross - commission)
    return Shares(gross, commission, vat)


def part_of(left: Shares, gross: int) -> Shares:
    """A part of what is left of a sale: net, commission and VAT in proportion, the remainder placed.

    Each share is rounded down, and what that leaves goes to those that lost most, the partner first. No share
    passes what is left of it, and a part as large as what is left is what is left: so any parts add up.
    """
    if not gross:
        return Shares(0, 0, 0)
    whole = (left.net, left.commission, left.vat)
    parts = [each * gross // left.gross for each in whole]
    lost = sorted(range(3), key=lambda index: -(whole[index] * gross % left.gross))
    for index in lost[: gross - sum(parts)]:
        parts[index] += 1
    return Shares(gross, parts[1], parts[2])


def name_problems(name: str, longest: int) -> Iterator[Problem]:
    """What is wrong with a name, which must leave something for its address."""
    if not (0 < len(name) <= longest and name.isprintable() and places.slug(name)):
        yield Problem("name", "Give a name of 1 to {most} characters.", {"most": longest})


def country_problems(path: str, country: str) -> Iterator[Problem]:
    """What is wrong with a country code."""
    if country not in places.countries():
        yield Problem(path, "{code} is not an ISO 3166-1 alpha-2 country, such as NO.", {"code": country[:20]})


def partner_problems(name: str, kind: PartnerKind, country: str, registry_id: str | None) -> Iterator[Problem]:
    """What is wrong with a partner. A charity needs a registry identifier, nobody else has one."""
    yield from name_problems(name, 120)
    yield from country_problems("country", country)
    if kind is PartnerKind.CHARITY and (registry_id is None or not REGISTRY_ID.fullmatch(registry_id)):
        yield Problem("registryId", "A charity needs its identifier by org-id.guide, such as GB-CHC-1094563.")
    if kind is not PartnerKind.CHARITY and registry_id is not None:
        yield Problem("registryId", "Only charities have a registry identifier.")


def brand_problems(
    name: str, website: str | None, wikidata_id: str | None, countries: Sequence[str], category: str | None
) -> Iterator[Problem]:
    """What is wrong with a brand."""
    yield from name_problems(name, 120)
    if website is not None and not is_web_address(website):
        yield Problem("website", "Give an address such as https://www.example.org, or none.")
    if wikidata_id is not None and not _WIKIDATA_ID.fullmatch(wikidata_id):
        yield Problem("wikidataId", "Give a Wikidata item such as Q37158, or none.")
    if category is not None and not _CATEGORY.fullmatch(category):
        yield Problem("category", "Give the code of a category, such as dining, or none.")
    if not countries:
        yield Problem("countries", "Give at least one country.")
    for index, country in enumerate(countries):
        yield from country_problems(f"countries.{index}", country)


def is_web_address(text: str) -> bool:
    """Whether this is an absolute http(s) address of at most 300 characters."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in {"http", "https"} and "." in host and len(text) <= 300 and " " not in text


def contract_problems(
    kind: PartnerKind,
    *,
    valid_from: date,
    valid_until: date | None,
    commission_bp: int,
    vat_bp: int,
    currency: str,
    timezone: str,
    minimum_payout: money.Money | None,
    return_window_days: int,
    tier_discount_share_bp: int,
) -> Iterator[Problem]:
    """What is wrong with the terms of a contract with a partner of this kind."""
    if valid_until is not None and valid_until <= valid_from:
        yield Problem("validUntil", "The contract must end after the day it begins.")
    bears = tier_discount_share_bp
    for path, share in (("commissionBp", commission_bp), ("vatBp", vat_bp), ("tierDiscountShareBp", bears)):
        if not 0 <= share <= money.BASIS_POINTS:
            yield Problem(path, "Give basis points from 0 to 10000; 800 is 8 %.")
    if kind is PartnerKind.CHARITY and bears > 0:
        yield Problem("tierDiscountShareBp", "A charity bears nothing of a discount. Leave this out.")
    if not money.is_currency(currency):
        yield Problem("currency", "{code} is not an ISO 4217 currency code.", {"code": currency[:20]})
    elif minimum_payout is not None and minimum_payout.currency != currency:
        yield Problem(
            "minimumPayout.currency", "The minimum payout must be in {currency}.", {"currency": currency}
        )
    if minimum_payout is not None and minimum_payout.minor < 0:
        yield Problem("minimumPayout.amount", "The minimum payout cannot be negative.")
    if timezone not in places.timezones():
        yield Problem("timezone", "{name} is not an IANA time zone, such as Europe/Oslo.", {"name": timezone[:60]})
    if not 0 <= return_window_days <= LONGEST_RETURN_WINDOW_DAYS:
        yield Problem("returnWindowDays", "Give 0 to {most} days.", {"most": LONGEST_RETURN_WINDOW_DAYS})
