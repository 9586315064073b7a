"""Agreeing the terms a partner is paid by."""

from datetime import date
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Journal
from marketplace.partners.models import Accrual, Contract, Partner
from tests.builders import a_partner
from tests.client import as_operator

pytestmark = pytest.mark.usefixtures("db")

SHOWN = (
    "... on Contract { validFrom validUntil commissionBp vatBp currency schedule timezone "
    "minimumPayout { amount currency } returnWindowDays } "
    "... on ContractsOverlap { validFrom } ... on ContractTermsUsed { usedUntil }"
)


async def agree(partner: Partner, **fields: object) -> dict[str, Any]:
    terms = {
        "partnerId": ids.public("partner", partner.id),
        "validFrom": "2027-01-01",
        "commissionBp": 750,
        "currency": "NOK",
        "timezone": "Europe/Oslo",
    }
    return await as_operator(new_id()).do("agreeContract", SHOWN, **(terms | fields))


async def terms_of(partner: Partner) -> list[tuple[date, date | None]]:
    rows = await Contract.filter(partner_id=partner.id).order_by("valid_from")
    return [(row.valid_from, row.valid_until) for row in rows]


async def a_sale(partner: Partner, day: date) -> None:
    journal = await Journal.create(
        reason="test", ref_type="test", ref_id=new_id(), booked_at=clock.now(), effective_on=day
    )
    contract = await Contract.get(partner_id=partner.id)
    money: dict[str, Any] = {
        "gross_minor": 0,
        "commission_minor": 0,
        "vat_minor": 0,
        "net_minor": 0,
        "source_minor": 0,
    }
    await Accrual.create(
        partner=partner, contract=contract, journal=journal, kind="SALE", ref_type="test", ref_id=new_id(),
        description="A sale", currency="EUR", source_currency="EUR", fx_rate=1, effective_on=day,
        payable_on=day, booked_at=clock.now(), **money,
    )  # fmt: skip


async def test_a_contract_keeps_its_terms() -> None:
    partner = await a_partner()

    answer = await agree(
        partner,
        vatBp=2500,
        schedule="WEEKLY",
        validUntil="2028-01-01",
        minimumPayout={"amount": "100.50", "currency": "NOK"},
        returnWindowDays=14,
    )

    assert answer == IsPartialDict(
        __typename="Contract",
        validFrom="2027-01-01",
        validUntil="2028-01-01",
        commissionBp=750,
        vatBp=2500,
        currency="NOK",
        schedule="WEEKLY",
        timezone="Europe/Oslo",
        minimumPayout={"amount": "100.50", "currency": "NOK"},
        returnWindowDays=14,
    )


async def test_a_new_contract_ends_the_one_before() -> None:
    partner, other = await a_partner(), await a_partner()

    await agree(partner)

    assert await terms_of(partner) == [(date(2020, 1, 1), date(2027, 1, 1)), (date(2027, 1, 1), None)]
    assert await terms_of(other) == [(date(2020, 1, 1), None)]


async def test_a_contract_cannot_reach_into_a_later_one() -> None:
    partner = await a_partner()
    await agree(partner, validFrom="2027-06-01")

    answer = await agree(partner, validFrom="2027-01-01")

    assert answer == IsPartialDict(__typename="ContractsOverlap", validFrom="2027-06-01")
    assert await terms_of(partner) == [(date(2020, 1, 1), date(2027, 6, 1)), (date(2027, 6, 1), None)]


async def test_a_contract_fits_between_two_when_it_ends_in_time() -> None:
    partner = await a_partner()
    await agree(partner, validFrom="2027-06-01")

    await agree(partner, validFrom="2027-01-01", validUntil="2027-06-01")

    assert [start for start, _ in await terms_of(partner)] == [
        date(2020, 1, 1),
        date(2027, 1, 1),
        date(2027, 6, 1),
    ]


async def test_terms_that_sales_were_booked_under_stay() -> None:
    partner = await a_partner()
    await a_sale(partner, date(2026, 11, 20))

    backdated = await agree(partner, validFrom="2026-11-20")
    later = await agree(partner, validFrom="2026-11-21")

    assert backdated == IsPartialDict(__typename="ContractTermsUsed", usedUntil="2026-11-20")
    assert later["__typename"] == "Contract"
    assert await terms_of(partner) == [(date(2020, 1, 1), date(2026, 11, 21)), (date(2026, 11, 21), None)]


async def test_every_unsound_term_is_told_at_once() -> None:
    partner = await a_partner()

    answer = await agree(
        partner,
        validUntil="2026-01-01",
        commissionBp=10_001,
        vatBp=-1,
        currency="NKR",
        timezone="Oslo",
        returnWindowDays=400,
        minimumPayout={"amount": "-1", "currency": "NOK"},
    )

    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["problems"]] == [
        "validUntil",
        "commissionBp",
        "vatBp",
        "currency",
        "minimumPayout.amount",
        "timezone",
        "returnWindowDays",
    ]
    assert await terms_of(partner) == [(date(2020, 1, 1), None)]


async def test_the_minimum_payout_is_in_the_currency_of_the_contract() -> None:
    partner = await a_partner()

    answer = await agree(partner, minimumPayout={"amount": "10.00", "currency": "EUR"})

    assert [problem["path"] for problem in answer["problems"]] == ["minimumPayout.currency"]
    assert await terms_of(partner) == [(date(2020, 1, 1), None)]


async def test_nobody_has_a_contract_that_is_not_there() -> None:
    partner = await a_partner()
    partner.id = new_id()

    answer = await agree(partner)

    assert answer["__typename"] == "NotFound"
    assert await Contract.all().count() == 1
