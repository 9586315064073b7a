"""What settlement does when money has moved: `app/wiring.py` ties these handlers to the facts of payments.

Each runs in the transaction of the fact, with the payout's row locked. A payout only moves along the steps
below, so a fact that comes twice, late or out of order changes nothing more.
"""

from marketplace.kit import clock
from marketplace.payments.facts import (
    ChargeRefunded,
    PaymentFailed,
    PaymentSucceeded,
    PayoutFailed,
    PayoutPaid,
    TransferDelayed,
    TransferRefused,
    TransferReversed,
    TransferSent,
)
from marketplace.payments.models import InboundPayment, OutboundTransfer
from marketplace.settlement import moving, steps
from marketplace.settlement.models import PayoutReason, PayoutState, TopUp, TopUpState
from marketplace.settlement.moving import Found

TOP_UP = "TOP_UP"
"""What payments knows the payments of top-ups as; the reference is the top-up's id."""


async def transfer_sent(fact: TransferSent) -> None:
    """PLANNED -> SENT: out of our balance at Stripe, into the partner's."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        await moving.send(found)


async def transfer_delayed(fact: TransferDelayed) -> None:
    """PLANNED stays PLANNED and says that our own balance has to fill first."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        payout, is_news = found.payout, found.payout.reason is None
        payout.reason, payout.not_before = PayoutReason.WAITING_FOR_FUNDS.value, clock.today()
        await payout.save(update_fields=["reason", "not_before"])
        if is_news:
            await steps.note(payout)


async def transfer_refused(fact: TransferRefused) -> None:
    """PLANNED -> FAILED: nothing left us, and the amount joins the next statement."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        await moving.fail(found, PayoutReason.TRANSFER_REFUSED, f"{fact.code}: {fact.message}")


async def transfer_reversed(fact: TransferReversed) -> None:
    """SENT (or IN_BANK) -> FAILED: all of it is ours again, owed again, and joins the next statement."""
    found = await _locked(fact.outbound)
    if found is None or found.state not in {PayoutState.SENT, PayoutState.IN_BANK}:
        return
    if found.state == PayoutState.IN_BANK:
        await moving.take_back(found, "the transfer was reversed")
    await moving.fail(found, PayoutReason.TRANSFER_REVERSED, None)


async def payout_paid(fact: PayoutPaid) -> None:
    """SENT -> IN_BANK, also when nobody had told that it was sent. States StatementPaid."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        await moving.send(found)
    if found and found.state == PayoutState.SENT:
        await moving.arrive(found)


async def payout_failed(fact: PayoutFailed) -> None:
    """IN_BANK -> SENT: the bank sent it back, it stands in the partner's balance at Stripe again."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.IN_BANK:
        await moving.take_back(found, fact.code)


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


async def _locked(outbound: OutboundTransfer) -> Found | None:
    return await moving.locked(outbound.ref_id) if outbound.purpose == steps.PURPOSE else None
