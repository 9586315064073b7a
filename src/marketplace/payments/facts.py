"""What happened to money on its way. Rooms above listen, each for its own purposes, and post to the books.

Each fact is stated once for each thing that happened, in the transaction that records it.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit.facts import Fact
from marketplace.payments.models import (
    BalanceTransaction,
    CardPayment,
    CardRefund,
    ConnectedAccount,
    InboundPayment,
    OutboundTransfer,
    PaymentDispute,
    PaymentRefund,
)


@dataclass(frozen=True, slots=True)
class TransferSent(Fact):
    """The money left our balance at Stripe and is in the payee's."""

    outbound: OutboundTransfer


@dataclass(frozen=True, slots=True)
class TransferRefused(Fact):
    """Stripe refused for good; no money moved, and none will for this row."""

    outbound: OutboundTransfer
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TransferDelayed(Fact):
    """Our balance does not cover it yet; it is tried again by itself."""

    outbound: OutboundTransfer


@dataclass(frozen=True, slots=True)
class TransferReversed(Fact):
    """All of the money came back into our balance. It was sent before, and may have been in the bank.

    `reversals` are Stripe's ids of what brought it back, each with its minor units.
    """

    outbound: OutboundTransfer
    was_in_bank: bool
    reversals: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class PayoutPaid(Fact):
    """The payee's own payout brought the money to their bank."""

    outbound: OutboundTransfer


@dataclass(frozen=True, slots=True)
class PayoutFailed(Fact):
    """The bank sent the money back after it had seemed to arrive; it stands in the payee's balance again."""

    outbound: OutboundTransfer
    code: str


@dataclass(frozen=True, slots=True)
class AccountUpdated(Fact):
    """What Stripe says about a connected account changed."""

    account: ConnectedAccount


@dataclass(frozen=True, slots=True)
class PaymentSucceeded(Fact):
    """Somebody's payment reached our balance (Stripe's fee is taken from it separately)."""

    payment: InboundPayment


@dataclass(frozen=True, slots=True)
class PaymentFailed(Fact):
    """A payment was declined or given up; no money moved."""

    payment: InboundPayment
    code: str


@dataclass(frozen=True, slots=True)
class ChargeRefunded(Fact):
    """A payment, or a part of it, went back to the payer."""

    payment: InboundPayment
    refund: PaymentRefund


@dataclass(frozen=True, slots=True)
class PaymentDisputed(Fact):
    """The payer's bank disputes a payment: its amount has left our balance, and stands on DISPUTED."""

    payment: InboundPayment
    dispute: PaymentDispute


@dataclass(frozen=True, slots=True)
class DisputeWon(Fact):
    """The bank decided for us: the amount is back in our balance."""

    payment: InboundPayment
    dispute: PaymentDispute


@dataclass(frozen=True, slots=True)
class StripeMovedToBank(Fact):
    """Money left our balance at Stripe for our bank (or came from it, or back): its journal waits for the bank."""

    transaction: BalanceTransaction
    journal_id: UUID


@dataclass(frozen=True, slots=True)
class CardConcerned(Fact):
    """A card's row is about to be locked: what it pays for is locked first, so that nobody meets crosswise."""

    purpose: str
    ref_id: UUID


@dataclass(frozen=True, slots=True)
class CardAuthorised(Fact):
    """A card's bank has set the money aside: what waits for it can go on, and order the capture."""

    card: CardPayment


@dataclass(frozen=True, slots=True)
class AuthorisationEnds(Fact):
    """An authorisation that nobody has used yet ends within a day."""

    card: CardPayment


@dataclass(frozen=True, slots=True)
class CardCaptured(Fact):
    """The card's money reached our balance (Stripe's fee is taken from it separately)."""

    card: CardPayment


@dataclass(frozen=True, slots=True)
class CardLost(Fact):
    """No money comes from this card: its payer did not confirm in time, or its authorisation ended."""

    card: CardPayment
    code: str


@dataclass(frozen=True, slots=True)
class CardRefunded(Fact):
    """Money went back to the card."""

    card: CardPayment
    refund: CardRefund
