"""A card pays a part of something: authorised first, taken when what it pays for is there, else let go.

Writes inside a transaction that somebody else opened; none of them calls Stripe. Each `record_…` step locks its
row, ignores what is stale, and states the fact of what changed. `docs/state-machines.md` draws the states.
"""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.kit import clock, facts, outbox
from marketplace.payments.answers import MadeRefund, Payment
from marketplace.payments.facts import (
    AuthorisationEnds,
    CardAuthorised,
    CardCaptured,
    CardConcerned,
    CardLost,
    CardRefunded,
)
from marketplace.payments.models import CardPayment, CardRefund, CardRefundState, CardState

AUTHORISED_FOR = timedelta(days=6)
"""A bank keeps it for seven days (docs.stripe.com/payments/place-a-hold-on-a-payment-method)."""
EXPIRED = "expired"
OPEN = frozenset({CardState.AWAITING, CardState.AUTHORISED})
TAKEN = frozenset({CardState.CAPTURING, CardState.CAPTURED})
GIVEN_UP = frozenset({CardState.RELEASING, CardState.RELEASED, CardState.FAILED})


async def ask_card(
    purpose: str, ref_id: UUID, amount_minor: int, currency: str, expires_at: datetime
) -> CardPayment:
    """Ask a payer's card for money for one cause; they have until `expires_at` to confirm it."""
    card = await CardPayment.create(
        purpose=purpose,
        ref_id=ref_id,
        amount_minor=amount_minor,
        currency=currency,
        state=CardState.AWAITING.value,
        created_at=clock.now(),
        expires_at=expires_at,
    )
    await outbox.enqueue("payments.expire_card", due_at=expires_at, card_id=str(card.id))
    return card


async def card_for(purpose: str, ref_id: UUID) -> CardPayment | None:
    """The card of one cause, its row locked; None when no card pays for it."""
    return await CardPayment.select_for_update().get_or_none(purpose=purpose, ref_id=ref_id)


async def order_capture(card: CardPayment) -> None:
    """Take the authorised money: what it pays for is posted in this transaction. The row must be locked."""
    if card.state != CardState.AUTHORISED:
        raise ValueError(f"card {card.id} is {card.state}: nothing to capture")
    card.state, card.ordered_at = CardState.CAPTURING, clock.now()
    await card.save(update_fields=["state", "ordered_at"])
    await outbox.enqueue("payments.capture_card", card_id=str(card.id))


async def let_go(card: CardPayment) -> None:
    """Give up a card that is asked for or authorised. The row must be locked; nothing happens to any other."""
    if card.state not in OPEN:
        return
    if card.stripe_id is None:
        card.state, card.closed_at = CardState.RELEASED, clock.now()
        await card.save(update_fields=["state", "closed_at"])
        return
    card.state = CardState.RELEASING
    await card.save(update_fields=["state"])
    await outbox.enqueue("payments.release_card", card_id=str(card.id))


async def order_refund(card: CardPayment, amount_minor: int, ref_id: UUID) -> CardRefund | None:
    """Give money that was taken back to the card, for one cause, once; a capture still running is waited for.

    None for a card that lost its authorisation: then nothing was taken. The row must be locked.
    """
    if card.state not in TAKEN:
        return None
    refund = await CardRefund.create(
        card=card,
        ref_id=ref_id,
        amount_minor=amount_minor,
        state=CardRefundState.ORDERED.value,
        ordered_at=clock.now(),
    )
    await outbox.enqueue("payments.refund_card", refund_id=str(refund.id))
    return refund


async def record_intent(card_id: UUID, told: Payment) -> CardPayment:
    """Keep the id of the payment intent before its payer learns of it. One that was given up is released."""
    card = await _locked(card_id)
    if card.stripe_id is None:
        card.stripe_id = told.id
        await card.save(update_fields=["stripe_id"])
    if card.state in GIVEN_UP:
        card.state = CardState.RELEASING
        await card.save(update_fields=["state"])
        await outbox.enqueue("payments.release_card", card_id=str(card.id))
    return card


async def record_card(card_id: UUID, told: Payment) -> CardPayment:
    """Keep how the payment intent stands now, as it was just looked up. Told again, nothing changes."""
    card = await _locked(card_id)
    if (card.amount_minor, card.currency) != (told.amount, told.currency):
        raise ValueError(f"card {card.id} was asked for another amount than {told.id}")
    card.stripe_id = told.id
    match told.status:
        case "requires_capture":
            await _authorised(card)
        case "succeeded":
            await _captured(card, told.charge_id)
        case "canceled":
            await _cancelled(card)
        case _:
            if told.error_code is not None and card.state == CardState.AWAITING:
                card.decline_code = told.error_code[:120]
                await card.save(update_fields=["stripe_id", "decline_code"])
    return card


async def expire(card_id: UUID) -> None:
    """The payer's time is over and no authorisation came: whoever waits for it is told, and it is let go."""
    card = await _locked(card_id)
    if card.state == CardState.AWAITING and card.expires_at <= clock.now():
        await let_go(card)
        await facts.state(CardLost(card, EXPIRED))


async def remind(card_id: UUID) -> None:
    """An authorisation that nobody has used will soon end: whoever holds it is told."""
    card = await _locked(card_id)
    if card.state == CardState.AUTHORISED:
        await facts.state(AuthorisationEnds(card))


async def record_refund(refund_id: UUID, made: MadeRefund) -> None:
    """Money went back to the card. Told again, nothing changes."""
    card = await _locked((await CardRefund.get(id=refund_id)).card_id)
    refund = await CardRefund.select_for_update().get(id=refund_id)
    if refund.state != CardRefundState.ORDERED:
        return
    if made.amount != refund.amount_minor:
        raise ValueError(f"refund {refund.id} was ordered with another amount than {made.id}")
    refund.state, refund.stripe_id = CardRefundState.DONE, made.id
    refund.done_at = clock.now()
    await refund.save(update_fields=["state", "stripe_id", "done_at"])
    await facts.state(CardRefunded(card, refund))


async def record_refund_refused(refund_id: UUID, code: str) -> None:
    """Stripe gives nothing back, such as for a payment that is disputed: a person must look (see the checks)."""
    await CardRefund.filter(id=refund_id, state=CardRefundState.ORDERED.value).update(error_code=code[:120])


async def _authorised(card: CardPayment) -> None:
    if card.state == CardState.RELEASING:
        await outbox.enqueue("payments.release_card", card_id=str(card.id))
    if card.state != CardState.AWAITING:
        return
    card.state, card.authorised_at, card.decline_code = CardState.AUTHORISED, clock.now(), None
    await card.save()
    await outbox.enqueue("payments.authorisation_ends", delay=AUTHORISED_FOR, card_id=str(card.id))
    await facts.state(CardAuthorised(card))


async def _captured(card: CardPayment, charge_id: str | None) -> None:
    """The money is ours. If it was given up before, by us or by its bank's word, all of it goes back."""
    if card.state == CardState.AWAITING:
        await _authorised(card)
        card = await _locked(card.id)
    if card.state == CardState.CAPTURED:
        return
    unwanted = card.state in GIVEN_UP
    card.state, card.captured_at, card.charge_id = CardState.CAPTURED, clock.now(), charge_id
    await card.save()
    await facts.state(CardCaptured(card))
    if unwanted:
        await order_refund(card, card.amount_minor, card.id)


async def _cancelled(card: CardPayment) -> None:
    """The intent ended: as we asked, or because its authorisation ran out or somebody ended it at Stripe."""
    if card.state == CardState.RELEASING:
        card.state, card.closed_at = CardState.RELEASED, clock.now()
        await card.save()
    elif card.state in OPEN or card.state == CardState.CAPTURING:
        card.state, card.closed_at = CardState.FAILED, clock.now()
        await card.save()
        await CardRefund.filter(card_id=card.id, state=CardRefundState.ORDERED.value).update(
            state=CardRefundState.VOID.value, done_at=clock.now()
        )
        await facts.state(CardLost(card, "canceled"))


async def _locked(card_id: UUID) -> CardPayment:
    found = await CardPayment.get(id=card_id)
    await facts.state(CardConcerned(found.purpose, found.ref_id))
    return await CardPayment.select_for_update().get(id=card_id)
