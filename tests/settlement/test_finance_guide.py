"""The guide for finance says what the code does: its example adds up, its queries answer."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from graphql import build_schema, parse, validate

from marketplace.billing.coalition import price_of
from marketplace.billing.rules import credit_standing
from marketplace.kit.money import convert, share_bp, worth_of
from marketplace.partners.models import Contract
from marketplace.partners.rules import shares
from marketplace.settlement import charging, rules
from marketplace.settlement.charging import Tier
from marketplace.settlement.models import LineKind, PayoutReason
from marketplace.settlement.rules import Parts, Payee

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


EXAMPLES = dict(re.findall(r"^\| ([a-z][^|]+?) \| [^|]+? \| (-?\d+\.\d\d) \|$", GUIDE, re.MULTILINE))


def test_each_figure_is_what_its_example_says() -> None:
    contract = Contract(
        id=UUID(int=1), vat_bp=2100, fee_minor=49_00, reserve_bp=1000, reserve_days=14, discount_cap_minor=1_50
    )
    march, until = charging.month_of(date(2027, 3, 1)), date(2027, 4, 30)
    back = charging.rebate(250_00, [Tier(100_00, 200), Tier(200_00, 300)])
    rebate = charging.rebate_charge(contract, march, until, back, 0)
    fee = 49_00 + share_bp(49_00, 2100)
    cap = charging.cap_charge(contract, march, march.last, 2_70, 0)
    later = charging.cap_charge(contract, march, until, 2_70 - 90, 1_20)
    held = charging.reserve(contract, until, 90_32)
    to_come = charging.reserve(contract, until, 32_06)
    assert None not in (rebate, cap, later, held, to_come)
    assert rebate and cap and later  # noqa: PT018 - for the types
    assert held and to_come  # noqa: PT018
    line = credit_standing(500_00, 120_00, 30_00)
    worth = worth_of(1334, "EUR", Decimal("0.015"))
    found = {
        "gross, sold in another currency": convert(12_34, "EUR", "SEK", Decimal("11.5")),
        "fee": -fee,
        "rebate": rebate.net,
        "above the cap": cap.net,
        "above the cap, later": later.net,
        "reserve held": held.net,
        "reserve released": charging.release(UUID(int=2), contract.id, until, until, -held.net).net,
        "commission invoice": 2_84 + 49_00 + 60 + share_bp(49_00, 2100),
        "carried on": 9_04,
        "forecast": 9_04 + 32_06 + to_come.net,
        "points a partner buys": price_of(1001, 10_00),
        "drawn of a line of credit": line.drawn_minor,
        "commission of a period": 8_40 - 5_56,
        "worth of points": worth,
        "the same in USD": convert(worth, "EUR", "USD", Decimal("1.25")),
    }
    assert {name: cents(figure) for name, figure in EXAMPLES.items()} == found
    payee = Payee(status="APPROVED", minimum_minor=25_00, has_account=True, account_ready=True)
    assert rules.decide(9_04, payee, until).reason is PayoutReason.BELOW_MINIMUM


@pytest.mark.parametrize("request_text", REQUESTS)
def test_an_example_is_one_that_the_schema_knows(request_text: str) -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(), assume_valid_sdl=True)
    assert validate(schema, parse(request_text)) == []


def test_every_reason_has_a_way_out() -> None:
    assert [reason for reason in PayoutReason if f"`{reason}`" not in GUIDE] == []
