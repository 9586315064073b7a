"""Giving points to somebody, claiming, recalling and declining them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.gifts import rules
from marketplace.gifts.models import Gift, GiftState
from marketplace.gifts.refusals import GiftNotFound, GiftNotOpen, GiftToOneself
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members.models import Member, MemberStatus, Program
from marketplace.members.rules import LONGEST_REFERENCE
from marketplace.points.models import Hold
from marketplace.points.steps import hand_over, hold, release


@dataclass(frozen=True, slots=True, kw_only=True)
class GivePoints(Command):
    """Points for another member of the program, or for whoever has the claim link."""

    points: int
    recipient_reference: str | None = None
    message: str = ""


@operation(scope=Scope.GIVE, returns=Gift)
async def give_points(actor: Actor, command: GivePoints) -> Gift:
    """Offer points to somebody. They are held until the gift is claimed, recalled, declined or out of time.

    Their lots keep their dates: what expires before it is claimed is lost. Raises NotFound, GiftToOneself,
    InsufficientPoints or InvalidInput.
    """
    problems: list[Problem] = []
    if command.points <= 0:
        problems.append(Problem("points", "Give at least one point."))
    if len(command.message) > rules.LONGEST_MESSAGE:
        problems.append(Problem("message", "Use up to {most} characters.", {"most": rules.LONGEST_MESSAGE}))
    if problems:
        raise InvalidInput(problems=problems)
    sender = await Member.get(id=actor.id).prefetch_related("program")
    program: Program = sender.program
    recipient = await _recipient(program, command.recipient_reference)
    if recipient is not None and recipient.id == sender.id:
        raise GiftToOneself
    gift_id, moment = new_id(), clock.now()
    held = await hold(sender.id, program.unit, command.points, reason="gift", ref_type="gift", ref_id=gift_id)
    gift = Gift(
        id=gift_id,
        program=program,
        sender=sender,
        recipient=recipient,
        points=command.points,
        message=command.message,
        hold=held,
        state=GiftState.OFFERED.value,
        offered_at=moment,
        expires_at=moment + timedelta(days=program.gift_days),
    )
    gift.claim_hash = rules.token_hash(rules.claim_token(gift))
    await gift.save(force_create=True)
    return gift


async def _recipient(program: Program, reference: str | None) -> Member | None:
    if reference is None:
        return None
    known = Member.filter(program_id=program.id, status=MemberStatus.ACTIVE.value)
    member = await known.get_or_none(reference=reference) if len(reference) <= LONGEST_REFERENCE else None
    if member is None:
        raise NotFound(what="member")
    return member


def _must_be_open(gift: Gift) -> None:
    if gift.state != GiftState.OFFERED:
        raise GiftNotOpen(current=gift.state)
    if gift.expires_at <= clock.now():
        raise GiftNotOpen(current=GiftState.EXPIRED.value)


async def _close(gift: Gift, state: GiftState) -> Gift:
    gift.state, gift.closed_at = state.value, clock.now()
    await gift.save(update_fields=["state", "closed_at", "recipient_id"])
    return gift


async def _return(gift: Gift, state: GiftState) -> Gift:
    program = await Program.get(id=gift.program_id)
    await release(await Hold.get(id=gift.hold_id), program.unit)
    return await _close(gift, state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimGift(Command):
    """The token of a claim link, or the id of a gift that names the claimer."""

    token: str | None = None
    gift_id: UUID | None = None


@operation(scope=Scope.GIVE, returns=Gift)
async def claim_gift(actor: Actor, command: ClaimGift) -> Gift:
    """Take a gift: its points come lot by lot with the dates they had.

    Raises GiftNotFound (one answer for every wrong token, foreign program or other recipient), GiftToOneself
    or GiftNotOpen.
    """
    gifts = Gift.filter(program_id=actor.program_id).select_for_update()
    if command.token is not None:
        gift = await gifts.filter(claim_hash=rules.token_hash(command.token)).first()
    else:
        gift = await gifts.filter(id=command.gift_id, recipient_id=actor.id).first()
    if gift is None or gift.recipient_id not in (None, actor.id):
        raise GiftNotFound
    if gift.sender_id == actor.id:
        raise GiftToOneself
    _must_be_open(gift)
    program = await Program.get(id=gift.program_id)
    held = await Hold.get(id=gift.hold_id)
    await hand_over(held, program.unit, actor.id, origin_type="gift", origin_id=gift.id)
    gift.recipient_id = actor.id
    return await _close(gift, GiftState.CLAIMED)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallGift(Command):
    """The giver wants an unclaimed gift back."""

    gift_id: UUID


@operation(scope=Scope.GIVE, returns=Gift)
async def recall_gift(actor: Actor, command: RecallGift) -> Gift:
    """Take an unclaimed gift back, points into the very lots they came from. Raises NotFound, GiftNotOpen."""
    gift = await Gift.filter(id=command.gift_id, sender_id=actor.id).select_for_update().first()
    if gift is None:
        raise NotFound(what="gift")
    if gift.state != GiftState.OFFERED:
        raise GiftNotOpen(current=gift.state)
    return await _return(gift, GiftState.RECALLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineGift(Command):
    """The named recipient does not want the gift."""

    gift_id: UUID


@operation(scope=Scope.GIVE, returns=Gift)
async def decline_gift(actor: Actor, command: DeclineGift) -> Gift:
    """Send a gift back to its giver's lots. Raises NotFound, GiftNotOpen."""
    gift = await Gift.filter(id=command.gift_id, recipient_id=actor.id).select_for_update().first()
    if gift is None:
        raise NotFound(what="gift")
    _must_be_open(gift)
    return await _return(gift, GiftState.DECLINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireGift(Command):
    """A gift whose time is over."""

    gift_id: UUID


@operation(scope=Scope.SYSTEM, returns=Gift)
async def expire_gift(actor: Actor, command: ExpireGift) -> Gift:
    """Return an unclaimed gift whose time is over to its giver's lots. Raises GiftNotOpen when it is closed."""
    gift = await Gift.filter(id=command.gift_id).select_for_update().first()
    if gift is None or gift.state != GiftState.OFFERED or gift.expires_at > clock.now():
        raise GiftNotOpen(current=gift.state if gift else "unknown")
    return await _return(gift, GiftState.EXPIRED)
