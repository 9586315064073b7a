"""The door for money that went back without a reference: a person of finance has seen it."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.billing.models import Origin, Receipt, TakebackCause
from marketplace.billing.operations.words import must_be_words
from marketplace.billing.refusals import ReceiptGone, ReceiptTellsItself
from marketplace.billing.steps import lock_program, returned_of, take_back
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, WrongCurrency
from marketplace.kit.settings import settings
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnFunding(Command):
    """How much of a receipt a bank sent back, and where that can be seen."""

    receipt_id: UUID
    amount: Money
    evidence: str


@operation(scope=Scope.FINANCE, returns=Receipt)
async def return_funding(actor: Actor, command: ReturnFunding) -> Receipt:
    """Say that a bank sent money back to its payer: the program's funding falls by it, as far as it reaches.

    What is more than one person moves alone is only noted until a second one says the same amount. Raises
    InvalidInput, NotFound, WrongCurrency, ReceiptGone for more than is left of it, ReceiptTellsItself for money
    that came through Stripe, and SecondPersonNeeded for the first person again.
    """
    evidence = must_be_words("evidence", command.evidence)
    if command.amount.minor <= 0:
        raise InvalidInput.at("amount.amount", "The amount must be above zero.")
    receipt = await Receipt.get_or_none(id=command.receipt_id)
    if receipt is None:
        raise NotFound(what="receipt")
    program = await lock_program(receipt.program_id)
    if receipt.origin == Origin.STRIPE:
        raise ReceiptTellsItself
    if command.amount.currency != receipt.currency:
        raise WrongCurrency(expected=receipt.currency, given=command.amount.currency)
    left = receipt.amount_minor - await returned_of(receipt)
    if command.amount.minor > left:
        raise ReceiptGone(left=Money(left, receipt.currency))
    act = f"return_funding:{command.amount.minor}:{left}"
    if takes_two(command.amount, settings().alone_up_to) and not await is_second(actor, act, receipt.id, evidence):
        return receipt
    goal = accounts.house(Purpose.BANK_CLEARING, receipt.currency)
    entry = f"person:{receipt.id.hex}:{left}"
    await take_back(program, receipt, TakebackCause.BANK_RETURN, entry, command.amount.minor, goal)
    return receipt
