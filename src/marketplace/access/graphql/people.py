"""The people of partners and programs."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.access import operations, queries
from marketplace.access.graphql.owners import owner_of
from marketplace.access.models import KeyOwner, StaffMember
from marketplace.access.refusals import ScopeNotGrantable
from marketplace.kit import ids, paging
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    describe_enum,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import InvalidInput, NotFound

PREFIX = "staffMember"


class StaffRole(StrEnum):
    """What a person of a partner or a program is there for."""

    OWNER = "owner"
    CATALOGUE = "catalogue"
    FULFILMENT = "fulfilment"
    MEMBERS = "members"
    FINANCE = "finance"


describe_enum(
    StaffRole,
    "What a person of a partner or a program is there for.",
    OWNER="Everything that the partner or program may do, people and keys among it.",
    CATALOGUE="Of a partner: upload and publish offers and codes.",
    FULFILMENT="Of a partner: say what became of redeemed rewards.",
    MEMBERS="Of a program: enrol members, award points, give back.",
    FINANCE="Of a partner: statements and the account for payouts. Of a program: its funding.",
)


@strawberry.type(name="StaffMember", description="A person who works for a partner or a program.")
class StaffMemberType(Node):
    name: str = strawberry.field(description="Who it is, in the words of whoever added them.")
    roles: list[StaffRole] = strawberry.field(description="What they may do.")
    active: bool = strawberry.field(description="Whether their keys work.")
    added_at: datetime = strawberry.field(description="When they were added.")

    @classmethod
    def of(cls, row: StaffMember) -> "StaffMemberType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            name=row.name,
            roles=[role for role in StaffRole if role.value in row.roles],
            active=row.active,
            added_at=row.added_at,
        )


@strawberry.input(description="A person to add.")
class AddStaffMemberInput(WriteInput):
    name: str = strawberry.field(description="Who it is, 1 to 120 characters.")
    roles: list[StaffRole] = strawberry.field(description="What they are to do.")
    owner: strawberry.ID | None = strawberry.field(
        default=None, description="The partner or program they work for; yourself when left out."
    )

    def command(self, actor: Actor) -> operations.AddStaffMember:
        """The command, for the owner that is named or the actor itself."""
        kind, owner_id = owner_of(self.owner, actor)
        if kind is KeyOwner.OPERATOR:
            raise InvalidInput.at("owner", "Give the id of a partner or a program.")
        return operations.AddStaffMember(
            idempotency_key=self.idempotency_key,
            owner_kind=kind,
            owner_id=owner_id,
            name=self.name,
            roles=tuple(role.value for role in self.roles),
        )


@strawberry.input(description="What changes about a person; what is left out stays.")
class ChangeStaffMemberInput(WriteInput):
    id: strawberry.ID = strawberry.field(description="The person.")
    roles: list[StaffRole] | None = strawberry.field(default=None, description="What they are to do from now on.")
    active: bool | None = strawberry.field(
        default=None, description="False ends all of their keys at once; true lets them work again."
    )

    def command(self) -> operations.ChangeStaffMember:
        """The command; raises NotFound for what is no person's id."""
        try:
            key = ids.parse(PREFIX, self.id)
        except ids.BadId:
            raise NotFound(what="staff member") from None
        return operations.ChangeStaffMember(
            idempotency_key=self.idempotency_key,
            id=key,
            roles=None if self.roles is None else tuple(role.value for role in self.roles),
            active=self.active,
        )


@strawberry.type
class Query:
    @strawberry.field(description="The people of a partner or a program: your own, or of an `owner` you manage.")
    async def staff(
        self,
        info: Info,
        owner: Annotated[strawberry.ID | None, strawberry.argument(description="A partner or a program.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[StaffMemberType]:
        actor = actor_with(info, Scope.KEYS_MANAGE)
        kind, owner_id = owner_of(owner, actor)
        query = queries.staff_visible_to(actor).filter(owner_kind=kind.value, owner_id=owner_id)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[StaffMemberType].of(page, StaffMemberType.of, query.count)


@strawberry.type
class Mutation:
    @mutation(
        gives=StaffMemberType,
        refuses=[ScopeNotGrantable, NotFound],
        description="Add a person to a partner or a program. Issue them a key of their own then.",
    )
    async def add_staff_member(self, info: Info, input: AddStaffMemberInput) -> StaffMemberType:
        actor = actor_of(info)
        return StaffMemberType.of(await operations.add_staff_member(actor, input.command(actor)))

    @mutation(
        gives=StaffMemberType,
        refuses=[ScopeNotGrantable, NotFound],
        description="Change what a person may do, or end it. It counts from the next request.",
    )
    async def change_staff_member(self, info: Info, input: ChangeStaffMemberInput) -> StaffMemberType:
        return StaffMemberType.of(await operations.change_staff_member(actor_of(info), input.command()))


@node_loader(PREFIX)
async def load_staff(info: Info, wanted: list[UUID]) -> Mapping[UUID, StaffMemberType]:
    """The people among these ids whom the actor may see."""
    actor = info.context.actor
    if actor is None or not actor.may(Scope.KEYS_MANAGE):
        return {}
    return {row.id: StaffMemberType.of(row) for row in await queries.staff_visible_to(actor).filter(id__in=wanted)}
