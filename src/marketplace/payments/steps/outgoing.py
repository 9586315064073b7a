"""Payees' accounts and transfers to them. None of these steps calls Stripe.

Each `record_…` step locks its row, ignores what is stale, and states the fact of what changed.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from marketplace.kit import clock, facts, outbox
from marketplace.payments import rules
from marketplace.payments.answers import AccountState, SentTransfer
from marketplace.payments.facts import (
    AccountUpdated,
    PayoutFailed,
    PayoutPaid,
    TransferDelayed,
    TransferRefused,
    TransferReversed,
    TransferSent,
)
from marketplace.payments.models import ConnectedAccount, OutboundState, OutboundTransfer, PayeeKind


async def open_account(owner_kind: PayeeKind, owner_id: UUID, country: str) -> ConnectedAccount:
    """The payee's connected account, planned if it does not exist; a job makes it at Stripe."""
    moment = clock.now()
    account, made = await ConnectedAccount.get_or_create(  # pyright: ignore[reportUnknownMemberType]
        owner_kind=owner_kind.value,
        owner_id=owner_id,
        defaults={"country": country, "requirements": [], "created_at": moment, "updated_at": moment},
    )
    if made:
        await outbox.enqueue("payments.open_account", account_id=str(account.id))
    return account


async def plan_transfer(
    purpose: str, ref_id: UUID, account_id: UUID, amount_minor: int, currency: str
) -> OutboundTransfer:
    """Promise money to a connected account for one cause; a job sends it after the commit.

    Planning the same cause again returns the first plan and sends nothing more. The amount is above zero,
    and `rules.why_not_payable` has been asked: an account that cannot be paid is refused by Stripe, and
    then the plan ends as FAILED.
    """
    outbound, made = await OutboundTransfer.get_or_create(  # pyright: ignore[reportUnknownMemberType]
        purpose=purpose,
        ref_id=ref_id,
        defaults={
            "account_id": account_id,
            "amount_minor": amount_minor,
            "currency": currency,
            "state": OutboundState.PLANNED.value,
            "created_at": clock.now(),
        },
    )
    if made:
        await outbox.enqueue("payments.send_transfer", transfer_id=str(outbound.id))
    elif (outbound.account_id, outbound.amount_minor, outbound.currency) != (account_id, amount_minor, currency):
        raise ValueError(f"{purpose} {ref_id} was planned otherwise before")
    return outbound


async def plan_reversal(transfer_id: UUID) -> None:
    """Ask for all the money of a sent transfer back; `TransferReversed` says when it has come."""
    await outbox.enqueue("payments.reverse_transfer", transfer_id=str(transfer_id))


async def record_account(account_id: UUID, state: AccountState) -> ConnectedAccount:
    """Keep what Stripe says about an account."""
    account = await ConnectedAccount.select_for_update().get(id=account_id)
    before = _told(account)
    account.stripe_id = state.id
    account.payouts_enabled = state.payouts_enabled and state.transfers_active
    account.requirements = list(state.currently_due)
    account.disabled_reason = state.disabled_reason
    account.bank_print, account.past_due = state.bank_print, list(state.past_due)
    account.deadline = None if state.deadline is None else datetime.fromtimestamp(state.deadline, UTC)
    if before != _told(account):
        account.updated_at = clock.now()
        await account.save()
        await facts.state(AccountUpdated(account))
    return account


def _told(account: ConnectedAccount) -> tuple[object, ...]:
    """What Stripe says about an account."""
    return (
        account.stripe_id,
        account.payouts_enabled,
        account.requirements,
        account.disabled_reason,
        account.bank_print,
        account.past_due,
        account.deadline,
    )


async def take_off(transfer_id: UUID) -> OutboundTransfer | None:
    """Mark a planned or waiting transfer as IN_FLIGHT under its attempt's key; None when it is not to be sent.

    Whoever gets the row makes the call, and nobody else does.
    """
    outbound = await _locked(transfer_id)
    if outbound.state not in {OutboundState.PLANNED, OutboundState.WAITING_FOR_FUNDS}:
        return None
    if rules.must_be_looked_up(outbound, clock.now()):
        await _doubt(outbound, rules.LOST)
        return None
    attempt = rules.next_attempt(outbound)
    if attempt != outbound.attempt:
        outbound.attempt, outbound.attempted_at = attempt, clock.now()
    outbound.state = OutboundState.IN_FLIGHT
    await outbound.save()
    outbound.account = await ConnectedAccount.get(id=outbound.account_id)
    return outbound


async def record_sent(transfer_id: UUID, sent: SentTransfer) -> OutboundTransfer:
    """Stripe moved the money. Told again, nothing changes."""
    outbound = await _locked(transfer_id)
    if (outbound.amount_minor, outbound.currency) != (sent.amount, sent.currency):
        raise ValueError(f"transfer {outbound.id} was planned with another amount than {sent.id}")
    if outbound.state in rules.NOT_SENT_YET:
        outbound.state, outbound.stripe_id = OutboundState.SENT, sent.id
        outbound.sent_at, outbound.error_code = clock.now(), None
        await outbound.save()
        await facts.state(TransferSent(outbound))
    if sent.amount_reversed == sent.amount and outbound.state in rules.SENT_BEFORE:
        await _reversed(outbound, sent.reversals)
    return outbound


async def record_refused(transfer_id: UUID, code: str, message: str) -> None:
    """Stripe refused: for want of money in our balance it waits, for any other reason it ends."""
    outbound = await _locked(transfer_id)
    if outbound.state != OutboundState.IN_FLIGHT:
        return
    outbound.error_code = code[:120]
    if code == rules.INSUFFICIENT:
        outbound.state = OutboundState.WAITING_FOR_FUNDS
        await outbound.save()
        await outbox.enqueue("payments.send_transfer", delay=rules.FUNDS_PAUSE, transfer_id=str(outbound.id))
        await facts.state(TransferDelayed(outbound))
        return
    outbound.state, outbound.closed_at = OutboundState.FAILED, clock.now()
    await outbound.save()
    await facts.state(TransferRefused(outbound, code, message))


async def record_busy(transfer_id: UUID) -> None:
    """Stripe did not take the call: the same attempt is made again later."""
    outbound = await _locked(transfer_id)
    if outbound.state == OutboundState.IN_FLIGHT:
        await _again(outbound, rules.BUSY, rules.BUSY_PAUSE)


async def record_unknown(transfer_id: UUID, *, stored: bool) -> None:
    """The outcome is not known (`stored`: Stripe keeps an error under the key): it has to be found out."""
    outbound = await _locked(transfer_id)
    if outbound.state == OutboundState.IN_FLIGHT:
        await _doubt(outbound, rules.STORED if stored else rules.LOST)


async def record_not_found(transfer_id: UUID) -> None:
    """Stripe knows no transfer of this group: it may be sent again.

    After a lost answer the same attempt is repeated, because its key makes Stripe answer what it did if it
    did anything since; after a stored error, or when the key may be forgotten, a new attempt begins.
    """
    outbound = await _locked(transfer_id)
    if outbound.state != OutboundState.UNKNOWN:
        return
    old = outbound.attempted_at is None or clock.now() - outbound.attempted_at > rules.KEY_LIFE
    await _again(outbound, None if old or outbound.error_code == rules.STORED else rules.LOST, timedelta())


async def record_reversed(transfer_id: UUID, sent: SentTransfer) -> bool:
    """A reversal was told, maybe before the transfer itself; False when only a part has come back."""
    await record_sent(transfer_id, sent)
    return sent.amount_reversed == sent.amount


async def record_in_bank(transfer_id: UUID, payout: str) -> None:
    """The payee's payout arrived. Told again, or after a reversal, nothing changes."""
    outbound = await _locked(transfer_id)
    if outbound.state != OutboundState.SENT:
        return
    outbound.state, outbound.stripe_payout_id = OutboundState.IN_BANK, payout
    outbound.in_bank_at = clock.now()
    await outbound.save()
    await facts.state(PayoutPaid(outbound))


async def record_payout_failed(payout: str, code: str) -> int:
    """What this payout had brought to the bank is not there after all; returns how many transfers."""
    taken_back = await OutboundTransfer.filter(stripe_payout_id=payout, state=OutboundState.IN_BANK.value)
    for found in sorted(taken_back, key=lambda each: each.id):
        outbound = await _locked(found.id)
        if outbound.state == OutboundState.IN_BANK and outbound.stripe_payout_id == payout:
            outbound.state, outbound.in_bank_at = OutboundState.SENT, None
            outbound.stripe_payout_id = None
            await outbound.save()
            await facts.state(PayoutFailed(outbound, code))
    return len(taken_back)


async def _locked(transfer_id: UUID) -> OutboundTransfer:
    return await OutboundTransfer.select_for_update().get(id=transfer_id)


async def _reversed(outbound: OutboundTransfer, reversals: tuple[tuple[str, int], ...]) -> None:
    was_in_bank = outbound.state == OutboundState.IN_BANK
    outbound.state, outbound.closed_at = OutboundState.REVERSED, clock.now()
    await outbound.save()
    await facts.state(TransferReversed(outbound, was_in_bank, reversals))


async def _doubt(outbound: OutboundTransfer, why: str) -> None:
    outbound.state, outbound.error_code = OutboundState.UNKNOWN, why
    await outbound.save()
    await outbox.enqueue("payments.find_out", delay=rules.LOOK_AGAIN_AFTER, transfer_id=str(outbound.id))


async def _again(outbound: OutboundTransfer, why: str | None, pause: timedelta) -> None:
    outbound.state, outbound.error_code = OutboundState.PLANNED, why
    await outbound.save()
    await outbox.enqueue("payments.send_transfer", delay=pause, transfer_id=str(outbound.id))
