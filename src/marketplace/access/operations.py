"""Doors of access: issuing and revoking API keys."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.access import queries, rules, steps
from marketplace.access.facts import ApiKeyIssued
from marketplace.access.models import ApiKey, KeyOwner
from marketplace.access.refusals import ScopeNotGrantable
from marketplace.kit import clock, facts
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound

NAME_LENGTH = 120
_SHOWN_ONCE = "_text_shown_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueApiKey(Command):
    """A key for the actor itself, or for somebody else when an operator asks; no scopes means all grantable."""

    owner_kind: KeyOwner
    owner_id: UUID
    name: str
    scopes: tuple[Scope, ...] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey(Command):
    """End a key at once."""

    id: UUID


@operation(scope=Scope.KEYS_MANAGE, returns=ApiKey)
async def issue_api_key(actor: Actor, command: IssueApiKey) -> ApiKey:
    """Issue a key that may do a part of what its owner may do.

    Afterwards only the hash of the secret is kept; `text_of` gives the text of a key that this
    very call has made, and None for a replay. Raises ScopeNotGrantable, InvalidInput, NotFound
    for an owner who is not there, and NotAllowed for somebody else's keys.
    """
    name = command.name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise InvalidInput.at("name", "Give a name of 1 to {most} characters.", most=NAME_LENGTH)
    if command.expires_at is not None and command.expires_at <= clock.now():
        raise InvalidInput.at("expiresAt", "Give a moment in the future, or none.")
    allowed = await _grantable(actor, command.owner_kind, command.owner_id)
    asked = allowed if command.scopes is None else frozenset(command.scopes)
    if asked - allowed:
        raise ScopeNotGrantable(scopes=", ".join(sorted(scope.value for scope in asked - allowed)))
    issued = await steps.create_key(
        command.owner_kind, command.owner_id, name=name, scopes=asked, expires_at=command.expires_at
    )
    await facts.state(ApiKeyIssued(command.owner_kind, command.owner_id))
    setattr(issued.row, _SHOWN_ONCE, issued.text)
    return issued.row


async def _grantable(actor: Actor, owner: KeyOwner, owner_id: UUID) -> frozenset[Scope]:
    """What a key of this owner may hold at most when this actor issues it."""
    if actor.kind is ActorKind.OPERATOR:
        roles = await queries.roles_of(owner_id) if owner is KeyOwner.OPERATOR else []
        if roles is None:
            raise NotFound(what="operator")
        return rules.grantable(owner, roles)
    if (actor.kind.value, actor.id) != (owner.value, owner_id):
        raise NotAllowed("A key can only be issued to yourself.")
    return rules.grantable(owner) & actor.scopes


def text_of(key: ApiKey) -> rules.KeyText | None:
    """The text of a key that was issued a moment ago, in this very call; a replay has none."""
    return getattr(key, _SHOWN_ONCE, None)


@operation(scope=Scope.KEYS_MANAGE, returns=ApiKey)
async def revoke_api_key(actor: Actor, command: RevokeApiKey) -> ApiKey:
    """End a key; the next request with it is refused. Revoking it again changes nothing.

    Raises NotFound for a key that is not there or not the actor's to manage.
    """
    key = await queries.keys_visible_to(actor).select_for_update().get_or_none(id=command.id)
    if key is None:
        raise NotFound(what="API key")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        await key.save(update_fields=["revoked_at"])
    return key
