"""Issuing, replacing and revoking API keys."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.access import queries, rules, steps
from marketplace.access.facts import ApiKeyIssued
from marketplace.access.models import ApiKey, KeyOwner, StaffMember
from marketplace.access.refusals import ApiKeyEnded, ScopeNotGrantable
from marketplace.kit import clock, facts
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound

NAME_LENGTH = 120
MOST_OVERLAP_HOURS = 24 * 30
_SHOWN_ONCE = "_text_shown_once"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueApiKey(Command):
    """A key for the actor itself, or for somebody else when an operator asks; no scopes means all grantable.

    With a staff member it is that person's token, and the owner is whom they work for.
    """

    owner_kind: KeyOwner
    owner_id: UUID
    staff_id: UUID | None = None
    name: str
    scopes: tuple[Scope, ...] | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotateApiKey(Command):
    """Another key in the place of one, which works on for some hours."""

    id: UUID
    overlap_hours: int = 24


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
    allowed = await _allowed(actor, command)
    asked = allowed if command.scopes is None else frozenset(command.scopes)
    if asked - allowed:
        raise ScopeNotGrantable(scopes=", ".join(sorted(scope.value for scope in asked - allowed)))
    issued = await steps.create_key(
        command.owner_kind,
        command.owner_id,
        name=name,
        scopes=asked,
        expires_at=command.expires_at,
        staff_id=command.staff_id,
    )
    await facts.state(ApiKeyIssued(command.owner_kind, command.owner_id))
    return _to_be_shown(issued)


async def _allowed(actor: Actor, command: IssueApiKey) -> frozenset[Scope]:
    """What the key may hold at most: of its owner, and of the person it is for when it is a person's."""
    most = await _grantable(actor, command.owner_kind, command.owner_id)
    if command.staff_id is None:
        return most
    person = await StaffMember.get_or_none(
        id=command.staff_id, owner_kind=command.owner_kind.value, owner_id=command.owner_id, active=True
    )
    if person is None:
        raise NotFound(what="staff member")
    return most & rules.scopes_of_staff(command.owner_kind, person.roles)


def _to_be_shown(issued: steps.IssuedKey) -> ApiKey:
    setattr(issued.row, _SHOWN_ONCE, issued.text)
    return issued.row


@operation(scope=Scope.KEYS_MANAGE, returns=ApiKey)
async def rotate_api_key(actor: Actor, command: RotateApiKey) -> ApiKey:
    """Issue a key that may do what another one may, and let that one end when the overlap is over.

    Afterwards both work until then. A key is replaced once. Raises NotFound for a key that is not the actor's to
    manage, ApiKeyEnded for one that works no more or was replaced, ScopeNotGrantable when the actor's own key
    may do less, and InvalidInput.
    """
    if not 0 <= command.overlap_hours <= MOST_OVERLAP_HOURS:
        raise InvalidInput.at("overlapHours", "Give 0 to {most} hours.", most=MOST_OVERLAP_HOURS)
    old = await queries.keys_visible_to(actor).select_for_update().get_or_none(id=command.id)
    if old is None:
        raise NotFound(what="API key")
    is_live = rules.is_live(expires_at=old.expires_at, revoked_at=old.revoked_at, at=clock.now())
    if not is_live or await ApiKey.exists(replaces_id=old.id):
        raise ApiKeyEnded(key_id=old.key_id)
    scopes = rules.known_scopes(old.scopes)
    if actor.kind is not ActorKind.OPERATOR and scopes - actor.scopes:
        raise ScopeNotGrantable(scopes=", ".join(sorted(scope.value for scope in scopes - actor.scopes)))
    issued = await steps.create_key(
        KeyOwner(old.owner_kind),
        old.owner_id,
        name=old.name,
        scopes=scopes,
        expires_at=_as_long_again(old),
        staff_id=old.staff_id,
        replaces_id=old.id,
    )
    overlap = timedelta(hours=command.overlap_hours)
    old.expires_at = rules.overlap_end(expires_at=old.expires_at, now=clock.now(), overlap=overlap)
    await old.save(update_fields=["expires_at"])
    return _to_be_shown(issued)


def _as_long_again(old: ApiKey) -> datetime | None:
    """A key with an end gets a successor that lives as long as it was to live."""
    return None if old.expires_at is None else clock.now() + (old.expires_at - old.created_at)


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
