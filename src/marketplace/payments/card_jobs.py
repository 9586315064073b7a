"""The calls to Stripe for cards, each outside of any transaction, between two that write down what is known.

Every call can be made again: an intent is captured or cancelled once whatever we do, and a refund is looked for
among those of its payment, by our id in its metadata, before it is asked for.
"""

from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database, outbox
from marketplace.kit.jobs import job
from marketplace.payments import cards, rules
from marketplace.payments.answers import Busy, Payment, Refused, Unknown
from marketplace.payments.gateway import gateway
from marketplace.payments.models import CardPayment, CardRefund, CardRefundState, CardState
from marketplace.payments.refusals import PaymentsUnavailable

_STALE = """
SELECT c.id, c.state FROM card_payment AS c
WHERE state IN ('CAPTURING', 'RELEASING') AND coalesce(ordered_at, created_at) < $1
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'card_id' = c.id::text)
ORDER BY c.id LIMIT 1000"""
_WAITING = """
SELECT id, state FROM card_payment
WHERE state = 'AWAITING' AND (expires_at < $1 OR stripe_id IS NOT NULL AND created_at < $1)
ORDER BY id LIMIT 1000"""
_REFUNDS = """
SELECT r.id FROM card_refund AS r WHERE state = 'ORDERED' AND error_code IS NULL AND ordered_at < $1
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'refund_id' = r.id::text)
ORDER BY r.id LIMIT 1000"""
_AGAIN = {
    CardState.CAPTURING: "payments.capture_card",
    CardState.RELEASING: "payments.release_card",
    CardState.AWAITING: "payments.expire_card",
}


async def intent_of(card: CardPayment) -> Payment:
    """The card's payment intent, made at Stripe if it was not; raises PaymentsUnavailable when Stripe cannot.

    Its id is kept before its client secret, which is never kept, is handed to anyone.
    """
    try:
        return await _intent_of(card)
    except (Refused, Busy, Unknown) as lost:
        raise PaymentsUnavailable from lost


async def _intent_of(card: CardPayment) -> Payment:
    if card.stripe_id is not None:
        return await gateway().payment(card.stripe_id)
    told = await gateway().create_card_payment(
        amount=card.amount_minor,
        currency=card.currency,
        key=f"{card.id.hex}-card",
        metadata={"card": card.id.hex, "purpose": card.purpose},
        transfer_group=card.id.hex,
    )
    async with database.transaction():
        await cards.record_intent(card.id, told)
    return told


@job("payments.capture_card")
async def capture_card(card_id: str) -> None:
    """Take the money of an authorised card. What Stripe refuses for good is let go, so that nothing hangs."""
    card = await CardPayment.get(id=UUID(card_id))
    if card.state != CardState.CAPTURING or card.stripe_id is None:
        return
    try:
        told = await _captured(card, card.stripe_id)
    except (Busy, Unknown):
        await outbox.enqueue("payments.capture_card", delay=rules.BUSY_PAUSE, card_id=card_id)
        return
    async with database.transaction():
        await cards.record_card(card.id, told)


async def _captured(card: CardPayment, intent: str) -> Payment:
    try:
        return await gateway().capture_payment(intent, key=f"{card.id.hex}-capture")
    except Refused:
        told = await gateway().payment(intent)
    return await _cancelled(card, intent) if told.status == "requires_capture" else told


async def _cancelled(card: CardPayment, intent: str) -> Payment:
    try:
        return await gateway().cancel_payment(intent, key=f"{card.id.hex}-release")
    except Refused:
        return await gateway().payment(intent)


@job("payments.release_card")
async def release_card(card_id: str) -> None:
    """Let an authorisation go, or a payer's chance to give one."""
    card = await CardPayment.get(id=UUID(card_id))
    if card.state != CardState.RELEASING or card.stripe_id is None:
        return
    try:
        told = await _cancelled(card, card.stripe_id)
    except (Busy, Unknown):
        await outbox.enqueue("payments.release_card", delay=rules.BUSY_PAUSE, card_id=card_id)
        return
    async with database.transaction():
        await cards.record_card(card.id, told)


@job("payments.refund_card")
async def refund_card(refund_id: str) -> None:
    """Give money back to a card, once it was taken from it."""
    refund = await CardRefund.get(id=UUID(refund_id)).select_related("card")
    card: CardPayment = refund.card
    if refund.state != CardRefundState.ORDERED or card.stripe_id is None:
        return
    if card.state != CardState.CAPTURED:
        await outbox.enqueue("payments.refund_card", delay=rules.LOOK_AGAIN_AFTER, refund_id=refund_id)
        return
    try:
        made = await gateway().refund_of(card.stripe_id, refund.id.hex)
        if made is None:
            key = f"{refund.id.hex}-{clock.today().isoformat()}"
            made = await gateway().refund(
                card.stripe_id, key=key, amount=refund.amount_minor, metadata={"refund": refund.id.hex}
            )
    except Refused as refusal:
        await cards.record_refund_refused(refund.id, refusal.code)
        return
    except (Busy, Unknown):
        await outbox.enqueue("payments.refund_card", delay=rules.BUSY_PAUSE, refund_id=refund_id)
        return
    async with database.transaction():
        await cards.record_refund(refund.id, made)


@job("payments.expire_card")
async def expire_card(card_id: str) -> None:
    """Look whether the payer has confirmed, for a webhook may be late or lost; end it when their time is over."""
    card = await CardPayment.get(id=UUID(card_id))
    if card.state != CardState.AWAITING:
        return
    try:
        told = await gateway().payment(card.stripe_id) if card.stripe_id else None
    except (Refused, Busy, Unknown):
        await outbox.enqueue("payments.expire_card", delay=rules.BUSY_PAUSE, card_id=card_id)
        return
    async with database.transaction():
        if told is not None:
            await cards.record_card(card.id, told)
        await cards.expire(card.id)


@job("payments.authorisation_ends")
async def authorisation_ends(card_id: str) -> None:
    """Say that an authorisation will soon end."""
    async with database.transaction():
        await cards.remind(UUID(card_id))


async def look_up(card_id: UUID) -> Payment | None:
    """How the card's intent stands at Stripe now; None when it has none."""
    card = await CardPayment.get(id=card_id)
    return await gateway().payment(card.stripe_id) if card.stripe_id else None


async def recover(before: datetime) -> None:
    """Take up again what a crash or a lost job left behind."""
    for row in [*await database.rows(_STALE, before), *await database.rows(_WAITING, before)]:
        await outbox.enqueue(_AGAIN[CardState(row["state"])], card_id=str(row["id"]))
    for row in await database.rows(_REFUNDS, before):
        await outbox.enqueue("payments.refund_card", refund_id=str(row["id"]))
