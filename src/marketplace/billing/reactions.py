"""What billing does when money has moved: `app/wiring.py` ties these handlers to the facts of lower rooms.

Each runs in the transaction of the fact; one that comes twice, late or out of order changes nothing more.
"""

from marketplace.banking import steps as bank
from marketplace.banking.facts import BankCreditReceived, BankDebitBooked
from marketplace.banking.models import BankEntry, BankMatch
from marketplace.billing import matching
from marketplace.billing.matching import Credit
from marketplace.billing.models import Origin, Receipt, Takeback, TakebackCause, TopUp, TopUpState
from marketplace.billing.steps import Arrived, lock_program, take_back, take_in
from marketplace.kit.money import Money
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.payments.facts import (
    ChargeRefunded,
    DisputeWon,
    PaymentDisputed,
    PaymentFailed,
    PaymentSucceeded,
)
from marketplace.payments.models import InboundPayment, PaymentDispute
from marketplace.payments.steps import trace

TOP_UP = "TOP_UP"
"""What payments knows the payments of top-ups as; the reference is the top-up's id."""


async def payment_succeeded(fact: PaymentSucceeded) -> None:
    """The money of a top-up reached our balance at Stripe."""
    top_up = await _top_up(fact.payment)
    if top_up is not None:
        payment = fact.payment
        arrived = Arrived(Origin.STRIPE, payment.id.hex, payment.amount_minor, _clearing(payment))
        receipt = await take_in(await lock_program(top_up.program_id), arrived, await _locked(top_up))
        await trace(receipt.journal_id, str(payment.charge_id), payment.amount_minor, payment.currency)


async def payment_failed(fact: PaymentFailed) -> None:
    """A top-up was declined; no money moved. A later success of the same payment still counts."""
    top_up = await _top_up(fact.payment)
    if top_up is None:
        return
    top_up = await _locked(top_up)
    if top_up.state == TopUpState.PENDING:
        top_up.state, top_up.failure = TopUpState.FAILED.value, fact.code[:120]
        await top_up.save(update_fields=["state", "failure"])


async def charge_refunded(fact: ChargeRefunded) -> None:
    """A top-up's payment, or a part of it, went back to the payer."""
    payment, refund = fact.payment, fact.refund
    receipt = await _receipt(payment)
    if receipt is None:
        return
    program, left, entry = await lock_program(receipt.program_id), refund.amount_minor, refund.stripe_id
    for number, one in enumerate([receipt, *await _won_back(payment)]):
        named = f"{entry}/{number}" if number else entry
        taken = (
            await take_back(program, one, TakebackCause.REFUND, named, left, _clearing(payment)) if left else None
        )
        if taken is not None:
            left -= taken.amount_minor
            await trace(taken.journal_id, entry, -taken.amount_minor, payment.currency)


async def payment_disputed(fact: PaymentDisputed) -> None:
    """A top-up's payment is disputed: the funding falls by it, as far as it reaches, until it is won."""
    receipt = await _receipt(fact.payment)
    if receipt is not None:
        program, dispute = await lock_program(receipt.program_id), fact.dispute
        goal = accounts.house(Purpose.DISPUTED, dispute.currency)
        await take_back(program, receipt, TakebackCause.DISPUTE, dispute.stripe_id, dispute.amount_minor, goal)


async def dispute_won(fact: DisputeWon) -> None:
    """What was taken back for a dispute is funding again."""
    cause, entry = TakebackCause.DISPUTE.value, fact.dispute.stripe_id
    taken = await Takeback.get_or_none(cause=cause, entry=entry)
    top_up = await _top_up(fact.payment)
    if taken is not None and top_up is not None:
        source = accounts.house(Purpose.DISPUTED, fact.dispute.currency)
        arrived = Arrived(Origin.STRIPE, entry, taken.amount_minor, source)
        await take_in(await lock_program(top_up.program_id), arrived, await _locked(top_up))


async def bank_credit_received(fact: BankCreditReceived) -> None:
    """A bank says that somebody has paid us: it funds whose money it is, or proves what a person confirmed."""
    entry, credit = fact.entry, _credit(fact.entry)
    found = await matching.match_credit(credit)
    if not isinstance(found, Receipt):
        found = await matching.confirmed_by_hand(credit)
        if found is None or await BankMatch.exists(journal_id=found.journal_id):
            return
    await bank.match(entry, found.journal_id, entry.amount_minor)


async def bank_debit_booked(fact: BankDebitBooked) -> None:
    """A bank has sent a credit back to its payer: the program's funding falls by it, as far as it reaches."""
    entry = fact.entry
    receipt = await matching.receipt_of(_credit(entry)) if entry.returned else None
    if receipt is None:
        return
    program = await lock_program(receipt.program_id)
    goal, cause = accounts.house(Purpose.BANK_CLEARING, entry.currency), TakebackCause.BANK_RETURN
    taken = await take_back(
        program, receipt, cause, entry.id.hex, entry.amount_minor, goal, code=entry.return_reason
    )
    if taken is not None:
        await bank.match(entry, taken.journal_id, taken.amount_minor)


def _credit(entry: BankEntry) -> Credit:
    texts = [entry.creditor_reference or "", entry.remittance]
    return Credit(entry.id.hex, texts, Money(entry.amount_minor, entry.currency))


def _clearing(payment: InboundPayment) -> AccountKey:
    return accounts.house(Purpose.STRIPE_CLEARING, payment.currency)


async def _won_back(payment: InboundPayment) -> list[Receipt]:
    """What disputes of a payment that were won brought back: it is of that payment, too."""
    disputes = [dispute.stripe_id for dispute in await PaymentDispute.filter(payment_id=payment.id).order_by("id")]
    return await Receipt.filter(origin=Origin.STRIPE.value, entry__in=disputes).order_by("id") if disputes else []


async def _receipt(payment: InboundPayment) -> Receipt | None:
    return await Receipt.get_or_none(origin=Origin.STRIPE.value, entry=payment.id.hex)


async def _top_up(payment: InboundPayment) -> TopUp | None:
    return await TopUp.get(id=payment.ref_id) if payment.purpose == TOP_UP else None


async def _locked(top_up: TopUp) -> TopUp:
    return await TopUp.select_for_update().get(id=top_up.id)
