"""Reads of gifts, scoped to whoever asks."""

from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from marketplace.gifts.models import Gift, GiftState
from marketplace.kit import clock
from marketplace.kit.actor import Actor, ActorKind, Scope


def gifts_for(actor: Actor) -> QuerySet[Gift]:
    """A member's given and received gifts, a program's, all for support."""
    if actor.kind is ActorKind.MEMBER:
        return Gift.filter(Q(sender_id=actor.id) | Q(recipient_id=actor.id))
    if actor.kind is ActorKind.PROGRAM:
        return Gift.filter(program_id=actor.id)
    return Gift.all() if actor.may(Scope.SUPPORT) else Gift.filter(id__in=[])


async def overdue(limit: int) -> list[UUID]:
    """Unclaimed gifts whose time is over, the oldest first."""
    late = Gift.filter(state=GiftState.OFFERED.value, expires_at__lte=clock.now())
    return [row.id for row in await late.order_by("expires_at").limit(limit).only("id")]
