"""The checks of partners find what is bent, and nothing in what is sound."""

from datetime import date
from typing import Any

import pytest

from marketplace.kit import clock
from marketplace.kit.checks import Check
from marketplace.kit.ids import new_id
from marketplace.ledger.models import Journal
from marketplace.partners import checks
from marketplace.partners.models import Accrual, Contract, Partner
from tests.builders import a_partner

pytestmark = pytest.mark.usefixtures("db")


async def broken(check: Check) -> list[str]:
    """The checks that find something, once for each thing found."""
    return [violation.check async for violation in check()]


async def an_accrual(partner: Partner, **facts: Any) -> Accrual:
    """A sale of nothing, under the partner's contract; its journal moved nothing."""
    day = date(2026, 11, 20)
    journal = await Journal.create(
        reason="test", ref_type="test", ref_id=new_id(), booked_at=clock.now(), effective_on=day
    )
    figures = ("gross_minor", "commission_minor", "vat_minor", "net_minor", "source_minor")
    defaults: dict[str, Any] = dict.fromkeys(figures, 0) | {
        "partner": partner,
        "contract": await Contract.get(partner_id=partner.id),
        "journal": journal,
        "kind": "SALE",
        "ref_type": "test",
        "ref_id": new_id(),
        "description": "A sale",
        "currency": "EUR",
        "source_currency": "EUR",
        "fx_rate": 1,
        "effective_on": day,
        "payable_on": day,
        "booked_at": clock.now(),
    }
    return await Accrual.create(**(defaults | facts))


async def test_sound_rows_break_nothing() -> None:
    await an_accrual(await a_partner())
    await a_partner(status="PENDING")

    assert [await broken(check) for check in checks.CHECKS] == [[]] * len(checks.CHECKS)


async def test_an_approved_partner_without_a_contract_is_found() -> None:
    await a_partner()
    await Contract.all().delete()

    assert await broken(checks.check_approved_have_contract) == ["partners.approved_have_contract"]


@pytest.mark.parametrize("facts", [{"currency": "USD"}, {"effective_on": date(2019, 12, 31)}])
async def test_a_sale_outside_of_its_contract_is_found(facts: dict[str, Any]) -> None:
    await an_accrual(await a_partner(), **facts)

    assert await broken(checks.check_accruals_keep_to_contract) == ["partners.accruals_keep_to_contract"]


async def test_a_sale_under_the_contract_of_another_is_found() -> None:
    other = await a_partner()

    await an_accrual(await a_partner(), contract=await Contract.get(partner_id=other.id))

    assert await broken(checks.check_accruals_keep_to_contract) == ["partners.accruals_keep_to_contract"]


async def test_a_sale_that_was_not_booked_is_found() -> None:
    await an_accrual(await a_partner(), gross_minor=920, net_minor=920)

    assert await broken(checks.check_accruals_are_booked) == ["partners.accruals_are_booked"]


async def test_a_refund_beyond_its_sale_or_of_none_is_found() -> None:
    partner = await a_partner()
    sale = await an_accrual(partner, gross_minor=500, net_minor=500, source_minor=500)
    await an_accrual(partner, kind="REFUND", reverses=sale, gross_minor=-501, net_minor=-501, source_minor=-501)
    await an_accrual(partner, kind="REFUND")

    assert await broken(checks.check_refunds_keep_within_sales) == ["partners.refunds_keep_within_sales"] * 2
