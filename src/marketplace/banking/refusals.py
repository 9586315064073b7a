"""Why banking says no."""

from typing import Annotated

from marketplace.kit.money import Money
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
