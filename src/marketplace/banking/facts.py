"""What banks have told, for the rooms above: stated once for each new entry, while its file is being read."""

from dataclasses import dataclass

from marketplace.banking.models import BankEntry, BankTransfer
from marketplace.kit.facts import Fact


@dataclass(frozen=True, slots=True)
class BankCreditReceived(Fact):
    """Somebody has paid us. `entry.remittance` and `entry.creditor_reference` say what for, in their words.

    The amount stands on BANK_CLEARING. Whoever knows what it is calls `banking.steps.explain`.
    """

    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankDebitBooked(Fact):
    """The bank has taken money from our account: for a transfer of ours, a fee, or a credit that went back."""

    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankPaymentReturned(Fact):
    """Money that we had sent is back on our account; `entry.return_reason` is the bank's code."""

    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankTransferHeld(Fact):
    """A planned transfer cannot be put into a batch now: `transfer.hold` says why, and None that it can again."""

    transfer: BankTransfer


@dataclass(frozen=True, slots=True)
class BankTransferOrdered(Fact):
    """The bank may have the order: from now on it is never made again without looking it up."""

    transfer: BankTransfer


@dataclass(frozen=True, slots=True)
class BankTransferAccepted(Fact):
    """The bank will do it, by its pain.002; or two people have ordered it by hand."""

    transfer: BankTransfer


@dataclass(frozen=True, slots=True)
class BankTransferBooked(Fact):
    """The debit stands on our account. Without an entry it is the word of two people, where no bank tells us.

    Whoever planned it posts what was in transit against BANK_CLEARING, and calls `banking.steps.match`.
    """

    transfer: BankTransfer
    entry: BankEntry | None


@dataclass(frozen=True, slots=True)
class BankTransferReturned(Fact):
    """What had left is back on our account; whoever planned it posts the mirror, and calls `match`."""

    transfer: BankTransfer
    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankTransferPartlyReturned(Fact):
    """Less than what had left is back, and the rest stays where it is; whoever planned it says whose it is now."""

    transfer: BankTransfer
    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankTransferRejected(Fact):
    """The bank will not do it, for good, or somebody stopped it before it was ordered. Nothing has left."""

    transfer: BankTransfer
    code: str
