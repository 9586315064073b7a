"""Brand currency to the partner in numbered batches, and its answers: credited, refused, or refused in part."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.redemptions import crediting, events, queries, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Credit, CreditBatch, Redemption, RedemptionState
from marketplace.redemptions.refusals import BatchAnswered, NothingToCredit
from marketplace.redemptions.states import BatchState

MOST_IN_A_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectCredits(Command):
    """Put what is to be credited into a numbered batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcknowledgeCreditBatch(Command):
    """The partner has the batch in its own system."""

    batch_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCredit:
    """What of one credit the partner could not carry out: some lots, or all of them without a number."""

    redemption_id: UUID
    reason: str
    lots: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerCreditBatch(Command):
    """What became of a batch: these were refused, and those accepted (all others, when none are named)."""

    batch_id: UUID
    refused: tuple[RefusedCredit, ...] = ()
    accepted: tuple[UUID, ...] | None = None


@operation(scope=Scope.FULFIL, returns=CreditBatch)
async def collect_credits(actor: Actor, command: CollectCredits) -> CreditBatch:
    """Afterwards the partner's oldest credits that are in no batch are in a new one, at most MOST_IN_A_BATCH.

    From then on a member cannot cancel them. Raises NothingToCredit.
    """
    if actor.kind is not ActorKind.PARTNER:
        raise NothingToCredit
    await steps.one_at_a_time("credits", actor.id)
    waiting = await crediting.lock_waiting(actor.id, MOST_IN_A_BATCH)
    if not waiting:
        raise NothingToCredit
    batch = await CreditBatch.create(
        partner_id=actor.id,
        number=1 + await CreditBatch.filter(partner_id=actor.id).count(),
        credits=len(waiting),
        state=BatchState.COLLECTED.value,
        collected_at=clock.now(),
    )
    await Credit.filter(redemption_id__in=[each.id for each in waiting]).update(batch_id=batch.id)
    for redemption in waiting:
        await events.tell(redemption, Change.SENT_TO_PARTNER, batch=batch.number)
    return batch


@operation(scope=Scope.FULFIL, returns=CreditBatch)
async def acknowledge_credit_batch(actor: Actor, command: AcknowledgeCreditBatch) -> CreditBatch:
    """The partner has fetched the batch; saying so again does no harm. Raises NotFound."""
    batch = await _locked(actor, command.batch_id)
    if batch.state == BatchState.COLLECTED:
        batch.state, batch.acknowledged_at = BatchState.ACKNOWLEDGED.value, clock.now()
        await batch.save(update_fields=["state", "acknowledged_at"])
    return batch


async def _locked(actor: Actor, batch_id: UUID) -> CreditBatch:
    batch = await queries.batches_visible_to(actor).select_for_update().get_or_none(id=batch_id)
    if batch is None:
        raise NotFound(what="batch")
    return batch


@operation(scope=Scope.FULFIL, returns=CreditBatch)
async def answer_credit_batch(actor: Actor, command: AnswerCreditBatch) -> CreditBatch:
    """Credited ones are fulfilled and owed; refused ones give everything back, refused lots their part of it.

    Whatever was closed meanwhile stays as it is. When none is left to be answered the batch is ANSWERED; until
    then the others can be answered later. Raises NotFound, InvalidInput, BatchAnswered or NoContractInForce.
    """
    batch = await _locked(actor, command.batch_id)
    if batch.state == BatchState.ANSWERED:
        raise BatchAnswered(answered_at=batch.answered_at)
    credits = {each.redemption_id: each for each in await Credit.filter(batch_id=batch.id)}
    refused = _sound(command, credits)
    for id in sorted(credits):
        if id not in refused and command.accepted is not None and id not in command.accepted:
            continue
        redemption = await queries.locked(actor, id)
        if redemption.state == RedemptionState.PENDING:
            await _answer(redemption, credits[id], refused.get(id))
    if not await crediting.is_waiting(batch.id):
        batch.state, batch.answered_at = BatchState.ANSWERED.value, clock.now()
        await batch.save(update_fields=["state", "answered_at"])
    return batch


async def _answer(redemption: Redemption, credit: Credit, refused: RefusedCredit | None) -> None:
    if refused is None:
        await crediting.confirm(redemption)
    elif refused.lots is None or refused.lots == credit.lots:
        await crediting.refuse(redemption, refused.reason)
    else:
        await crediting.confirm(redemption)
        await crediting.refuse_lots(redemption, refused.lots, refused.reason)


def _sound(command: AnswerCreditBatch, credits: dict[UUID, Credit]) -> dict[UUID, RefusedCredit]:
    """The refused ones by redemption; raises InvalidInput with all that is wrong with the answer."""
    problems = [*_refused_problems(command.refused, credits)]
    for index, id in enumerate(command.accepted or ()):
        if id not in credits:
            problems.append(Problem(f"accepted.{index}", "This is not in the batch."))
        elif any(each.redemption_id == id for each in command.refused):
            problems.append(Problem(f"accepted.{index}", "This is refused in the same answer."))
    if problems:
        raise InvalidInput(problems=problems)
    return {each.redemption_id: each for each in command.refused}


def _refused_problems(refused: Sequence[RefusedCredit], credits: dict[UUID, Credit]) -> list[Problem]:
    problems: list[Problem] = []
    for index, each in enumerate(refused):
        credit = credits.get(each.redemption_id)
        if credit is None:
            problems.append(Problem(f"refused.{index}.redemptionId", "This is not in the batch."))
        elif each.lots is not None and not 1 <= each.lots <= credit.lots:
            problems.append(Problem(f"refused.{index}.lots", "Refuse 1 to {most} lots.", {"most": credit.lots}))
        if not 0 < len(each.reason.strip()) <= steps.MAX_REASON:
            problems.append(
                Problem(
                    f"refused.{index}.reason",
                    "Give a reason of 1 to {most} characters.",
                    {"most": steps.MAX_REASON},
                )
            )
    if len({each.redemption_id for each in refused}) < len(refused):
        problems.append(Problem("refused", "Name each redemption once."))
    return problems
