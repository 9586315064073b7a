"""Being told what becomes of redemptions."""

from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from marketplace.kit import clock, ids
from marketplace.kit.actor import ActorKind
from marketplace.kit.graphql import Info
from marketplace.kit.refusals import BadUserInput
from marketplace.redemptions import waiting
from marketplace.redemptions.graphql.types import RedemptionType, reader

REMEMBERED = timedelta(days=7)


@strawberry.type
class RedemptionSubscription:
    @strawberry.subscription(
        description="Redemptions as they change: with an id that one, first as it stands now, and null if there is"
        " no such one for you; without an id each of your own, your brands' or your members'."
    )
    async def redemption_updated(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Only this one.")] = None,
        since: Annotated[
            datetime | None,
            strawberry.argument(
                description="Without an id: begin with what changed since then, at most 7 days ago. "
                "After a break, give the time of the last answer you had."
            ),
        ] = None,
    ) -> AsyncGenerator[RedemptionType | None, None]:
        actor = reader(info)
        if id is not None:
            parts = ids.split(id)
            if parts is None or parts[0] != "redemption":
                yield None
                return
            async for row in waiting.one(actor, parts[1]):
                yield RedemptionType.of(row) if row else None
            return
        if actor.kind is ActorKind.OPERATOR:
            raise BadUserInput("An operator follows one redemption: give its id.")
        if since is not None and since < clock.now() - REMEMBERED:
            raise BadUserInput(f"Changes can be asked for since {REMEMBERED.days} days ago at most.")
        async for row in waiting.every(actor, since):
            yield RedemptionType.of(row)
