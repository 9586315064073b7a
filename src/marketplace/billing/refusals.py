"""Why billing says no."""

from typing import Annotated

from marketplace.billing.models import TopUpState
from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal


class TopUpReferenceReused(Refusal):
    """The program used this reference before, for another payment."""

    code = "TOP_UP_REFERENCE_REUSED"
    text = "The reference {reference} stands for another top-up of {amount}. Give each payment its own."
    reference: Annotated[str, "The reference that was given."]
    amount: Annotated[Money, "What was paid, or is to be paid, under it."]


class TopUpNotPending(Refusal):
    """There is nothing to confirm: the money is there, or will not come."""

    code = "TOP_UP_NOT_PENDING"
    text = "This top-up is {state} already."
    state: Annotated[TopUpState, "Where the top-up stands: SUCCEEDED or FAILED."]


class TopUpConfirmsItself(Refusal):
    """A card payment is confirmed by Stripe, never by hand."""

    code = "TOP_UP_CONFIRMS_ITSELF"
    text = "This top-up comes through Stripe, which says by itself when the money is there."
