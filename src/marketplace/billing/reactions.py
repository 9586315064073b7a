"""What billing does when money has moved: `app/wiring.py` ties these handlers to the facts of payments.

Each runs in the transaction of the fact; one that comes twice, late or out of order changes nothing more.
"""

from marketplace.billing import steps
from marketplace.billing.models import TopUp, TopUpState
from marketplace.payments.facts import ChargeRefunded, PaymentFailed, PaymentSucceeded
from marketplace.payments.models import InboundPayment

TOP_UP = "TOP_UP"
"""What payments knows the payments of top-ups as; the reference is the top-up's id."""


async def payment_succeeded(fact: PaymentSucceeded) -> None:
    """The money of a top-up reached our balance at Stripe."""
    top_up = await _top_up(fact.payment)
    if top_up is not None:
        await steps.complete_top_up(top_up)


async def payment_failed(fact: PaymentFailed) -> None:
    """A top-up was declined; no money moved. A later success of the same payment still counts."""
    top_up = await _top_up(fact.payment)
    if top_up is not None and top_up.state == TopUpState.PENDING:
        top_up.state, top_up.failure = TopUpState.FAILED.value, fact.code[:120]
        await top_up.save(update_fields=["state", "failure"])


async def charge_refunded(fact: ChargeRefunded) -> None:
    """All of a top-up's payment went back to the payer."""
    top_up = await _top_up(fact.payment)
    if top_up is not None:
        await steps.return_top_up(top_up)


async def _top_up(payment: InboundPayment) -> TopUp | None:
    if payment.purpose != TOP_UP:
        return None
    return await TopUp.select_for_update().get(id=payment.ref_id)
