"""What a partner answers: miles are credited, a parcel is sent and arrives, or it cannot be done."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import NotFound
from marketplace.redemptions import crediting, queries, rules, steps
from marketplace.redemptions.models import (
    CreditState,
    Redemption,
    RedemptionState,
)
from marketplace.redemptions.refusals import RedemptionClosed


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmCredit(Command):
    """The partner has credited the brand currency."""

    redemption_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseCredit(Command):
    """The partner cannot credit it, and why."""

    redemption_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailRedemption(Command):
    """The partner cannot deliver, and why."""

    redemption_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailOverdue(Command):
    """Nobody has answered for too long."""

    redemption_id: UUID


async def _pending(actor: Actor, redemption_id: UUID, *kinds: OfferKind) -> Redemption:
    """One of these kinds, locked, still to be answered; raises NotFound or RedemptionClosed."""
    redemption = await queries.locked(actor, redemption_id)
    if OfferKind(redemption.kind) not in kinds:
        raise NotFound(what="redemption")
    if redemption.state != RedemptionState.PENDING:
        raise RedemptionClosed(current=redemption.state)
    return redemption


async def _fail(redemption: Redemption, reason: str) -> Redemption:
    await steps.undo(redemption, RedemptionState.FAILED, reason)
    await crediting.answered(redemption, CreditState.REFUSED, reason)
    return redemption


@operation(scope=Scope.FULFIL, returns=Redemption)
async def confirm_credit(actor: Actor, command: ConfirmCredit) -> Redemption:
    """Brand currency is in the member's account: the points are posted and the partner is owed.

    Raises NotFound, RedemptionClosed or NoContractInForce.
    """
    redemption = await _pending(actor, command.redemption_id, OfferKind.BRAND_CURRENCY)
    await crediting.confirm(redemption)
    return redemption


@operation(scope=Scope.FULFIL, returns=Redemption)
async def refuse_credit(actor: Actor, command: RefuseCredit) -> Redemption:
    """The partner cannot credit it: FAILED, and everything goes back. Raises NotFound or RedemptionClosed."""
    reason = steps.sound_reason(command.reason)
    return await _fail(await _pending(actor, command.redemption_id, OfferKind.BRAND_CURRENCY), reason)


@operation(scope=Scope.FULFIL, returns=Redemption)
async def fail_redemption(actor: Actor, command: FailRedemption) -> Redemption:
    """The partner cannot deliver what is PENDING: FAILED, and everything goes back.

    Raises InvalidInput, NotFound or RedemptionClosed.
    """
    reason = steps.sound_reason(command.reason)
    kinds = (OfferKind.MERCHANDISE, OfferKind.BRAND_CURRENCY)
    return await _fail(await _pending(actor, command.redemption_id, *kinds), reason)


@operation(scope=Scope.SYSTEM, returns=Redemption)
async def fail_overdue(actor: Actor, command: FailOverdue) -> Redemption:
    """Give everything back for what the partner did not answer in time; whatever was answered stays."""
    redemption = await queries.locked(actor, command.redemption_id)
    if redemption.state == RedemptionState.PENDING and rules.is_overdue(redemption.redeemed_at, clock.now()):
        await _fail(redemption, f"not answered within {rules.ANSWER_WITHIN.days} days")
    return redemption
