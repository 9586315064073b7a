"""Ordering a settlement: statements, what they say, and what becomes of them."""

import pytest
from dirty_equals import IsPartialDict

from marketplace.settlement.models import LineAccrual
from tests import builders
from tests.settlement.books import (
    a_funded_program,
    euros,
    refund,
    sell,
    settle,
    shown,
    standing,
    violations,
    yesterday,
)

pytestmark = pytest.mark.usefixtures("db")


async def test_each_sale_joins_one_line_and_the_statement_adds_up() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(slug="coffee-house")
    for minor in (10_00, 10_00, 25_50):
        await sell(program, partner, minor)
    await sell(program, partner, 99_99, "Breakfast for two")
    await refund(program, await sell(program, partner, 10_00))

    [statement] = await settle()

    said = await shown(statement)
    assert said["number"] == f"ST-COFFEE-HOUSE-{yesterday().year}-0001"
    lines = [
        (line["kind"], line["description"], line["quantity"], line["net"]["amount"])
        for line in said["lines"]["nodes"]
    ]
    assert lines == [
        ("SALES", "Breakfast for two", 1, "90.31"),
        ("SALES", "Coffee voucher", 4, "50.12"),
        ("REFUNDS", "Refund: Coffee voucher", 1, "-9.03"),
    ]
    assert said == IsPartialDict(
        opening=euros("0.00"),
        gross=euros("145.49"),
        commission=euros("11.64"),
        vat=euros("2.45"),
        adjustments=euros("0.00"),
        closing=euros("131.40"),
        accruals=6,
    )
    assert await standing(partner) == {"DUE": 131_40}
    assert await LineAccrual.all().count() == 6
    assert await violations() == []
