"""Doors of settlement: money in from programs, the order to settle, one partner's statement, adjustments."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.access.rules import takes_two
from marketplace.access.steps import is_second
from marketplace.kit import clock, outbox
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.messages import noted
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound, Problem, SamePerson
from marketplace.kit.settings import settings
from marketplace.members.models import Program
from marketplace.partners.models import Contract, Partner, Schedule
from marketplace.partners.steps import accrue_adjustment
from marketplace.payments.steps import plan_payment
from marketplace.settlement import issuing, queries, steps
from marketplace.settlement.cases import Case
from marketplace.settlement.issuing import Draft
from marketplace.settlement.models import (
    Adjustment,
    AdjustmentState,
    RunState,
    SettlementRun,
    TopUp,
    TopUpMethod,
    TopUpState,
)
from marketplace.settlement.reactions import TOP_UP
from marketplace.settlement.refusals import (
    AdjustmentDecided,
    PeriodNotOver,
    TopUpConfirmsItself,
    TopUpNotPending,
    TopUpReferenceReused,
    WrongCurrency,
)

REFERENCE_LENGTH = 120
WORDS_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUpProgram(Command):
    """Money that the asking program pays in, under its own reference."""

    amount: Money
    method: TopUpMethod
    reference: str
    payment_method: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmTopUp(Command):
    """A bank transfer that has arrived, and where that can be seen."""

    top_up_id: UUID
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Command):
    """Settle up to and with a day: everybody, or the partners of one schedule."""

    until: date
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlePartners(Command):
    """Some partners' part of a run: cases that one draft of it has added up."""

    run_id: UUID
    draft: Draft
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeAdjustment(Command):
    """A correction of what a partner is owed: above zero in its favour, below zero in ours."""

    partner_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAdjustment(Command):
    """Which proposal is decided on."""

    adjustment_id: UUID


def _must_be_words(path: str, text: str, longest: int) -> str:
    text = text.strip()
    if not (0 < len(text) <= longest and text.isprintable()):
        raise InvalidInput.at(path, "Give 1 to {most} printable characters.", most=longest)
    return text


def _top_up_problems(command: TopUpProgram) -> list[Problem]:
    problems: list[Problem] = []
    if command.amount.minor <= 0:
        problems.append(Problem("amount.amount", "The amount must be above zero."))
    if not (0 < len(command.reference) <= REFERENCE_LENGTH and command.reference.isprintable()):
        problems.append(Problem("reference", "Give 1 to {most} printable characters.", {"most": REFERENCE_LENGTH}))
    if (command.method is TopUpMethod.STRIPE) != bool(command.payment_method):
        needed = noted("Only Stripe charges one.")
        if not command.payment_method:
            needed = noted("Name the payment method to charge.")
        problems.append(Problem("paymentMethod", needed))
    return problems


@operation(scope=Scope.PROGRAM_FUND, returns=TopUp)
async def top_up_program(actor: Actor, command: TopUpProgram) -> TopUp:
    """Note money that the program pays in; its funding rises when the money is there.

    STRIPE is charged by a job after the commit; BANK_TRANSFER waits until finance confirms it. The same
    reference with the same facts is the same top-up. Raises InvalidInput, WrongCurrency, TopUpReferenceReused.
    """
    if actor.kind is not ActorKind.PROGRAM:
        raise NotAllowed("Only a program's own server pays in.")
    problems = _top_up_problems(command)
    if problems:
        raise InvalidInput(problems=problems)
    program = await Program.select_for_update(no_key=True).get(id=actor.id)
    amount = command.amount
    if amount.currency != program.home_currency:
        raise WrongCurrency(expected=program.home_currency, given=amount.currency)
    before = await TopUp.get_or_none(program_id=program.id, reference=command.reference)
    if before is not None:
        if (before.amount_minor, before.method) == (amount.minor, command.method):
            return before
        seen = Money(before.amount_minor, before.currency)
        raise TopUpReferenceReused(reference=before.reference, amount=seen)
    top_up = await TopUp.create(
        program_id=program.id,
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
    return top_up


@operation(scope=Scope.FINANCE, returns=TopUp)
async def confirm_top_up(actor: Actor, command: ConfirmTopUp) -> TopUp:
    """Say that a bank transfer has arrived: BANK_CLEARING -> the program's funding.

    What is more than one person moves alone is only noted until a second one says so. Raises InvalidInput,
    NotFound, TopUpNotPending, TopUpConfirmsItself for one that Stripe charges, and SecondPersonNeeded for the
    first person again.
    """
    evidence = _must_be_words("evidence", command.evidence, WORDS_LENGTH)
    top_up = await TopUp.select_for_update().get_or_none(id=command.top_up_id)
    if top_up is None:
        raise NotFound(what="top-up")
    if top_up.method == TopUpMethod.STRIPE:
        raise TopUpConfirmsItself
    if top_up.state != TopUpState.PENDING:
        raise TopUpNotPending(state=TopUpState(top_up.state))
    top_up.evidence, top_up.confirmed_by = evidence, actor.id
    is_much = takes_two(Money(top_up.amount_minor, top_up.currency), settings().alone_up_to)
    if is_much and not await is_second(actor, "confirm_top_up", top_up.id, evidence):
        await top_up.save(update_fields=["evidence", "confirmed_by"])
        return top_up
    await steps.complete_top_up(top_up)
    return top_up


async def _order(actor: Actor, command: Settle) -> SettlementRun:
    behind = queries.timezone_not_over(command.until, await queries.timezones())
    if behind is not None:
        raise PeriodNotOver(until=command.until, timezone=behind[0], latest=behind[1])
    return await SettlementRun.create(
        until=command.until,
        schedule=command.schedule.value if command.schedule else None,
        state=RunState.RUNNING.value,
        requested_by=actor.id,
        requested_at=clock.now(),
    )


@operation(scope=Scope.SETTLE, returns=SettlementRun)
async def settle(actor: Actor, command: Settle) -> SettlementRun:
    """Order a run; a job issues the statements, one transaction a partner.

    Raises PeriodNotOver while the day goes on in any contract's time zone.
    """
    run = await _order(actor, command)
    await outbox.enqueue("settlement.run", run_id=str(run.id))
    return run


@operation(scope=Scope.SYSTEM, returns=SettlementRun)
async def order_run(actor: Actor, command: Settle) -> SettlementRun:
    """Note a run that the caller carries out itself: the schedule's, and the command line's.

    Raises PeriodNotOver while the day goes on in any contract's time zone.
    """
    return await _order(actor, command)


@operation(scope=Scope.SYSTEM, returns=SettlementRun)
async def settle_partners(actor: Actor, command: SettlePartners) -> SettlementRun:
    """The statements of some partners of a run, each with what becomes of its closing balance.

    Afterwards every accrual of theirs up to the day is on exactly one line, and the transfers are planned. Raises
    NothingToSettle when another run was here since the draft was made: then nothing has happened.
    """
    run = await SettlementRun.get(id=command.run_id)
    await issuing.issue(run, command.draft, command.cases)
    await steps.are_done(run, len(command.cases))
    return run


@operation(scope=Scope.FINANCE, returns=Adjustment)
async def propose_adjustment(actor: Actor, command: ProposeAdjustment) -> Adjustment:
    """Propose to correct what a partner is owed; nothing is booked before somebody else approves.

    Raises InvalidInput, NotFound, WrongCurrency for one that the partner's contract is not in.
    """
    reason = _must_be_words("reason", command.reason, WORDS_LENGTH)
    if not command.amount.minor:
        raise InvalidInput.at("amount.amount", "An adjustment of zero changes nothing.")
    if not await Partner.exists(id=command.partner_id):
        raise NotFound(what="partner")
    contracts = await Contract.filter(partner_id=command.partner_id).order_by("-valid_from")
    if command.amount.currency not in {contract.currency for contract in contracts}:
        expected = contracts[0].currency if contracts else "no currency before there is a contract"
        raise WrongCurrency(expected=expected, given=command.amount.currency)
    return await Adjustment.create(
        partner_id=command.partner_id,
        amount_minor=command.amount.minor,
        currency=command.amount.currency,
        reason=reason,
        state=AdjustmentState.PROPOSED.value,
        proposed_by=actor.id,
        proposed_at=clock.now(),
    )


async def _decided(actor: Actor, command: DecideAdjustment, state: AdjustmentState) -> Adjustment:
    adjustment = await Adjustment.select_for_update().get_or_none(id=command.adjustment_id)
    if adjustment is None:
        raise NotFound(what="adjustment")
    if adjustment.state != AdjustmentState.PROPOSED:
        raise AdjustmentDecided(state=AdjustmentState(adjustment.state))
    if adjustment.proposed_by == actor.id:
        raise SamePerson
    adjustment.state, adjustment.decided_by, adjustment.decided_at = state.value, actor.id, clock.now()
    await adjustment.save(update_fields=["state", "decided_by", "decided_at"])
    return adjustment


@operation(scope=Scope.FINANCE, returns=Adjustment)
async def approve_adjustment(actor: Actor, command: DecideAdjustment) -> Adjustment:
    """Book another person's proposal: it joins the partner's next statement.

    Raises NotFound, SamePerson for one's own proposal, AdjustmentDecided.
    """
    adjustment = await _decided(actor, command, AdjustmentState.APPROVED)
    amount = Money(adjustment.amount_minor, adjustment.currency)
    await accrue_adjustment(adjustment.partner_id, amount, adjustment.reason, ref_id=adjustment.id)
    return adjustment


@operation(scope=Scope.FINANCE, returns=Adjustment)
async def decline_adjustment(actor: Actor, command: DecideAdjustment) -> Adjustment:
    """Turn another person's proposal down; nothing is booked.

    Raises NotFound, SamePerson for one's own proposal, AdjustmentDecided.
    """
    return await _decided(actor, command, AdjustmentState.DECLINED)
