"""How a program's money stands. Pure arithmetic, the part an auditor reads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CreditStanding:
    """What of a line of credit is drawn, set aside on it, and left: together the limit."""

    drawn_minor: int
    held_minor: int
    left_minor: int


def credit_standing(limit_minor: int, free_minor: int, held_minor: int) -> CreditStanding:
    """How a line stands, by what is free of the fund it is part of and what is held.

    A program's own money is spent first: of what is free the last `limit` is the line's. What is missing of that
    was drawn by what is fulfilled, as far as free and held together fall short of it; the rest is set aside.
    """
    left = min(limit_minor, free_minor)
    drawn = min(limit_minor - left, max(0, limit_minor - free_minor - held_minor))
    return CreditStanding(drawn, limit_minor - left - drawn, left)
