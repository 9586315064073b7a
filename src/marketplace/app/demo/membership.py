"""Invented membership numbers that a brand's own rule accepts, for the demo's members."""

import re
from random import Random

from stdnum import luhn

_PART = re.compile(r"(\\d|\[A-Z\])\{(\d+)\}")


def number_for(pattern: str, check_digit: str | None, member: str) -> str:
    """A number of this member that matches the pattern and its check digit; always the same one."""
    dice = Random(f"{pattern}:{member}")  # noqa: S311 (invented, not a secret)
    number = "".join(
        "".join(
            dice.choice("0123456789" if part == r"\d" else "ABCDEFGHJKLMNPRSTUVXYZ") for _ in range(int(times))
        )
        for part, times in _PART.findall(pattern)
    )
    if check_digit == "luhn":
        number = number[:-1] + luhn.calc_check_digit(number[:-1])
    if not re.fullmatch(pattern, number):
        raise ValueError(f"no number can be made for {pattern}")
    return number
