"""Which room listens to which facts of a lower room. The handlers run in the transaction of the fact."""

from marketplace.access.facts import ApiKeyIssued
from marketplace.access.models import KeyOwner
from marketplace.app import rooms, standing
from marketplace.banking import facts as banking
from marketplace.billing import reactions as billing
from marketplace.catalog.facts import DropOpensSoon
from marketplace.donations import steps as donations
from marketplace.earning import queries as earned
from marketplace.earning import reactions as earning
from marketplace.kit import facts, jobs, next_steps
from marketplace.kit.refusals import NotFound
from marketplace.members import queries as members
from marketplace.members.facts import MemberEnrolled
from marketplace.partners import queries as partners
from marketplace.payments import facts as payments
from marketplace.redemptions import card_reactions as cards
from marketplace.redemptions import drop_reactions as lines
from marketplace.redemptions import reactions as redemptions
from marketplace.settlement import bank_reactions as bank
from marketplace.settlement import queries as statements
from marketplace.settlement import reactions as settlement
from marketplace.settlement import stripe_reactions as stripe
from marketplace.settlement.facts import StatementPaid, StatementUnpaid


def wire() -> None:
    """Register every job, and every handler with the fact it waits for."""
    rooms.load_jobs()
    jobs.periodic("kit.check_books", cron="40 2 * * *")(standing.check_books)
    facts.on(ApiKeyIssued, owner_must_exist)
    next_steps.shortest_action_from(earned.shortest_action_said)
    facts.on(MemberEnrolled, earning.member_enrolled)
    facts.on(DropOpensSoon, lines.drop_opens_soon)
    _cash()
    _cards()
    _billing()
    _settlement()


def _cash() -> None:
    """Cash for points follows what payments learns of its money."""
    facts.on(payments.TransferSent, redemptions.cash_was_sent)
    facts.on(payments.TransferRefused, redemptions.cash_was_refused)
    facts.on(payments.TransferReversed, redemptions.cash_was_reversed)


def _cards() -> None:
    """Redemptions that a card pays a part of follow what payments learns of the card."""
    facts.on(payments.CardConcerned, cards.card_is_concerned)
    facts.on(payments.CardAuthorised, cards.card_was_authorised)
    facts.on(payments.AuthorisationEnds, cards.authorisation_will_end)
    facts.on(payments.CardCaptured, cards.card_was_captured)
    facts.on(payments.CardLost, cards.card_was_lost)
    facts.on(payments.CardRefunded, cards.card_was_refunded)


def _settlement() -> None:
    """Payouts follow what payments and banking learn of their money."""
    facts.on(payments.TransferSent, settlement.transfer_sent)
    facts.on(payments.TransferDelayed, settlement.transfer_delayed)
    facts.on(payments.TransferRefused, settlement.transfer_refused)
    facts.on(payments.TransferReversed, settlement.transfer_reversed)
    facts.on(payments.PayoutPaid, settlement.payout_paid)
    facts.on(payments.PayoutFailed, settlement.payout_failed)
    facts.on(banking.BankTransferHeld, bank.transfer_held)
    facts.on(banking.BankTransferOrdered, bank.transfer_ordered)
    facts.on(banking.BankTransferAccepted, bank.transfer_accepted)
    facts.on(banking.BankTransferBooked, bank.transfer_booked)
    facts.on(banking.BankTransferReturned, bank.transfer_returned)
    facts.on(banking.BankTransferPartlyReturned, bank.transfer_partly_returned)
    facts.on(banking.BankTransferRejected, bank.transfer_rejected)
    facts.on(StatementPaid, pledges_have_arrived)
    facts.on(StatementUnpaid, pledges_came_back)


def _billing() -> None:
    """Money in follows what payments and banks tell of it."""
    facts.on(payments.PaymentSucceeded, billing.payment_succeeded)
    facts.on(payments.PaymentFailed, billing.payment_failed)
    facts.on(payments.ChargeRefunded, billing.charge_refunded)
    facts.on(payments.PaymentDisputed, billing.payment_disputed)
    facts.on(payments.DisputeWon, billing.dispute_won)
    facts.on(banking.BankCreditReceived, billing.bank_credit_received)
    facts.on(banking.BankDebitBooked, billing.bank_debit_booked)
    facts.on(banking.BankCreditReceived, stripe.bank_told)
    facts.on(banking.BankDebitBooked, stripe.bank_told)
    facts.on(payments.StripeMovedToBank, stripe.stripe_told)


async def pledges_have_arrived(paid: StatementPaid) -> None:
    """What members donated has reached the charity's bank."""
    await donations.remit(await statements.donations_on(paid.statement_id))


async def pledges_came_back(unpaid: StatementUnpaid) -> None:
    """The charity's bank sent back what members donated."""
    await donations.take_back_remittance(await statements.donations_on(unpaid.statement_id))


async def owner_must_exist(issued: ApiKeyIssued) -> None:
    """A key belongs to a partner or a program that is there; raises NotFound."""
    if issued.owner_kind is KeyOwner.PARTNER and not await partners.exists(issued.owner_id):
        raise NotFound(what="partner")
    if issued.owner_kind is KeyOwner.PROGRAM and not await members.program_exists(issued.owner_id):
        raise NotFound(what="program")
