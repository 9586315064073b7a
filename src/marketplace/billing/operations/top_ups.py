"""Doors of money in: what a program says it pays, and what a person says has arrived."""

import re
from dataclasses import dataclass
from uuid import UUID

from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.billing.models import Origin, TopUp, TopUpMethod, TopUpState
from marketplace.billing.operations.words import must_be_words
from marketplace.billing.reactions import TOP_UP
from marketplace.billing.references import Pays, creditor_reference
from marketplace.billing.refusals import TopUpConfirmsItself, TopUpNotPending, TopUpReferenceReused
from marketplace.billing.steps import Arrived, lock_program, take_in
from marketplace.kit import clock
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound, Problem, WrongCurrency
from marketplace.kit.settings import settings
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.payments.rules import least_charge
from marketplace.payments.steps import Payer, plan_invoice, plan_payment

REFERENCE_LENGTH = 120
MAX_ADDRESS, MOST_DUE_DAYS = 320, 90
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpProgram(Command):
    """Money that the asking program pays in, under its own reference."""

    amount: Money
    method: TopUpMethod
    reference: str
    payment_method: str | None = None
    invoice_to: str | None = None
    due_days: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTopUp(Command):
    """A bank transfer that has arrived, and where that can be seen."""

    top_up_id: UUID
    evidence: str


def _top_up_problems(command: TopUpProgram) -> list[Problem]:
    problems: list[Problem] = []
    if command.amount.minor <= 0:
        problems.append(Problem("amount.amount", "The amount must be above zero."))
    if not (0 < len(command.reference) <= REFERENCE_LENGTH and command.reference.isprintable()):
        problems.append(Problem("reference", "Give 1 to {most} printable characters.", {"most": REFERENCE_LENGTH}))
    problems += _invoice_problems(command)
    if (command.method is TopUpMethod.STRIPE) != bool(command.payment_method):
        needed = noted("Only Stripe charges one.")
        if not command.payment_method:
            needed = noted("Name the payment method to charge.")
        problems.append(Problem("paymentMethod", needed))
    return problems


def _invoice_problems(command: TopUpProgram) -> list[Problem]:
    if command.method is not TopUpMethod.STRIPE_INVOICE:
        return [Problem("invoice", "Only an invoice is sent to somebody.")] if command.invoice_to else []
    problems: list[Problem] = []
    to = command.invoice_to or ""
    if not (_ADDRESS.fullmatch(to) and len(to) <= MAX_ADDRESS):
        problems.append(Problem("invoice.email", "Give the address to which the invoice is sent."))
    if not 1 <= command.due_days <= MOST_DUE_DAYS:
        problems.append(Problem("invoice.dueInDays", "Give 1 to {most} days.", {"most": MOST_DUE_DAYS}))
    least = least_charge(command.amount.currency)
    if 0 < command.amount.minor < least:
        shown = Money(least, command.amount.currency)
        problems.append(Problem("amount.amount", "An invoice is at least {least}.", {"least": shown}))
    return problems


@operation(scope=Scope.PROGRAM_FUND, returns=TopUp)
async def top_up_program(actor: Actor, command: TopUpProgram) -> TopUp:
    """Note money that the program pays in; its funding rises when the money is there.

    STRIPE is charged by a job after the commit, and STRIPE_INVOICE is sent by one; BANK_TRANSFER waits for a
    credit that names its creditor reference, or for a person who has seen it. The same reference with the same
    facts is the same top-up. Raises InvalidInput, WrongCurrency, TopUpReferenceReused.
    """
    if actor.kind is not ActorKind.PROGRAM:
        raise NotAllowed("Only a program's own server pays in.")
    problems = _top_up_problems(command)
    if problems:
        raise InvalidInput(problems=problems)
    program = await lock_program(actor.id)
    amount = command.amount
    if amount.currency != program.home_currency:
        raise WrongCurrency(expected=program.home_currency, given=amount.currency)
    before = await TopUp.get_or_none(program_id=program.id, reference=command.reference)
    if before is not None:
        if (before.amount_minor, before.method) == (amount.minor, command.method):
            return before
        seen = Money(before.amount_minor, before.currency)
        raise TopUpReferenceReused(reference=before.reference, amount=seen)
    id, is_transfer = new_id(), command.method is TopUpMethod.BANK_TRANSFER
    top_up = await TopUp.create(
        id=id,
        program_id=program.id,
        creditor_reference=creditor_reference(Pays.TOP_UP, id) if is_transfer else None,
        method=command.method.value,
        state=TopUpState.PENDING.value,
        reference=command.reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        requested_at=clock.now(),
    )
    if command.payment_method:
        method = command.payment_method
        await plan_payment(TOP_UP, top_up.id, amount.minor, amount.currency, payment_method=method)
    if command.invoice_to:
        payer = Payer(program.id, program.name, command.invoice_to)
        days = command.due_days
        await plan_invoice(TOP_UP, top_up.id, amount.minor, amount.currency, payer=payer, due_days=days)
    return top_up


@operation(scope=Scope.FINANCE, returns=TopUp)
async def confirm_top_up(actor: Actor, command: ConfirmTopUp) -> TopUp:
    """Say that what is missing of a bank transfer has arrived: BANK_CLEARING -> the program's funding.

    It is for a transfer that cannot be matched. What is more than one person moves alone is only noted until a
    second one says so. Raises InvalidInput, NotFound, TopUpNotPending, TopUpConfirmsItself for one that Stripe
    charges, and SecondPersonNeeded for the first person again.
    """
    evidence = must_be_words("evidence", command.evidence)
    named = await TopUp.get_or_none(id=command.top_up_id)
    if named is None:
        raise NotFound(what="top-up")
    program = await lock_program(named.program_id)
    top_up = await TopUp.select_for_update().get(id=named.id)
    if top_up.method != TopUpMethod.BANK_TRANSFER:
        raise TopUpConfirmsItself
    if top_up.state != TopUpState.PENDING:
        raise TopUpNotPending(state=TopUpState(top_up.state))
    missing = Money(top_up.amount_minor - top_up.received_minor, top_up.currency)
    top_up.evidence, top_up.confirmed_by = evidence, actor.id
    is_much = takes_two(missing, settings().alone_up_to)
    if is_much and not await is_second(actor, "confirm_top_up", top_up.id, evidence):
        await top_up.save(update_fields=["evidence", "confirmed_by"])
        return top_up
    source = accounts.house(Purpose.BANK_CLEARING, top_up.currency)
    await take_in(program, Arrived(Origin.PERSON, top_up.id.hex, missing.minor, source), top_up)
    return top_up
