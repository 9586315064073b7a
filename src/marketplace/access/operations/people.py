"""The people of a partner or a program: who they are, what they may do, and their end."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.access import queries, rules
from marketplace.access.facts import ApiKeyIssued
from marketplace.access.models import KeyOwner, StaffMember
from marketplace.access.refusals import ScopeNotGrantable
from marketplace.kit import clock, facts
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotAllowed, NotFound

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class AddStaffMember(Command):
    """A person of the actor's own, or of a partner or a program when an operator asks."""

    owner_kind: KeyOwner
    owner_id: UUID
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeStaffMember(Command):
    """Other roles, or the end of a person's access; what is None stays."""

    id: UUID
    roles: tuple[str, ...] | None = None
    active: bool | None = None


@operation(scope=Scope.KEYS_MANAGE, returns=StaffMember)
async def add_staff_member(actor: Actor, command: AddStaffMember) -> StaffMember:
    """Add a person; their token is a key issued to them (`issueApiKey`).

    Raises InvalidInput, ScopeNotGrantable for roles that may do more than whoever adds them, NotFound for an owner
    who is not there, and NotAllowed for somebody else's people.
    """
    name = command.name.strip()
    if not 0 < len(name) <= NAME_LENGTH:
        raise InvalidInput.at("name", "Give a name of 1 to {most} characters.", most=NAME_LENGTH)
    is_own = (actor.kind.value, actor.id) == (command.owner_kind.value, command.owner_id)
    if not is_own and actor.kind is not ActorKind.OPERATOR:
        raise NotAllowed("People can only be added to yourself.")
    _must_be_givable(actor, command.owner_kind, command.roles)
    await facts.state(ApiKeyIssued(command.owner_kind, command.owner_id))
    return await StaffMember.create(
        owner_kind=command.owner_kind.value,
        owner_id=command.owner_id,
        name=name,
        roles=sorted(set(command.roles)),
        added_at=clock.now(),
    )


@operation(scope=Scope.KEYS_MANAGE, returns=StaffMember)
async def change_staff_member(actor: Actor, command: ChangeStaffMember) -> StaffMember:
    """Change what a person may do, or end it all; both count from the next request with any of their keys.

    Raises NotFound for a person who is not the actor's to manage, InvalidInput and ScopeNotGrantable.
    """
    person = await queries.staff_visible_to(actor).select_for_update().get_or_none(id=command.id)
    if person is None:
        raise NotFound(what="staff member")
    if command.roles is not None:
        _must_be_givable(actor, KeyOwner(person.owner_kind), command.roles)
        person.roles = sorted(set(command.roles))
    person.active = person.active if command.active is None else command.active
    await person.save(update_fields=["roles", "active"])
    return person


def _must_be_givable(actor: Actor, owner: KeyOwner, roles: tuple[str, ...]) -> None:
    """The roles exist for people of this owner, and nobody gives away more than they have."""
    known = rules.staff_roles(owner)
    if not roles or not known.keys() >= set(roles):
        raise InvalidInput.at(
            "roles", "Give one or more of these: {roles}.", roles=", ".join(sorted(known)).upper()
        )
    excess = rules.scopes_of_staff(owner, roles) - actor.scopes
    if actor.kind is not ActorKind.OPERATOR and excess:
        raise ScopeNotGrantable(scopes=", ".join(sorted(scope.value for scope in excess)))
