"""What moved points, as an object with a title: higher rooms say it for what is theirs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import strawberry

from marketplace.kit.graphql import Info, Node, batched, load_node
from marketplace.kit.messages import noted, say
from marketplace.points.models import Award
from marketplace.points.movements import Movement


@dataclass(frozen=True, slots=True)
class Moved:
    """What a title is asked for: the cause's key, and the hold that the points went through, if any."""

    cause_id: UUID
    hold_id: UUID | None


@dataclass(frozen=True, slots=True)
class Cause:
    """A title in the reader's language, and the node that tells the rest (its id's prefix and key)."""

    title: str
    node: tuple[str, UUID] | None = None


Teller = Callable[[Info, Sequence[Moved]], Awaitable[dict[UUID, Cause]]]
_tellers: dict[str, Teller] = {}
TITLES = {
    "points.held": noted("Points set aside"),
    "points.released": noted("Points that came back"),
    "points.returned": noted("Points that came back"),
    "points.given": noted("Points given"),
    "points.earned": noted("Points earned"),
    "points.expired": noted("Points that expired"),
}
"""What a movement is called when nobody knows its cause better."""


def causes_of(*ref_types: str) -> Callable[[Teller], Teller]:
    """Register who tells the causes of these types: by cause key, those that the caller may see."""

    def register(teller: Teller) -> Teller:
        _tellers.update(dict.fromkeys(ref_types, teller))
        return teller

    return register


@strawberry.type(name="MovementCause", description="What moved points.")
class CauseType:
    kind: str = strawberry.field(
        description="What it is, as a stable code: `redemption`, `cash_redemption`, `award`, `gift`, `pledge`, "
        "`lot_expiry`, …"
    )
    title: str = strawberry.field(description="Its name in your language.")
    at: strawberry.Private[tuple[str, UUID] | None] = None

    @strawberry.field(description="The thing itself, such as the redemption; null when it is no node.")
    async def node(self, info: Info) -> Node | None:
        return await load_node(info, *self.at) if self.at else None


async def cause_of(info: Info, movement: Movement) -> CauseType:
    """The cause of one movement; those of a page are told together."""
    kind = movement.cause_type
    teller = _tellers.get(kind)
    told: Cause | None = None
    if teller is not None:

        async def fetch(info: Info, wanted: list[Moved]) -> dict[Moved, Cause]:
            found = await teller(info, wanted)
            return {each: found[each.cause_id] for each in wanted if each.cause_id in found}

        told = await batched(info, f"causes of {kind}", fetch, Moved(movement.cause_id, movement.hold_id))
    if told is None:
        told = Cause(say(TITLES.get(movement.reason, movement.reason), {}, info.context.languages))
    return CauseType(kind=kind, title=told.title, at=told.node)


@causes_of("award")
async def awards(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    rows = await Award.filter(id__in=[each.cause_id for each in wanted]).only("id", "reason")
    return {row.id: Cause(row.reason) for row in rows}
