"""Why points are not paid out as money, in a member's words."""

from datetime import datetime
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
    """More points than the program pays out in a calendar period."""

    code = "CASH_ABOVE_MAXIMUM"
    text = "Up to {maximum} points are paid out in a period; the one until {resets_at} has {left} left."
    maximum: Annotated[int, "The most points that are paid out in a calendar period: a day, a month or a year."]
    left: Annotated[int, "How many of them are left for this one."]
    resets_at: Annotated[datetime, "When the next period begins."]


class CashCannotReach(Refusal):
    """No rail brings money to members in this country."""

    code = "CASH_CANNOT_REACH"
    text = "Money cannot be sent to members in {country} yet. Your points buy rewards there all the same."
    country: Annotated[str, "The member's country."]


class CashCoolingOff(Refusal):
    """Points become cash some days after enrolling, or after they were earned."""

    code = "CASH_COOLING_OFF"
    text = "{ready_points} of these points can become cash now; the others from {ready_at} on."
    ready_points: Annotated[int, "Points that can become cash now."]
    ready_at: Annotated[datetime, "When these points can, or as many of them as the wallet holds."]


class IdentityNotConfirmed(Refusal):
    """The program pays cash only to members whose identity it has verified."""

    code = "IDENTITY_NOT_CONFIRMED"
    text = "Your rewards program has to verify who you are before it pays cash. Ask it to do so, then come back."
