"""Every kind of balance transaction is somebody's to explain."""

from typing import get_args

import stripe

from marketplace.payments import kinds
from marketplace.payments.kinds import Says


def test_every_kind_that_stripe_knows_is_known_here() -> None:
    """What its own library lists; a kind of tomorrow waits for a person."""
    listed, _ = get_args(stripe.BalanceTransaction.__annotations__["type"])
    known = {kind: kinds.who_says(kind, "x_1") for kind in get_args(listed)}

    assert {kind for kind, says in known.items() if says is not Says.PERSON} == set(kinds.BY_THEMSELVES)
    assert kinds.who_says("adjustment", "du_1") is Says.DISPUTE
    assert kinds.who_says("of_tomorrow", None) is Says.PERSON
