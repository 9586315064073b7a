"""Payout accounts of the demo at the stand-in: some partners and members are onboarded, others are not.

What Stripe then says about the accounts arrives as it always does, by webhook once the server answers.
"""

from typing import Final

import httpx

from marketplace.app.demo import counterparties, data
from marketplace.app.demo.cast import Cast
from marketplace.app.demo.offers import FLAGSHIPS
from marketplace.app.demo.programs import PROGRAMS
from marketplace.billing.models import TopUpMethod
from marketplace.billing.operations import TopUpProgram, top_up_program
from marketplace.kit import database, jobs
from marketplace.kit.money import Money
from marketplace.kit.rails import Rail, rail_for
from marketplace.kit.settings import settings
from marketplace.payments.models import PayeeKind
from marketplace.payments.steps import open_account

HOW_MANY = 30
UNFINISHED = 4
"""The last few partners have an account and have not finished onboarding: their payouts say so."""
ONBOARDED_MEMBERS = ("north-0001", "north-0009", "atlas-0006")


CARD: Final = "pm_card_bypassPending"
"""Stripe's test card whose money is available at once (docs.stripe.com/testing#available-balance)."""
CARD_TOP_UPS: Final = {"NORTH": 40_000_000, "ATLAS": 5_000_000}
"""Minor units that programs pay in by card, so that there is something at Stripe to pay out."""


async def open_accounts(company: Cast) -> None:
    """Open accounts for some partners and members, let most of them finish, and put money at the stand-in."""
    partners = payable_partners()
    async with database.transaction():
        for slug in partners:
            partner = company.partners[slug].id
            await open_account(PayeeKind.PARTNER, partner, counterparties.of_brand(data.brands()[slug]).country)
        for reference in ONBOARDED_MEMBERS:
            member = company.members[reference].id
            country = await database.value("SELECT country FROM member WHERE id = $1", member)
            await open_account(PayeeKind.MEMBER, member, country)
    await jobs.drain()
    done = [company.partners[slug].id for slug in partners[:-UNFINISHED]]
    await _pay_in(company)
    await _finish([*done, *(company.members[reference].id for reference in ONBOARDED_MEMBERS)])


def payable_partners() -> list[str]:
    """Slugs of brands whose partner Stripe can pay, the flagships first."""
    reachable = [
        slug
        for slug, brand in data.brands().items()
        if rail_for(counterparties.of_brand(brand).country) is Rail.STRIPE
    ]
    return sorted(reachable, key=lambda slug: (slug not in FLAGSHIPS, slug))[:HOW_MANY]


async def _pay_in(company: Cast) -> None:
    for code, minor in CARD_TOP_UPS.items():
        command = TopUpProgram(
            idempotency_key=f"demo:card:{code}",
            amount=Money(minor, PROGRAMS[code].home_currency),
            method=TopUpMethod.STRIPE,
            reference=f"{code}-card",
            payment_method=CARD,
        )
        await top_up_program(company.programs[code], command)
    await jobs.drain()


async def _finish(owners: list[object]) -> None:
    """The account holders finish Stripe's onboarding: an order to the stand-in."""
    accounts = await database.rows(
        "SELECT stripe_id FROM connected_account WHERE owner_id = ANY ($1) AND stripe_id IS NOT NULL", owners
    )
    async with httpx.AsyncClient(base_url=settings().stripe_api_base or "", timeout=20) as stand_in:
        for account in accounts:
            answer = await stand_in.post(f"/_stand_in/accounts/{account['stripe_id']}/onboard", json={})
            answer.raise_for_status()
