"""Sending merchandise back: the member asks, the partner has it and the refund follows, or it says no."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.redemptions import events, queries, refunds, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Redemption, RedemptionState, ReturnRequest
from marketplace.redemptions.refund_rules import Ask
from marketplace.redemptions.refusals import RedemptionClosed, ReturnAnswered, ReturnClosed, ReturnUnderWay
from marketplace.redemptions.states import ReturnState


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReturn(Command):
    """A member wants to send units back, all when no number is given."""

    redemption_id: UUID
    reason: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmReturn(Command):
    """The partner has what was sent back."""

    return_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseReturn(Command):
    """The partner does not take it back, and why."""

    return_id: UUID
    reason: str


@operation(scope=Scope.REDEEM, returns=ReturnRequest)
async def request_return(actor: Actor, command: RequestReturn) -> ReturnRequest:
    """Ask to send merchandise back, within the return window of the partner's contract.

    Nothing moves in the books before the partner has it. Raises InvalidInput, NotFound, RedemptionClosed,
    ReturnClosed or ReturnUnderWay.
    """
    reason = steps.sound_reason(command.reason)
    redemption = await queries.locked(actor, command.redemption_id)
    if redemption.kind != OfferKind.MERCHANDISE:
        raise NotFound(what="redemption")
    if redemption.state != RedemptionState.FULFILLED:
        raise RedemptionClosed(current=redemption.state)
    until = (await queries.returnable_until([redemption.id])).get(redemption.id)
    if until is None or clock.now() > until:
        raise ReturnClosed(until=until)
    if await ReturnRequest.exists(redemption_id=redemption.id, state=ReturnState.REQUESTED.value):
        raise ReturnUnderWay
    kept = await _kept(redemption)
    quantity = kept if command.quantity is None else command.quantity
    if not 1 <= quantity <= kept:
        raise InvalidInput.at("quantity", "Send 1 to {most} back.", most=kept)
    wanted = await ReturnRequest.create(
        redemption_id=redemption.id,
        quantity=quantity,
        reason=reason,
        state=ReturnState.REQUESTED.value,
        requested_at=clock.now(),
    )
    await events.tell(redemption, Change.RETURN_REQUESTED, units=quantity)
    return wanted


async def _kept(redemption: Redemption) -> int:
    """How many units were not refunded."""
    given = (await queries.refunds_of([redemption.id]))[redemption.id]
    return redemption.quantity - sum(each.quantity for each in given)


async def _open(actor: Actor, return_id: UUID) -> tuple[ReturnRequest, Redemption]:
    """A return that is to be answered, its redemption locked; raises NotFound or ReturnAnswered."""
    found = await queries.beside(ReturnRequest, actor).get_or_none(id=return_id)
    if found is None:
        raise NotFound(what="return")
    redemption = await queries.locked(actor, found.redemption_id)
    wanted = await ReturnRequest.get(id=return_id)
    if wanted.state != ReturnState.REQUESTED:
        raise ReturnAnswered(current=wanted.state)
    return wanted, redemption


async def _answer(wanted: ReturnRequest, state: ReturnState, refused: str | None = None) -> ReturnRequest:
    wanted.state, wanted.answered_at, wanted.refused_reason = state.value, clock.now(), refused
    await wanted.save(update_fields=["state", "answered_at", "refused_reason"])
    return wanted


@operation(scope=Scope.FULFIL, returns=ReturnRequest)
async def confirm_return(actor: Actor, command: ConfirmReturn) -> ReturnRequest:
    """The partner has it: the member is refunded for these units, and the partner is owed as much less.

    Of units that were refunded otherwise meanwhile, only what is left is refunded. Raises NotFound or
    ReturnAnswered.
    """
    wanted, redemption = await _open(actor, command.return_id)
    await events.tell(redemption, Change.RETURN_RECEIVED, units=wanted.quantity)
    if redemption.state == RedemptionState.FULFILLED:
        quantity = min(wanted.quantity, await _kept(redemption))
        plan = await refunds.plan_of(redemption, Ask(quantity=quantity))
        await refunds.carry_out(plan, f"Sent back: {wanted.reason}"[: steps.MAX_REASON])
    return await _answer(wanted, ReturnState.RECEIVED)


@operation(scope=Scope.FULFIL, returns=ReturnRequest)
async def refuse_return(actor: Actor, command: RefuseReturn) -> ReturnRequest:
    """The partner does not take it back; the member keeps it. Raises InvalidInput, NotFound or ReturnAnswered."""
    reason = steps.sound_reason(command.reason)
    wanted, redemption = await _open(actor, command.return_id)
    await events.tell(redemption, Change.RETURN_REFUSED)
    return await _answer(wanted, ReturnState.REFUSED, reason)
