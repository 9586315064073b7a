"""Doors of settlement: the order to settle, one partner's statement, adjustments."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.kit import clock, outbox
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.money import Money
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, SamePerson, WrongCurrency
from marketplace.partners.models import Contract, Partner, Schedule
from marketplace.partners.steps import accrue_adjustment
from marketplace.settlement import issuing, queries, steps
from marketplace.settlement.cases import Case
from marketplace.settlement.issuing import Draft
from marketplace.settlement.models import (
    Adjustment,
    AdjustmentState,
    DisputeState,
    LineDispute,
    RunState,
    SettlementRun,
)
from marketplace.settlement.refusals import (
    AdjustmentDecided,
    DisputeNotOpen,
    LineInDispute,
    PeriodNotOver,
)

WORDS_LENGTH = 300
NOTE_LENGTH = 1000


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
class DisputeLine(Command):
    """A line of the asking partner's statement that is wrong, and why."""

    line_id: UUID
    note: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawDispute(Command):
    """A dispute that is none any more."""

    dispute_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptDispute(Command):
    """What shall be put right for a dispute: above zero in the partner's favour."""

    dispute_id: UUID
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineDispute(Command):
    """Why a line is right."""

    dispute_id: UUID
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAdjustment(Command):
    """Which proposal is decided on."""

    adjustment_id: UUID


def _must_be_words(path: str, text: str, longest: int) -> str:
    text = text.strip()
    if not (0 < len(text) <= longest and text.isprintable()):
        raise InvalidInput.at(path, "Give 1 to {most} printable characters.", most=longest)
    return text


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
    return await steps.propose(actor.id, command.partner_id, command.amount, reason)


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
    await steps.close_dispute(adjustment, DisputeState.ACCEPTED)
    return adjustment


@operation(scope=Scope.FINANCE, returns=Adjustment)
async def decline_adjustment(actor: Actor, command: DecideAdjustment) -> Adjustment:
    """Turn another person's proposal down; nothing is booked.

    Raises NotFound, SamePerson for one's own proposal, AdjustmentDecided.
    """
    adjustment = await _decided(actor, command, AdjustmentState.DECLINED)
    await steps.close_dispute(adjustment, DisputeState.OPEN)
    return adjustment


@operation(scope=Scope.STATEMENTS_DISPUTE, returns=LineDispute)
async def dispute_line(actor: Actor, command: DisputeLine) -> LineDispute:
    """Say that a line of one's own statement is wrong; finance answers.

    Raises InvalidInput, NotFound, LineInDispute while an earlier one is not decided.
    """
    note = _must_be_words("note", command.note, NOTE_LENGTH)
    evidence = _must_be_words("evidence", command.evidence, WORDS_LENGTH) if command.evidence else None
    line = await queries.lines_visible_to(actor).get_or_none(id=command.line_id)
    if line is None or actor.kind is not ActorKind.PARTNER:
        raise NotFound(what="statement line")
    await Partner.select_for_update(no_key=True).get(id=actor.id)
    running = (DisputeState.OPEN.value, DisputeState.PROPOSED.value)
    before = await LineDispute.get_or_none(line_id=line.id, state__in=running)
    if before is not None:
        raise LineInDispute(raised_at=before.raised_at)
    return await LineDispute.create(
        line_id=line.id,
        partner_id=actor.id,
        note=note,
        evidence=evidence,
        state=DisputeState.OPEN.value,
        raised_at=clock.now(),
    )


async def _open_dispute(actor: Actor, dispute_id: UUID) -> LineDispute:
    """An open dispute that the actor sees, locked. Raises NotFound, DisputeNotOpen."""
    dispute = await queries.disputes_visible_to(actor).select_for_update().get_or_none(id=dispute_id)
    if dispute is None:
        raise NotFound(what="dispute")
    if dispute.state != DisputeState.OPEN:
        raise DisputeNotOpen(state=DisputeState(dispute.state))
    return dispute


@operation(scope=Scope.STATEMENTS_DISPUTE, returns=LineDispute)
async def withdraw_dispute(actor: Actor, command: WithdrawDispute) -> LineDispute:
    """Take one's own dispute back. Raises NotFound, also for anybody but the partner, and DisputeNotOpen."""
    if actor.kind is not ActorKind.PARTNER:
        raise NotFound(what="dispute")
    dispute = await _open_dispute(actor, command.dispute_id)
    dispute.state = DisputeState.WITHDRAWN.value
    await dispute.save(update_fields=["state"])
    return dispute


@operation(scope=Scope.FINANCE, returns=LineDispute)
async def accept_dispute(actor: Actor, command: AcceptDispute) -> LineDispute:
    """Propose the correction that a dispute asks for; another person approves it as any other.

    Raises InvalidInput, NotFound, DisputeNotOpen, WrongCurrency.
    """
    reason = _must_be_words("reason", command.reason, WORDS_LENGTH)
    if not command.amount.minor:
        raise InvalidInput.at("amount.amount", "An adjustment of zero changes nothing.")
    dispute = await _open_dispute(actor, command.dispute_id)
    currency = await queries.currency_of_line(dispute.line_id)
    if command.amount.currency != currency:
        raise WrongCurrency(expected=currency, given=command.amount.currency)
    adjustment = await steps.propose(actor.id, dispute.partner_id, command.amount, reason)
    dispute.adjustment_id = adjustment.id
    dispute.state, dispute.decided_by = DisputeState.PROPOSED.value, actor.id
    await dispute.save(update_fields=["adjustment_id", "state", "decided_by"])
    return dispute


@operation(scope=Scope.FINANCE, returns=LineDispute)
async def decline_dispute(actor: Actor, command: DeclineDispute) -> LineDispute:
    """Say why a disputed line is right. Raises InvalidInput, NotFound, DisputeNotOpen."""
    answer = _must_be_words("answer", command.answer, NOTE_LENGTH)
    dispute = await _open_dispute(actor, command.dispute_id)
    dispute.state, dispute.answer = DisputeState.DECLINED.value, answer
    dispute.decided_by, dispute.decided_at = actor.id, clock.now()
    await dispute.save(update_fields=["state", "answer", "decided_by", "decided_at"])
    return dispute
