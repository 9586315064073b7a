"""Who acts in the demo's history: the actors behind the doors, and the ids of what they take."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.access.rules import scopes_of_roles
from marketplace.app.demo.tokens import OPERATORS, operator_id
from marketplace.kit import database
from marketplace.kit.actor import MEMBER_SCOPES, PARTNER_SCOPES, PROGRAM_SCOPES, Actor, ActorKind

Items = dict[tuple[str, str, str], UUID]


@dataclass(frozen=True, slots=True)
class Cast:
    """Programs by code, members by reference, partners by slug, the two operators, and items by their SKUs."""

    programs: dict[str, Actor]
    members: dict[str, Actor]
    partners: dict[str, Actor]
    operator: Actor
    controller: Actor
    items: Items

    def program_of(self, member: Actor) -> Actor:
        """The server of the program that the member belongs to."""
        return next(program for program in self.programs.values() if program.id == member.program_id)


async def programs() -> dict[str, Actor]:
    """An actor for each program's server."""
    rows = await database.rows("SELECT id, code FROM program")
    return {row["code"]: Actor(ActorKind.PROGRAM, row["id"], PROGRAM_SCOPES, row["id"]) for row in rows}


async def assembled() -> Cast:
    """Everybody, after the members were enrolled."""
    members = await database.rows("SELECT id, program_id, reference, languages FROM member")
    partners = await database.rows("SELECT id, slug FROM partner")
    operator, controller = [
        Actor(ActorKind.OPERATOR, await operator_id(name, roles), scopes_of_roles(roles))
        for name, roles in OPERATORS.items()
    ]
    return Cast(
        programs=await programs(),
        members={
            row["reference"]: Actor(ActorKind.MEMBER, row["id"], MEMBER_SCOPES, row["program_id"])
            for row in members
        },
        partners={row["slug"]: Actor(ActorKind.PARTNER, row["id"], PARTNER_SCOPES) for row in partners},
        operator=operator,
        controller=controller,
        items=await _items(),
    )


async def _items() -> Items:
    rows = await database.rows(
        "SELECT item.id, brand.slug, offer.sku AS offer_sku, item.sku FROM item "
        "JOIN offer ON offer.id = item.offer_id JOIN brand ON brand.id = offer.brand_id"
    )
    return {(row["slug"], row["offer_sku"], row["sku"]): row["id"] for row in rows}
