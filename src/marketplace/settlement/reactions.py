"""What settlement does when money has moved: `app/wiring.py` ties these handlers to the facts of payments.

Each runs in the transaction of the fact, with the payout's row locked. A payout only moves along the steps
below, so a fact that comes twice, late or out of order changes nothing more.
"""

from marketplace.kit import clock
from marketplace.payments.facts import (
    PayoutFailed,
    PayoutPaid,
    TransferDelayed,
    TransferRefused,
    TransferReversed,
    TransferSent,
)
from marketplace.payments.models import OutboundTransfer
from marketplace.payments.steps import trace
from marketplace.settlement import moving, steps
from marketplace.settlement.models import PayoutReason, PayoutState
from marketplace.settlement.moving import Found


async def transfer_sent(fact: TransferSent) -> None:
    """PLANNED -> SENT: out of our balance at Stripe, into the partner's."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        await _send(found, fact.outbound)


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
    journal = await moving.fail(found, PayoutReason.TRANSFER_REVERSED, None)
    assert journal is not None
    for reversal, minor in fact.reversals:
        await trace(journal, reversal, minor, fact.outbound.currency)


async def payout_paid(fact: PayoutPaid) -> None:
    """SENT -> IN_BANK, also when nobody had told that it was sent. States StatementPaid."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.PLANNED:
        await _send(found, fact.outbound)
    if found and found.state == PayoutState.SENT:
        await moving.arrive(found)


async def payout_failed(fact: PayoutFailed) -> None:
    """IN_BANK -> SENT: the bank sent it back, it stands in the partner's balance at Stripe again."""
    found = await _locked(fact.outbound)
    if found and found.state == PayoutState.IN_BANK:
        await moving.take_back(found, fact.code)


async def _send(found: Found, outbound: OutboundTransfer) -> None:
    """PLANNED -> SENT, and the journal says under which id of Stripe's."""
    journal = await moving.send(found)
    assert outbound.stripe_id is not None
    await trace(journal, outbound.stripe_id, -outbound.amount_minor, outbound.currency)


async def _locked(outbound: OutboundTransfer) -> Found | None:
    return await moving.locked(outbound.ref_id) if outbound.purpose == steps.PURPOSE else None
