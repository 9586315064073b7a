"""What movements of wallets are called that come of earning: by the event they were given for."""

from collections.abc import Sequence
from uuid import UUID

from marketplace.earning import queries
from marketplace.earning.models import Taken
from marketplace.earning.words import EventType
from marketplace.kit.graphql import Info, actor_of
from marketplace.kit.messages import noted, say, word
from marketplace.points.graphql import Cause, Moved, causes_of


@causes_of("grant", "clawback")
async def told_grants(info: Info, wanted: Sequence[Moved]) -> dict[UUID, Cause]:
    """The grants behind movements, and behind what was taken back of them."""
    keys = [each.cause_id for each in wanted]
    taken = await Taken.filter(id__in=keys).only("id", "grant_id")
    found = queries.grants_for(actor_of(info)).filter(id__in=[*keys, *(row.grant_id for row in taken)])
    rows = {row.id: row for row in await found.select_related("event")}
    languages = info.context.languages
    names = {row.id: row.event.custom_name or word(EventType(row.event.type), languages) for row in rows.values()}
    told = {
        id: Cause(say(noted("Earned: {event}"), {"event": name}, languages), ("grant", id))
        for id, name in names.items()
    }
    back = {
        row.id: Cause(
            say(noted("Taken back: {event}"), {"event": names[row.grant_id]}, languages), ("grant", row.grant_id)
        )
        for row in taken
        if row.grant_id in names
    }
    return told | back
