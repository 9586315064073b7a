"""Which rail brings money to a country, and why one does not. Every room knows it: nothing is promised in vain."""

from enum import StrEnum


class Rail(StrEnum):
    """How money can reach a payee."""

    STRIPE = "STRIPE"
    SEPA = "SEPA"
    MANUAL = "MANUAL"


class RailProblem(StrEnum):
    """Why a rail does not bring this money there."""

    COUNTRY_NOT_REACHED = "COUNTRY_NOT_REACHED"
    CURRENCY_NOT_CARRIED = "CURRENCY_NOT_CARRIED"


# docs.stripe.com/connect/cross-border-payouts, for a platform in the EEA.
_EEA_AND_NEAR = (
    "AT BE BG CA CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US"
)
STRIPE_COUNTRIES = frozenset(_EEA_AND_NEAR.split())
# European Payments Council, EPC409-09: the SEPA countries that Stripe does not reach, and the whole of the area.
SEPA_COUNTRIES = frozenset({"AD", "AL", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})
SEPA_AREA = SEPA_COUNTRIES | (STRIPE_COUNTRIES - {"CA", "US"})
SEPA_CURRENCY = "EUR"


def rail_for(country: str) -> Rail:
    """The rail that pays in a country (ISO 3166-1)."""
    if country in STRIPE_COUNTRIES:
        return Rail.STRIPE
    return Rail.SEPA if country in SEPA_COUNTRIES else Rail.MANUAL


def why_not(rail: Rail, country: str, currency: str) -> RailProblem | None:
    """Why a rail does not bring money of a currency to an account in a country; None when it does.

    A SEPA credit transfer is in euro. By hand everything can be paid: somebody orders it at a bank.
    """
    if rail is Rail.SEPA and currency != SEPA_CURRENCY:
        return RailProblem.CURRENCY_NOT_CARRIED
    reached = {Rail.STRIPE: STRIPE_COUNTRIES, Rail.SEPA: SEPA_AREA}.get(rail)
    return None if reached is None or country in reached else RailProblem.COUNTRY_NOT_REACHED


def bank_rail(country: str, currency: str) -> Rail:
    """How money of a currency comes to a bank account in a country: by SEPA where it can, else by hand."""
    return Rail.MANUAL if why_not(Rail.SEPA, country, currency) else Rail.SEPA


def reaches_members(country: str) -> bool:
    """Whether points can be paid out there: members are paid into an account at Stripe, and in no other way."""
    return rail_for(country) is Rail.STRIPE
