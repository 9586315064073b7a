"""The guide for finance says what the code does: its example adds up, its queries answer."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from marketplace.partners.rules import shares
from marketplace.settlement import rules
from marketplace.settlement.models import LineKind, PayoutReason
from marketplace.settlement.rules import Parts

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "finance.md").read_text()
ROWS = re.findall(r"^\| (sale|refund|period) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", GUIDE, re.MULTILINE)
REQUESTS = re.findall(r"```graphql\n(.*?)```", GUIDE, re.DOTALL)


def cents(text: str) -> int:
    return int(Decimal(text) * 100)


def test_the_worked_example_adds_up() -> None:
    *told, period = [(what, [cents(figure) for figure in figures]) for what, *figures in ROWS]
    lines: list[Parts] = []
    for what, (gross, *rest) in told:
        sign = -1 if what == "refund" else 1
        parts = shares(abs(gross), 800, 2100)
        assert rest == [sign * parts.commission, sign * parts.vat, sign * parts.net]
        lines.append(Parts(LineKind.SALES, gross, *rest))
    totals = rules.totals([*lines, Parts(LineKind.ADJUSTMENTS, 5_00, 0, 0, 5_00)])

    assert period[1] == [totals.gross, totals.commission, totals.vat, totals.period - totals.adjustments]
    assert -1_06 + totals.period == 36_00


@pytest.mark.parametrize("request_text", REQUESTS)
def test_an_example_is_one_that_the_schema_knows(request_text: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(), assume_valid_sdl=True)
    assert validate(schema, parse(request_text)) == []


def test_every_reason_has_a_way_out() -> None:
    assert [reason for reason in PayoutReason if f"`{reason}`" not in GUIDE] == []
