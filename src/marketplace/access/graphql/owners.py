"""Whose a key or a person is."""

from uuid import UUID

from marketplace.access.models import KeyOwner
from marketplace.kit import ids
from marketplace.kit.actor import Actor
from marketplace.kit.refusals import InvalidInput


def owner_of(given: str | None, actor: Actor) -> tuple[KeyOwner, UUID]:
    """Who is named, or the actor itself; raises InvalidInput when that cannot be anybody."""
    kinds = {kind.value: kind for kind in KeyOwner}
    prefix, owner_id = (ids.split(given) or ("", actor.id)) if given else (actor.kind.value, actor.id)
    if prefix.upper() not in kinds:
        raise InvalidInput.at("owner", "Give the id of a partner, a program or an operator.")
    return kinds[prefix.upper()], owner_id
