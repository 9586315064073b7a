"""Why banking says no."""

from datetime import date
from typing import Annotated

from marketplace.banking.models import BatchState, DetailsState, Hold, TransferState
from marketplace.kit.messages import counted
from marketplace.kit.money import Money
from marketplace.kit.rails import Rail
from marketplace.kit.refusals import Refusal


class BankMessageReused(Refusal):
    """The bank used the id of this message before, for another one: somebody has to ask the bank."""

    code = "BANK_MESSAGE_REUSED"
    text = "The message {message_id} was read before with other content. Ask the bank which one counts."
    message_id: Annotated[str, "The id that the bank gave the message."]


class BankAccountKnown(Refusal):
    """There is an account of this IBAN or in this currency."""

    code = "BANK_ACCOUNT_KNOWN"
    text = "The account {known_iban} is kept in {known_currency} already. There is one account for each currency."
    known_iban: Annotated[str, "The account that is registered."]
    known_currency: Annotated[str, "Its currency."]


class EntryExplained(Refusal):
    """Journals say already what all of this entry was, or this is more than what is left to explain."""

    code = "ENTRY_EXPLAINED"
    text = "Of this entry {left} is left to explain."
    left: Annotated[Money, "What no journal explains yet."]


class BankDetailsPending(Refusal):
    """A change of bank details waits for finance already."""

    code = "BANK_DETAILS_PENDING"
    text = "A change to {shown} waits for a second person already. Cancel it first, or wait."
    shown: Annotated[str, "The account that is proposed, masked."]


class BankDetailsDecided(Refusal):
    """These bank details are in use or were cancelled."""

    code = "BANK_DETAILS_DECIDED"
    text = "These bank details are {state} already."
    state: Annotated[DetailsState, "What was decided."]


class BankDetailsUnusable(Refusal):
    """The partner cannot be paid at a bank now."""

    code = "BANK_DETAILS_UNUSABLE"
    text = "This cannot be paid now: {why}."
    why: Annotated[Hold, "What stands in the way."]


class NoBankAccount(Refusal):
    """There is no account to pay from."""

    code = "NO_BANK_ACCOUNT"
    text = "There is no account of ours in {wanted}. Register one first."
    wanted: Annotated[str, "The currency that was asked for."]


class NothingToPay(Refusal):
    """No planned transfer can be put into a file now."""

    code = "NOTHING_TO_PAY"
    text = counted(
        "Nothing can be paid by file now; {held} transfer waits. The preview says why.",
        "Nothing can be paid by file now; {held} transfers wait. The preview says why.",
    )
    held: Annotated[int, "How many are planned and wait."]


class BatchDecided(Refusal):
    """The batch was approved, discarded or given up."""

    code = "BATCH_DECIDED"
    text = "This batch is {state} already."
    state: Annotated[BatchState, "Where the batch stands."]


class BatchMayBeAtBank(Refusal):
    """The bank may have this batch, so it cannot be made again."""

    code = "BATCH_MAY_BE_AT_BANK"
    text = "The bank may have this. Read its statements up to {silent_on}, and its answers, first."
    silent_on: Annotated[date, "The day up to which the bank's statements must be there, without a booking of it."]


class BatchTooOld(Refusal):
    """The day on which its file asks the bank to pay is over, and a bank may refuse a day that has passed."""

    code = "BATCH_TOO_OLD"
    text = "This file asks the bank to pay on {execute_on}, and that day is over. Discard it and prepare another."
    execute_on: Annotated[date, "The day that the file names."]


class TransferNotPlanned(Refusal):
    """The transfer is on its way or has ended."""

    code = "TRANSFER_NOT_PLANNED"
    text = "This transfer is {state} already."
    state: Annotated[TransferState, "Where the transfer stands."]


class WrongRail(Refusal):
    """The transfer leaves in another way."""

    code = "WRONG_RAIL"
    text = "This transfer leaves by {rail}, not by hand."
    rail: Annotated[Rail, "How it leaves."]


class EvidenceDiffers(Refusal):
    """The first person said something else of this payment."""

    code = "EVIDENCE_DIFFERS"
    text = "The first person said reference {reference}, paid on {paid_on}. Both must say the same."
    reference: Annotated[str, "The bank's reference by the first person."]
    paid_on: Annotated[date, "The day by the first person."]


class NotThatJournal(Refusal):
    """The journal does not say what this entry was."""

    code = "NOT_THAT_JOURNAL"
    text = "This journal moved other money, or explains another entry already. Look at the proposed match."


class NotThatTransfer(Refusal):
    """The transfer is not what this entry is about."""

    code = "NOT_THAT_TRANSFER"
    text = "This transfer has another amount, or stands elsewhere: this entry cannot be about it."


class BankDayClosed(Refusal):
    """The day is closed."""

    code = "BANK_DAY_CLOSED"
    text = "This account is closed up to {closed_until} already."
    closed_until: Annotated[date, "The last day that is closed."]


class BankDayUnknown(Refusal):
    """The bank's statements do not reach the day, or one is missing."""

    code = "BANK_DAY_UNKNOWN"
    text = "The bank's statements reach {stated_until} without a gap. Read the missing ones first."
    stated_until: Annotated[date, "The day up to which they are there."]


class BankDayUnexplained(Refusal):
    """There are entries that nobody has explained, or that no statement has."""

    code = "BANK_DAY_UNEXPLAINED"
    text = "{entries} entries up to this day are not explained, or stand on no statement yet."
    entries: Annotated[int, "How many."]


class BankDayNotEqual(Refusal):
    """The books and the bank say different things."""

    code = "BANK_DAY_NOT_EQUAL"
    text = "The books say {ours}, the bank says {theirs}."
    ours: Annotated[Money, "What the books say stood there."]
    theirs: Annotated[Money, "What the bank's statement says."]
