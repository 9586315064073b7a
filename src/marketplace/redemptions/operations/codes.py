"""Showing a code to its owner, and exchanging one that does not work."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.catalog.models import Item
from marketplace.catalog.steps import take_stock
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.operations import Command, operation
from marketplace.redemptions import cards, events, queries, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import CodeReissue, CodeReveal, Redemption, RedemptionState
from marketplace.redemptions.refusals import CodeFrozen, CodeStopped, NoCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RevealCode(Command):
    """Show the code of a voucher."""

    redemption_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissueCode(Command):
    """Exchange the code of a voucher for another one."""

    redemption_id: UUID
    reason: str


def _must_be_live(redemption: Redemption) -> None:
    if redemption.state != RedemptionState.FULFILLED:
        raise CodeFrozen(current=redemption.state)


@operation(scope=Scope.REDEEM, returns=CodeReveal)
async def reveal_code(actor: Actor, command: RevealCode) -> CodeReveal:
    """Note that the owner is shown the code or link: the plaintext leaves after this is committed.

    Each reveal is a row and an audit entry of its own. Raises NotFound, NoCode, CodeFrozen or CodeStopped.
    """
    redemption = await queries.locked(actor, command.redemption_id)
    _must_be_live(redemption)
    item: Item = await redemption.item
    if redemption.code_position is None and not item.attributes.keys() & {"link", "generic_code"}:
        raise NoCode
    await cards.must_be_taken(redemption)
    stopped = await queries.stopped_at(redemption)
    if stopped is not None:
        raise CodeStopped(stopped_at=stopped)
    moment = clock.now()
    if redemption.revealed_at is None:
        redemption.revealed_at = moment
        await redemption.save(update_fields=["revealed_at"])
        await events.tell(redemption, Change.CODE_REVEALED)
    return await CodeReveal.create(redemption=redemption, position=redemption.code_position, revealed_at=moment)


@operation(scope=Scope.SUPPORT, returns=Redemption)
async def reissue_code(actor: Actor, command: ReissueCode) -> Redemption:
    """Give the member another code for one that does not work; the old one stays frozen.

    The price is not charged again. Raises InvalidInput, NotFound, NoCode, CodeFrozen or OfferSoldOut.
    """
    reason = steps.sound_reason(command.reason)
    redemption = await queries.locked(actor, command.redemption_id)
    _must_be_live(redemption)
    old = redemption.code_position
    if old is None:
        raise NoCode
    item: Item = await redemption.item
    reissue = CodeReissue(
        id=new_id(), redemption=redemption, old_position=old, reason=reason, reissued_at=clock.now()
    )
    new = await take_stock(item, ref_type="code_reissue", ref_id=reissue.id)
    assert new is not None
    reissue.new_position = redemption.code_position = new
    redemption.revealed_at = None
    await reissue.save(force_create=True)
    await redemption.save(update_fields=["code_position", "revealed_at"])
    await events.tell(redemption, Change.CODE_REISSUED)
    return redemption
