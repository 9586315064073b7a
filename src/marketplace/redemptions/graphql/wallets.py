"""What redemptions add to a wallet: what its movements are called, and what the member has saved so far."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from marketplace.catalog.rules import localised
from marketplace.kit.graphql import Info, MoneyType, actor_of, batched, extend
from marketplace.kit.messages import noted, say
from marketplace.points.graphql import Cause, Moved, WalletType, causes_of
from marketplace.redemptions import queries
from marketplace.redemptions.models import Refund
from marketplace.redemptions.queries import Saved


@causes_of("redemption", "refund")
async def told_redemptions(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    """The redemptions behind movements, and behind refunds of them, by the titles of what was taken."""
    keys = [each.cause_id for each in wanted]
    refunds = await Refund.filter(id__in=keys).only("id", "redemption_id")
    found = queries.visible_to(actor_of(info)).filter(id__in=[*keys, *(row.redemption_id for row in refunds)])
    rows = {row.id: row for row in await found.select_related("offer", "item")}
    languages = info.context.languages
    told = {
        row.id: Cause(
            ", ".join(filter(None, (localised(row.offer.title, languages), localised(row.item.label, languages)))),
            ("redemption", row.id),
        )
        for row in rows.values()
    }
    return told | {row.id: told[row.redemption_id] for row in refunds if row.redemption_id in told}


@causes_of("cash_redemption")
async def told_cash(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    """Points that were paid out."""
    rows = await queries.cash_visible_to(actor_of(info)).filter(id__in=[each.cause_id for each in wanted])
    title = say(noted("Points paid out as money"), {}, info.context.languages)
    return {row.id: Cause(title, ("cashRedemption", row.id)) for row in rows}


@strawberry.type(description="What a member has saved with points, in the program's home currency.")
class SavedSoFar:
    rewards: MoneyType = strawberry.field(description="What the rewards are worth that were taken and kept.")
    discounts: MoneyType = strawberry.field(description="What of it the tier's discounts took off the points.")
    redemptions: int = strawberry.field(description="How many rewards that is.")


async def _saved(info: Info, wanted: list[UUID]) -> dict[UUID, Saved]:
    return await queries.saved_by(wanted)


@extend(WalletType)
class WalletSavings:
    @strawberry.field(description="What you have saved so far: rewards taken with points, and tier discounts.")
    async def saved_so_far(self, info: Info, wallet: strawberry.Parent[WalletType]) -> SavedSoFar | None:
        found = await batched(info, "saved so far", _saved, wallet.member_id)
        if found is None:
            return None
        return SavedSoFar(
            rewards=MoneyType.minor(found.rewards_minor, found.currency),
            discounts=MoneyType.minor(found.discounts_minor, found.currency),
            redemptions=found.redemptions,
        )
