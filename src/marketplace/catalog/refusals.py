"""Refusals of the catalogue, in a member's words."""

from marketplace.kit.refusals import Refusal


class OfferSoldOut(Refusal):
    """The last one is gone. Nothing was taken from the wallet."""

    code = "OFFER_SOLD_OUT"
    text = "This is sold out. Your points are untouched."
