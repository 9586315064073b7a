"""Being told what a wallet holds."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.kit import ids
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.graphql import Info, actor_of
from marketplace.kit.refusals import BadUserInput, NotAllowed
from marketplace.members.models import Program
from marketplace.members.queries import members_for
from marketplace.points import waiting
from marketplace.points.graphql.wallet import WalletType


@strawberry.type
class WalletSubscription:
    @strawberry.subscription(
        description="A wallet as it changes, first as it is now: your own, or that of a member of your program."
        " Null, and the end, when there is no such one for you."
    )
    async def wallet_changed(
        self,
        info: Info,
        member_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Whose, when it is not your own.")
        ] = None,
    ) -> AsyncGenerator[WalletType | None, None]:
        actor = actor_of(info)
        wanted = _member_id(actor, member_id)
        member = await members_for(actor).get_or_none(id=wanted) if wanted else None
        if member is None:
            yield None
            return
        unit = (await Program.get(id=member.program_id)).unit
        async for found in waiting.changes(member.id):
            yield WalletType.of(member.id, unit, found)


def _member_id(actor: Actor, given: str | None) -> UUID | None:
    """Whose wallet is asked for; raises NotAllowed for a token that may read none, BadUserInput for nobody's."""
    if not any(actor.may(scope) for scope in (Scope.WALLET_READ, Scope.PROGRAM_READ, Scope.SUPPORT)):
        raise NotAllowed("This needs a token that may read wallets.")
    if given is None and actor.kind is not ActorKind.MEMBER:
        raise BadUserInput("Say whose wallet: give memberId.")
    parts = ids.split(given) if given is not None else ("member", actor.id)
    return parts[1] if parts and parts[0] == "member" else None
