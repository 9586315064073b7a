"""The calls to Stripe, each outside of any transaction, between two that write down what is known.

A crash between any two lines leaves a row that `recover` finds: nothing is sent without a row that says
so first, and nothing whose outcome is not known is sent again before it has been looked up.
"""

from uuid import UUID

import structlog

from marketplace.kit import clock, database, outbox
from marketplace.kit.jobs import job, periodic
from marketplace.payments import balance, card_jobs, inbox, invoice_jobs, onboarding, rules, steps
from marketplace.payments.answers import Busy, Payment, Refused, StripeFailure, Unknown
from marketplace.payments.gateway import gateway
from marketplace.payments.models import InboundPayment, InboundState, OutboundState, OutboundTransfer

log = structlog.get_logger()
_STALE = """
SELECT id, state FROM outbound_transfer AS o
WHERE ((state IN ('IN_FLIGHT', 'PLANNED', 'UNKNOWN') AND coalesce(attempted_at, created_at) < $1)
    OR (state = 'WAITING_FOR_FUNDS' AND attempted_at < $2))
AND NOT EXISTS (SELECT FROM outbox_message WHERE payload ->> 'transfer_id' = o.id::text)
ORDER BY id LIMIT 1000"""
_CUT_OFF = "UPDATE outbound_transfer SET state = 'UNKNOWN', error_code = $3 WHERE id = $1 AND state = $2"


@job("payments.send_transfer")
async def send_transfer(transfer_id: str) -> None:
    """Send a planned transfer once."""
    async with database.transaction():
        outbound = await steps.take_off(UUID(transfer_id))
    if outbound is None:
        return
    try:
        sent = await gateway().send_transfer(
            amount=outbound.amount_minor,
            currency=outbound.currency,
            destination=str(outbound.account.stripe_id),
            transfer_group=outbound.id.hex,
            key=rules.key_of(outbound),
            metadata={"purpose": outbound.purpose, "ref": outbound.ref_id.hex},
        )
    except Refused as refusal:
        async with database.transaction():
            await steps.record_refused(outbound.id, refusal.code, refusal.message)
    except Busy:
        async with database.transaction():
            await steps.record_busy(outbound.id)
    except Unknown as lost:
        async with database.transaction():
            await steps.record_unknown(outbound.id, stored=lost.stored)
    else:
        async with database.transaction():
            await steps.record_sent(outbound.id, sent)


@job("payments.find_out")
async def find_out(transfer_id: str) -> None:
    """Look up a transfer whose outcome is not known, by its group, which is our row's id."""
    outbound = await OutboundTransfer.get(id=UUID(transfer_id))
    if outbound.state != OutboundState.UNKNOWN:
        return
    try:
        found = await gateway().find_transfers(outbound.id.hex)
    except (Busy, Unknown):
        await outbox.enqueue("payments.find_out", delay=rules.BUSY_PAUSE, transfer_id=transfer_id)
        return
    async with database.transaction():
        if found:
            await steps.record_sent(outbound.id, found[-1])
        else:
            await steps.record_not_found(outbound.id)


@job("payments.reverse_transfer")
async def reverse_transfer(transfer_id: str) -> None:
    """Take all of a sent transfer back, as soon as the payee's balance covers it."""
    outbound = await OutboundTransfer.get(id=UUID(transfer_id))
    if outbound.state not in rules.SENT_BEFORE or outbound.stripe_id is None:
        return
    try:
        now = await gateway().transfer(outbound.stripe_id)
        if now.amount_reversed < now.amount:
            key = f"{outbound.id.hex}-back-{now.amount_reversed}-{clock.today().isoformat()}"
            await gateway().reverse_transfer(outbound.stripe_id, key=key)
            now = await gateway().transfer(outbound.stripe_id)
    except (Refused, Busy, Unknown) as problem:
        pause = rules.FUNDS_PAUSE if isinstance(problem, Refused) else rules.BUSY_PAUSE
        await outbox.enqueue("payments.reverse_transfer", delay=pause, transfer_id=transfer_id)
        return
    async with database.transaction():
        await steps.record_sent(outbound.id, now)


@job("payments.take_payment")
async def take_payment(payment_id: str, payment_method: str) -> None:
    """Take a payer's money: make the intent, keep it, confirm it."""
    payment = await InboundPayment.get(id=UUID(payment_id))
    if payment.state not in {InboundState.PLANNED, InboundState.PENDING}:
        return
    try:
        told = await _intent_of(payment)
        if told.status in {"requires_payment_method", "requires_confirmation"}:
            told = await gateway().confirm_payment(
                told.id, payment_method=payment_method, key=f"{payment.id.hex}-confirm"
            )
    except Refused as refusal:
        await _declined(payment.id, refusal.code)
        return
    except (Busy, Unknown):
        await outbox.enqueue(
            "payments.take_payment", delay=rules.BUSY_PAUSE, payment_id=payment_id, payment_method=payment_method
        )
        return
    async with database.transaction():
        await steps.record_payment(payment.id, told)


async def _intent_of(payment: InboundPayment) -> Payment:
    if payment.stripe_id is not None:
        return await gateway().payment(payment.stripe_id)
    told = await gateway().create_payment(
        amount=payment.amount_minor,
        currency=payment.currency,
        key=f"{payment.id.hex}-intent",
        metadata={"payment": payment.id.hex, "purpose": payment.purpose},
        transfer_group=payment.id.hex,
    )
    async with database.transaction():
        await steps.record_payment(payment.id, told)
    return told


async def _declined(payment_id: UUID, code: str) -> None:
    payment = await InboundPayment.get(id=payment_id)
    intent = Payment(
        id=payment.stripe_id or "",
        status="requires_payment_method",
        amount=payment.amount_minor,
        amount_received=0,
        currency=payment.currency,
        charge_id=None,
        client_secret=None,
        transfer_group=None,
    )
    async with database.transaction():
        await steps.record_payment(payment_id, intent, code)


@job("payments.refund_payment")
async def refund_payment(payment_id: str) -> None:
    """Give all of a succeeded payment back."""
    payment = await InboundPayment.get(id=UUID(payment_id))
    if payment.state != InboundState.SUCCEEDED or payment.stripe_id is None:
        return
    try:
        await _refund_all(payment.stripe_id, f"{payment.id.hex}-refund")
        made = await gateway().refunds_of(payment.stripe_id)
    except (Busy, Unknown):
        await outbox.enqueue("payments.refund_payment", delay=rules.BUSY_PAUSE, payment_id=payment_id)
        return
    async with database.transaction():
        for refund in made:
            await steps.record_refund(payment.id, payment.charge_id, refund)


async def _refund_all(intent: str, key: str) -> None:
    try:
        await gateway().refund(intent, key=key)
    except Refused as refusal:
        if refusal.code != "charge_already_refunded":
            raise


@job("payments.open_account")
async def open_account(account_id: str) -> None:
    """Make a planned connected account at Stripe."""
    await onboarding.ensure_made(UUID(account_id))


@job("payments.handle_event")
async def handle_event(event_id: str) -> None:
    """Process one event of the inbox."""
    await inbox.process(UUID(event_id))


@periodic("payments.sync_balance", "*/10 * * * *")
async def sync_balance() -> None:
    """Copy Stripe's new balance transactions and post what nobody else does."""
    try:
        await balance.sync()
    except StripeFailure as failure:
        log.warning("balance not copied", reason=str(failure))


@periodic("payments.recover", "* * * * *")
async def recover() -> None:
    """Take up again what a crash or a lost job left behind."""
    moment = clock.now()
    for row in await database.rows(_STALE, moment - rules.STALE_AFTER, moment - rules.FUNDS_PAUSE):
        async with database.transaction():
            if row["state"] == OutboundState.IN_FLIGHT:
                await database.execute(_CUT_OFF, row["id"], row["state"], rules.LOST)
            looks = row["state"] in {OutboundState.IN_FLIGHT, OutboundState.UNKNOWN}
            task = "payments.find_out" if looks else "payments.send_transfer"
            await outbox.enqueue(task, transfer_id=str(row["id"]))
    await inbox.recover(moment - rules.STALE_AFTER)
    await onboarding.recover(moment - rules.STALE_AFTER)
    await card_jobs.recover(moment - rules.STALE_AFTER)
    await invoice_jobs.recover(moment - rules.STALE_AFTER)
