"""The guide for finance says what the code does: its figures on liability and exchange are recomputed."""

import re
from decimal import Decimal
from pathlib import Path

from marketplace.finance.runoff import Entered, Gone, Standing, estimated
from marketplace.kit.money import convert, worth_of

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "finance.md").read_text()
MONTH = 30


def numbers(pattern: str) -> list[list[str]]:
    return [re.split(r"\s*\|\s*", row) for row in re.findall(pattern, GUIDE, re.MULTILINE)]


def test_the_expected_breakage_is_what_the_guide_says() -> None:
    months = numbers(r"^\| month \d \| (.*?) \|$")
    used = [[int(each) for each in row[1:4] if each] for row in months]
    entered = [Entered(0, len(row) - 1, 1000) for row in used]
    gone = [Gone(0, len(row) - 1, age, points, 0, 0) for row in used for age, points in enumerate(row)]
    left = [1000 - sum(row) for row in used]
    assert left == [int(row[4]) for row in months]

    run_off = estimated(entered, gone, MONTH)
    assert [round(share, 3) for share in run_off.shares] == [0.4, 0.2, 0.1]
    assert [f"{share:.0%}".replace("%", " %") in GUIDE for share in run_off.shares] == [True] * 3
    standing = [
        Standing(len(row) * MONTH, (len(months) - len(row)) * MONTH, points)
        for row, points in zip(used, left, strict=True)
    ]
    expected = [run_off.breakage(each) for each in standing]
    assert [round(each) for each in expected] == [432, 446, 418]
    assert round(sum(expected)) == 1296
    assert worth_of(1296, "EUR", Decimal("0.01")) == 12_96
    for said in ("580 x 0.8 x 0.9 =\n418", "of the 496 446", "1296 points", "12.96 EUR"):
        assert said in GUIDE


def test_the_results_of_exchange_are_what_the_guide_says() -> None:
    rows = numbers(r"^\| (\d+\.\d\d \| \d\.\d\d \| .*?) \|$")
    assert len(rows) == 2
    for euros, rate, owed, _, then, worth, result in rows:
        taken = int(Decimal(euros) * 100)
        was, now = (convert(taken, "EUR", "USD", Decimal(each)) for each in (rate, then))
        assert [Decimal(minor) / 100 for minor in (was, now, now - was)] == [
            Decimal(x) for x in (owed, worth, result)
        ]
