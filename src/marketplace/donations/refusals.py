"""Refusals of giving, in a member's words."""

from typing import Annotated

from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal


class CharityNotOpen(Refusal):
    """The charity cannot receive donations at the moment."""

    code = "CHARITY_NOT_OPEN"
    text = "{charity_name} cannot receive donations at the moment. Choose another charity, or try again later."
    charity_name: Annotated[str, "The charity's name."]


class DonationTooSmall(Refusal):
    """The points are worth less than the smallest unit of money."""

    code = "DONATION_TOO_SMALL"
    text = "These points are worth less than {smallest}. Give at least {points} points."
    smallest: Annotated[Money, "The smallest amount that can be given."]
    points: Annotated[int, "The fewest points that are worth it."]


class PledgeNotCancellable(Refusal):
    """The money has left for the charity, or the pledge was cancelled before."""

    code = "PLEDGE_NOT_CANCELLABLE"
    text = "This donation is {current} and cannot be cancelled any more."
    current: Annotated[str, "Where the pledge stands."]
