"""Which rail brings money to a country. Every room knows it, so that nothing is promised in vain."""

from enum import StrEnum


class Rail(StrEnum):
    """How money can reach a payee."""

    STRIPE = "STRIPE"
    SEPA = "SEPA"
    MANUAL = "MANUAL"


# docs.stripe.com/connect/cross-border-payouts, for a platform in the EEA.
_EEA_AND_NEAR = (
    "AT BE BG CA CH CY CZ DE DK EE ES FI FR GB GI GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK US"
)
STRIPE_COUNTRIES = frozenset(_EEA_AND_NEAR.split())
# European Payments Council, EPC409-09: the SEPA countries that Stripe does not reach.
SEPA_COUNTRIES = frozenset({"AD", "AL", "MC", "MD", "ME", "MK", "RS", "SM", "VA"})


def rail_for(country: str) -> Rail:
    """The rail that pays in a country (ISO 3166-1)."""
    if country in STRIPE_COUNTRIES:
        return Rail.STRIPE
    return Rail.SEPA if country in SEPA_COUNTRIES else Rail.MANUAL


def reaches_members(country: str) -> bool:
    """Whether points can be paid out there: members are paid into an account at Stripe, and in no other way."""
    return rail_for(country) is Rail.STRIPE
