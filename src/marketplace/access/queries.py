"""Reads: which actor a key speaks for, and an owner's keys."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from tortoise.queryset import QuerySet

from marketplace.access import rules
from marketplace.access.models import ApiKey, KeyOwner, Operator, StaffMember
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.refusals import Unauthenticated

NOTE_USE_EVERY = timedelta(minutes=1)
_NOBODYS_HASH = rules.hash_secret("")

_FIND = """
SELECT k.id, k.owner_kind, k.owner_id, k.secret_hash, k.scopes, k.expires_at, k.revoked_at, k.last_used_at,
       k.staff_id, coalesce(s.roles, o.roles) AS roles, coalesce(s.active, o.active) AS active
FROM api_key k LEFT JOIN operator o ON k.owner_kind = 'OPERATOR' AND o.id = k.owner_id
LEFT JOIN staff_member s ON s.id = k.staff_id
WHERE k.key_id = $1"""
_NOTE_USE = "UPDATE api_key SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)"


async def actor_of_key(text: str) -> Actor:
    """The principal a key speaks for; raises Unauthenticated for one that does not work (any more).

    The key's scopes are cut to what its owner may hold today, so a role taken away takes effect
    at once, as does a revocation: nothing is cached.
    """
    key = rules.parse_key(text)
    found = await database.row(_FIND, key.key_id) if key else None
    matches = rules.secret_matches(key.secret if key else "x", found["secret_hash"] if found else _NOBODYS_HASH)
    if found is None or not matches:
        raise Unauthenticated("This API key is not known.")
    if not rules.is_live(expires_at=found["expires_at"], revoked_at=found["revoked_at"], at=clock.now()) or (
        found["active"] is False
    ):
        raise Unauthenticated("This API key has expired or was revoked.")
    await _note_use(found)
    return _actor(found)


def _actor(found: Mapping[str, Any]) -> Actor:
    owner = KeyOwner(found["owner_kind"])
    roles, person = _names(found["roles"]), found["staff_id"]
    most = rules.grantable(owner, roles) if person is None else rules.scopes_of_staff(owner, roles)
    held = rules.known_scopes(_names(found["scopes"])) & most
    program_id = found["owner_id"] if owner is KeyOwner.PROGRAM else None
    return Actor(
        ActorKind(owner.value), found["owner_id"], held, program_id, until=found["expires_at"], person=person
    )


def _names(stored: str | None) -> list[str]:
    """A list of names as JSON comes out of a raw query."""
    return orjson.loads(stored) if stored else []


async def _note_use(found: Mapping[str, Any]) -> None:
    now = clock.now()
    last = found["last_used_at"]
    if last is None or now - last >= NOTE_USE_EVERY:
        await database.execute(_NOTE_USE, found["id"], now)


def keys_visible_to(actor: Actor) -> QuerySet[ApiKey]:
    """The keys an actor may see: their own principal's, or every one for an operator who manages keys."""
    if actor.kind is ActorKind.OPERATOR and actor.may(Scope.KEYS_MANAGE):
        return ApiKey.all()
    return ApiKey.filter(owner_kind=actor.kind.value, owner_id=actor.id)


def staff_visible_to(actor: Actor) -> QuerySet[StaffMember]:
    """The people an actor may see: of their own principal, or everybody's for an operator who manages keys."""
    if actor.kind is ActorKind.OPERATOR and actor.may(Scope.KEYS_MANAGE):
        return StaffMember.all()
    return StaffMember.filter(owner_kind=actor.kind.value, owner_id=actor.id)


async def roles_of(operator_id: UUID) -> list[str] | None:
    """The roles of an active operator, or None when there is no such person."""
    operator = await Operator.get_or_none(id=operator_id, active=True)
    return operator.roles if operator else None
