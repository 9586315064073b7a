"""Stopping codes that may have leaked, and letting them go again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.catalog import withholding
from marketplace.catalog.models import CodeFreeze, Item, StockMode
from marketplace.catalog.steps import sold_out
from marketplace.kit import clock, outbox
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.redemptions import events, queries, steps
from marketplace.redemptions.facts import Change
from marketplace.redemptions.models import Redemption
from marketplace.redemptions.refusals import AlreadyReleased, NoCode

TELL = "redemptions.tell_of_freeze"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeCodes(Command):
    """Stop the codes of an item, of all files or of those loaded in a stretch of time."""

    item_id: UUID
    reason: str
    loaded_from: datetime | None = None
    loaded_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCodes(Command):
    """Let the codes of a freeze go again."""

    freeze_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOfFreeze(Command):
    """A member who holds a code is told what became of it."""

    redemption_id: UUID
    freeze_id: UUID


async def _own_item(actor: Actor, item_id: UUID) -> Item:
    """An item of the partner's own brands, or of any for operators; raises NotFound."""
    item = await Item.get_or_none(id=item_id).select_related("offer__brand")
    if item is None or (actor.kind is ActorKind.PARTNER and item.offer.brand.partner_id != actor.id):
        raise NotFound(what="reward")
    return item


@operation(scope=Scope.CODES_FREEZE, returns=CodeFreeze)
async def freeze_codes(actor: Actor, command: FreezeCodes) -> CodeFreeze:
    """From now on none of these codes is handed out or shown; members who hold one are told by a job.

    Codes that are loaded later are not touched. Raises InvalidInput, NotFound or NoCode.
    """
    reason = steps.sound_reason(command.reason)
    if command.loaded_from and command.loaded_until and command.loaded_from > command.loaded_until:
        raise InvalidInput.at("loadedUntil", "Give a moment after `loadedFrom`.")
    item = await _own_item(actor, command.item_id)
    if item.stock_mode != StockMode.CODES:
        raise NoCode
    freeze = await CodeFreeze.create(id=new_id(), item_id=item.id, reason=reason, frozen_at=clock.now())
    freeze.codes = await withholding.freeze(freeze, command.loaded_from, command.loaded_until)
    await freeze.save(update_fields=["codes"])
    await outbox.enqueue(TELL, freeze_id=str(freeze.id))
    return freeze


@operation(scope=Scope.CODES_FREEZE, returns=CodeFreeze)
async def release_codes(actor: Actor, command: ReleaseCodes) -> CodeFreeze:
    """The codes of a freeze work again: members can see theirs, and the others go back on the shelf.

    Raises NotFound or AlreadyReleased.
    """
    freeze = (
        await queries.freezes_visible_to(actor)
        .select_for_update(of=("code_freeze",))
        .get_or_none(id=command.freeze_id)
    )
    if freeze is None:
        raise NotFound(what="freeze")
    if freeze.released_at is not None:
        raise AlreadyReleased(since=freeze.released_at)
    await withholding.release(freeze)
    sold_out.forget(freeze.item_id)
    freeze.released_at = clock.now()
    await freeze.save(update_fields=["released_at"])
    await outbox.enqueue(TELL, freeze_id=str(freeze.id))
    return freeze


@operation(scope=Scope.SYSTEM, returns=Redemption)
async def tell_of_freeze(actor: Actor, command: TellOfFreeze) -> Redemption:
    """Note in the redemption's story that its code was stopped, or works again."""
    redemption = await queries.locked(actor, command.redemption_id)
    freeze = await CodeFreeze.get(id=command.freeze_id)
    change = Change.CODE_FROZEN if freeze.released_at is None else Change.CODE_RELEASED
    await events.tell(redemption, change, freeze=str(freeze.id))
    return redemption
