"""Refusals of gifts, in a member's words."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class GiftToOneself(Refusal):
    """Giver and receiver are the same person."""

    code = "GIFT_TO_ONESELF"
    text = "A gift is for somebody else."


class GiftNotOpen(Refusal):
    """The gift was claimed, recalled or declined before, or its time is over."""

    code = "GIFT_NOT_OPEN"
    text = "This gift is {current} and can be neither claimed nor taken back any more."
    current: Annotated[str, "Where the gift stands."]


class GiftNotFound(Refusal):
    """No gift that you could claim belongs to this link."""

    code = "GIFT_NOT_FOUND"
    text = "There is no gift for you here. Ask the giver for the link, or whether it is of the same program."
