"""What Stripe tells us: each event once, whatever comes twice, late or out of order.

docs.stripe.com/webhooks: order is not promised, and an event may come more than once. An event is kept
when its signature is right, and processed by a job in the transaction that marks it processed.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson

from marketplace.kit import clock, database, outbox
from marketplace.kit.ids import new_id
from marketplace.payments import card_jobs, cards, client, disputes, invoice_jobs, rules, steps
from marketplace.payments.answers import Busy, Refused, SentTransfer, Unknown
from marketplace.payments.answers import StripeEvent as Told
from marketplace.payments.gateway import gateway
from marketplace.payments.models import (
    CardPayment,
    ConnectedAccount,
    InboundPayment,
    OutboundTransfer,
    StripeEvent,
    StripeInvoice,
)

_KEEP = """
INSERT INTO stripe_event (id, stripe_id, type, account, payload, received_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6) ON CONFLICT (stripe_id) DO NOTHING RETURNING id"""
_UNPROCESSED = """
SELECT id FROM stripe_event AS e WHERE processed_at IS NULL AND received_at < $1
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'event_id' = e.id::text)
ORDER BY id LIMIT 1000"""
_PAYOUT_FAILED = """
SELECT 1 FROM stripe_event WHERE type IN ('payout.failed', 'payout.canceled') AND payload ->> 'id' = $1 LIMIT 1"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
HANDLED = "handled"
UNKNOWN = "unknown here"
KEPT_FACTS: Mapping[str, tuple[str, ...]] = {
    "account": ("payouts_enabled", "requirements", "capabilities"),
    "charge": ("payment_intent", "refunded", "amount", "amount_refunded", "currency"),
    "dispute": ("payment_intent", "charge", "amount", "currency", "status", "reason"),
    "invoice": ("status", "metadata"),
    "invoice_payment": ("invoice",),
    "payment_intent": (
        "status", "amount", "amount_received", "currency", "latest_charge", "transfer_group", "metadata"
    ),
    "payout": ("status", "amount", "currency", "automatic", "failure_code"),
    "transfer": (
        "amount", "amount_reversed", "currency", "destination", "destination_payment", "transfer_group",
        "reversals",
    ),
}  # fmt: skip
Apply = Callable[[], Awaitable[str]]


async def keep(event: Told) -> bool:
    """Keep a verified event and ask for its processing; False when it came before."""
    async with database.transaction():
        kept = await database.value(
            _KEEP, new_id(), event.id, event.type[:80], event.account, _payload(event), clock.now()
        )
        if kept is not None:
            await outbox.enqueue("payments.handle_event", event_id=str(kept))
    return kept is not None


def _payload(event: Told) -> str:
    """What processing needs and no more: nothing that names a person, and no client secret."""
    told = event.object
    kind = "dispute" if event.type.startswith("charge.dispute.") else event.type.partition(".")[0]
    names = ("id", "object", *KEPT_FACTS.get(kind, ()))
    facts = {name: told[name] for name in names if name in told}
    if reversals := facts.get("reversals"):
        each = cast("list[Mapping[str, Any]]", reversals.get("data") or [])
        facts["reversals"] = {"data": [{"id": one["id"], "amount": one["amount"]} for one in each]}
    if error := told.get("last_payment_error"):
        facts["last_payment_error"] = {"code": cast("Mapping[str, Any]", error).get("code")}
    return orjson.dumps(facts).decode()


async def process(event_id: UUID) -> None:
    """Look up outside of a transaction what the event needs; then apply it, once, in one."""
    event = await StripeEvent.get(id=event_id)
    if event.processed_at is not None:
        return
    try:
        apply = await HANDLERS.get(event.type, _ignored)(event)
    except Refused as refusal:
        apply = _said(f"Stripe refused the look-up: {refusal.code}"[:120])
    except (Busy, Unknown):
        await outbox.enqueue("payments.handle_event", delay=rules.BUSY_PAUSE, event_id=str(event_id))
        return
    async with database.transaction():
        locked = await StripeEvent.select_for_update().get(id=event_id)
        if locked.processed_at is None:
            locked.outcome = await apply()
            locked.processed_at = clock.now()
            await locked.save()


async def recover(before: datetime) -> None:
    """Ask again for the processing of events whose job was lost."""
    for row in await database.rows(_UNPROCESSED, before):
        await outbox.enqueue("payments.handle_event", event_id=str(row["id"]))


async def _ignored(event: StripeEvent) -> Apply:
    async def apply() -> str:
        return "not for us"

    return apply


async def _transfer(event: StripeEvent) -> Apply:
    """transfer.created, transfer.reversed: what the object says only grows, so order does not matter."""
    sent = client.sent_transfer(event.payload)

    async def apply() -> str:
        outbound_id = await _row_of(sent)
        if outbound_id is None:
            return UNKNOWN
        await steps.record_sent(outbound_id, sent)
        partly = 0 < sent.amount_reversed < sent.amount
        return f"reversed in part ({sent.amount_reversed}): needs a person" if partly else HANDLED

    return apply


async def _row_of(sent: SentTransfer) -> UUID | None:
    """Our row of a transfer: its group is the row's id."""
    try:
        outbound_id = UUID(hex=sent.transfer_group or "")
    except ValueError:
        return None
    return outbound_id if await OutboundTransfer.exists(id=outbound_id) else None


async def _payout_paid(event: StripeEvent) -> Apply:
    """The payout's own balance transactions say which of our transfers it carries."""
    payout, account = str(event.payload["id"]), event.account
    try:
        named = await gateway().payout_transfers(account, payout) if account else []
    except Refused as refusal:
        return _said(f"cannot be broken down: {refusal.code}"[:120])
    carried = [await gateway().transfer(transfer) for transfer in named]

    async def apply() -> str:
        await database.execute(_ONE_AT_A_TIME, payout)
        if await database.value(_PAYOUT_FAILED, payout):
            return "failed meanwhile"
        count = 0
        for sent in sorted(carried, key=lambda each: each.id):
            outbound_id = await _row_of(sent)
            if outbound_id is not None:
                await steps.record_sent(outbound_id, sent)
                await steps.record_in_bank(outbound_id, payout)
                count += 1
        return f"{HANDLED}: {count} in the bank" if count else UNKNOWN

    return apply


async def _payout_failed(event: StripeEvent) -> Apply:
    payout = str(event.payload["id"])
    code = str(event.payload.get("failure_code") or event.type)

    async def apply() -> str:
        await database.execute(_ONE_AT_A_TIME, payout)
        count = await steps.record_payout_failed(payout, code)
        return f"{HANDLED}: {count} taken back" if count else UNKNOWN

    return apply


async def _account(event: StripeEvent) -> Apply:
    """The event only says that something changed; what holds now is asked."""
    stripe_id = str(event.payload["id"])
    account = await ConnectedAccount.get_or_none(stripe_id=stripe_id)
    if account is None:
        return _said(UNKNOWN)
    state = await gateway().account_state(stripe_id)
    account_id = account.id

    async def apply() -> str:
        await steps.record_account(account_id, state)
        return HANDLED

    return apply


async def _payment(event: StripeEvent) -> Apply:
    """A top-up's event says how it stands; a card's only that something changed, and what holds now is asked."""
    card_id = _named(event.payload, "card")
    if card_id is not None and await CardPayment.exists(id=card_id):
        return await _card(card_id)
    told = client.payment(event.payload)
    error = cast("dict[str, Any]", event.payload.get("last_payment_error") or {})

    async def apply() -> str:
        payment = await _payment_of(event.payload)
        if payment is None:
            return UNKNOWN
        await steps.record_payment(payment, told, str(error["code"]) if error.get("code") else None)
        return HANDLED

    return apply


async def _card(card_id: UUID) -> Apply:
    intent = await card_jobs.look_up(card_id)

    async def apply() -> str:
        if intent is None:
            return UNKNOWN
        await cards.record_card(card_id, intent)
        return f"{HANDLED}: {intent.status}"

    return apply


async def _payment_of(intent: Mapping[str, Any]) -> UUID | None:
    payment_id = _named(intent, "payment")
    return payment_id if payment_id and await InboundPayment.exists(id=payment_id) else None


def _named(intent: Mapping[str, Any], what: str) -> UUID | None:
    """Our id of a kind in the metadata of an intent."""
    try:
        return UUID(hex=str(cast("dict[str, Any]", intent.get("metadata") or {}).get(what) or ""))
    except ValueError:
        return None


async def _invoice(event: StripeEvent) -> Apply:
    """The event only says that an invoice has moved; how it and its payment stand now is asked."""
    stripe_id = str(event.payload.get("invoice") or event.payload["id"])
    payment_id = _named(event.payload, "payment")
    found = await StripeInvoice.get_or_none(stripe_id=stripe_id)
    if found is None and payment_id is not None:
        found = await StripeInvoice.get_or_none(payment_id=payment_id)
    if found is None:
        return _said(UNKNOWN)
    told, paid = await invoice_jobs.look_up(stripe_id)
    if told.status == "draft":
        return _said("a draft: its own job finishes it")
    invoice_id = found.id

    async def apply() -> str:
        kept = await steps.record_invoice(invoice_id, told, paid)
        return f"{HANDLED}: {kept.state}"

    return apply


async def _refunded(event: StripeEvent) -> Apply:
    """The event only says that something went back; which refunds there are is asked."""
    charge = event.payload
    if await CardPayment.exists(stripe_id=str(charge.get("payment_intent"))):
        return _said("a card's: told by its own job")

    intent = str(charge.get("payment_intent"))
    if not await InboundPayment.exists(stripe_id=intent):
        return _said(UNKNOWN)
    made = await gateway().refunds_of(intent)

    async def apply() -> str:
        payment = await InboundPayment.get(stripe_id=intent)
        for refund in made:
            await steps.record_refund(payment.id, str(charge["id"]), refund)
        return HANDLED

    return apply


async def _disputed(event: StripeEvent) -> Apply:
    """charge.dispute.created, closed and the like: the object says how it stands (docs.stripe.com/disputes)."""
    told = event.payload
    if str(told.get("status", "")).startswith(disputes.INQUIRY):
        return _said("an inquiry: no money moved")
    if await CardPayment.exists(stripe_id=str(told.get("payment_intent"))):
        return _said("a card's: needs a person")
    dispute = disputes.ToldDispute(
        id=str(told["id"]),
        amount_minor=client.minor_amount(int(told["amount"]), str(told["currency"]).upper()),
        status=str(told["status"]),
        reason=str(told.get("reason") or "general"),
        charge=cast("str | None", told.get("charge")),
    )

    async def apply() -> str:
        payment = await InboundPayment.get_or_none(stripe_id=str(told.get("payment_intent")))
        if payment is None:
            return UNKNOWN
        kept = await disputes.record_dispute(payment.id, dispute)
        return f"{HANDLED}: {kept.state}"

    return apply


def _said(outcome: str) -> Apply:
    async def apply() -> str:
        return outcome

    return apply


HANDLERS: dict[str, Callable[[StripeEvent], Awaitable[Apply]]] = {
    "account.updated": _account,
    "charge.dispute.closed": _disputed,
    "charge.dispute.created": _disputed,
    "charge.dispute.funds_reinstated": _disputed,
    "charge.dispute.funds_withdrawn": _disputed,
    "charge.refunded": _refunded,
    "invoice.finalized": _invoice,
    "invoice.marked_uncollectible": _invoice,
    "invoice.overdue": _invoice,
    "invoice.paid": _invoice,
    "invoice.payment_failed": _invoice,
    "invoice.payment_succeeded": _invoice,
    "invoice.sent": _invoice,
    "invoice.voided": _invoice,
    "invoice_payment.paid": _invoice,
    "payment_intent.amount_capturable_updated": _payment,
    "payment_intent.canceled": _payment,
    "payment_intent.payment_failed": _payment,
    "payment_intent.succeeded": _payment,
    "payout.canceled": _payout_failed,
    "payout.failed": _payout_failed,
    "payout.paid": _payout_paid,
    "transfer.created": _transfer,
    "transfer.reversed": _transfer,
    "transfer.updated": _transfer,
}
