"""What banks have told, for the rooms above: stated once for each new entry, while its file is being read."""

from dataclasses import dataclass

from marketplace.banking.models import BankEntry
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
