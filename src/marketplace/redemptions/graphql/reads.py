"""Following redemptions."""

from typing import Annotated

import strawberry

from marketplace.catalog.models import OfferKind
from marketplace.kit import ids, paging
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    load_node,
)
from marketplace.redemptions import queries
from marketplace.redemptions.graphql.types import RedemptionType, reader
from marketplace.redemptions.models import RedemptionState


@strawberry.type
class RedemptionQuery:
    @strawberry.field(description="One redemption; null when there is no such one for you.")
    async def redemption(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")],
    ) -> RedemptionType | None:
        reader(info)
        parts = ids.split(id)
        return await load_node(info, *parts) if parts and parts[0] == "redemption" else None

    @strawberry.field(
        description="Redemptions, newest first: your own, your brands', your members', or all for operators."
    )
    async def redemptions(
        self,
        info: Info,
        state: Annotated[
            RedemptionState | None, strawberry.argument(description="Only those that stand so.")
        ] = None,
        kind: Annotated[OfferKind | None, strawberry.argument(description="Only of this kind.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[RedemptionType]:
        query = queries.only(queries.visible_to(reader(info)), state, kind)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[RedemptionType].of(page, RedemptionType.of, query.count)
