"""Why points are not paid out as money, in a member's words."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class CashNotOffered(Refusal):
    """The program pays no cash for points, or none in the member's country."""

    code = "CASH_NOT_OFFERED"
    text = "Your rewards program pays no cash for points in {country}."
    country: Annotated[str, "The member's country."]


class CashBelowMinimum(Refusal):
    """Fewer points than the program pays out at a time."""

    code = "CASH_BELOW_MINIMUM"
    text = "Points are paid out from {minimum} at a time: {missing} to go."
    minimum: Annotated[int, "The fewest points that are paid out at a time."]
    missing: Annotated[int, "Points to go."]


class CashAboveMaximum(Refusal):
    """More points than the program pays out in a calendar month."""

    code = "CASH_ABOVE_MAXIMUM"
    text = "Up to {maximum} points are paid out in a month; {left} are left for this one."
    maximum: Annotated[int, "The most points that are paid out in a calendar month."]
    left: Annotated[int, "How many of them are left for this month."]
