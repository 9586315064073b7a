"""Reads of programs and members, scoped to whoever asks."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

import orjson
from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.together import Together
from marketplace.members.models import (
    Member,
    PersonalData,
    PointValue,
    Program,
    RedemptionPolicy,
    TierLevel,
)


def members_for(actor: Actor) -> QuerySet[Member]:
    """The members an actor may see: itself, a program's own, all for support and finance."""
    if actor.kind is ActorKind.MEMBER:
        return Member.filter(id=actor.id)
    if actor.kind is ActorKind.PROGRAM:
        return Member.filter(program_id=actor.id)
    if actor.may(Scope.SUPPORT) or actor.may(Scope.FINANCE_READ):
        return Member.all()
    return Member.filter(id__in=[])


def programs_for(actor: Actor) -> QuerySet[Program]:
    """The programs an actor may see: its own, all for operators."""
    if actor.kind is ActorKind.OPERATOR:
        return Program.all()
    own = actor.id if actor.kind is ActorKind.PROGRAM else actor.program_id
    return Program.filter(id__in=[own] if own else [])


async def personal_data(actor: Actor, member_ids: Sequence[UUID]) -> dict[UUID, PersonalData]:
    """Names and addresses of members, for the member and its program only."""
    visible = Member.filter(id__in=list(member_ids))
    if actor.kind is ActorKind.MEMBER:
        visible = visible.filter(id=actor.id)
    elif actor.kind is ActorKind.PROGRAM:
        visible = visible.filter(program_id=actor.id)
    else:
        return {}
    ids = [row.id for row in await visible.only("id")]
    return {row.member_id: row for row in await PersonalData.filter(member_id__in=ids)}


async def point_value(program_id: UUID, day: date | None = None) -> Decimal:
    """Major units of the home currency for one point on a day, the program's today; raises NoPointValue."""
    found = await point_value_row(program_id, day)
    return found.value


async def point_value_row(program_id: UUID, day: date | None = None) -> PointValue:
    """The dated row that says what a point is worth on a day, the program's today; raises NoPointValue."""
    if day is None:
        day = clock.today((await Program.get(id=program_id).only("id", "timezone")).timezone)
    valid = PointValue.filter(program_id=program_id, valid_from__lte=day)
    found = await valid.order_by("-valid_from").first()
    if found is None:
        raise NoPointValue(program_id)
    return found


class NoPointValue(Exception):
    """The program has not said what its points are worth."""


async def tiers_of(program_ids: Sequence[UUID]) -> dict[UUID, list[TierLevel]]:
    """The levels of programs, lowest first."""
    found: dict[UUID, list[TierLevel]] = {id: [] for id in program_ids}
    for level in await TierLevel.filter(program_id__in=list(program_ids)).order_by("rank"):
        found[level.program_id].append(level)
    return found


_POLICIES = """
SELECT DISTINCT ON (program_id) id FROM redemption_policy
WHERE program_id = ANY ($1) AND country = '' AND valid_from <= $2 ORDER BY program_id, valid_from DESC"""


async def policies_now(program_ids: Sequence[UUID]) -> dict[UUID, RedemptionPolicy]:
    """The policy in force in the markets that have none of their own, by program."""
    ids = [row["id"] for row in await database.rows(_POLICIES, list(program_ids), clock.now())]
    return {row.program_id: row for row in await RedemptionPolicy.filter(id__in=ids)}


async def programs() -> list[Program]:
    """Every program, by code."""
    return await Program.all().order_by("code")


async def program_exists(program_id: UUID) -> bool:
    """Whether there is such a program."""
    return await Program.exists(id=program_id)


class Someone(NamedTuple):
    """A member who is enrolled, and the languages they read."""

    id: UUID
    languages: tuple[str, ...]


_ACTIVE = """
SELECT m.program_id, m.subject, m.id, m.languages
FROM unnest($1::uuid[], $2::text[]) AS who (program_id, subject)
JOIN member m ON m.program_id = who.program_id AND m.subject = who.subject AND m.status = 'ACTIVE'"""


async def _active(asked: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Someone]:
    found = await database.records(_ACTIVE, [program for program, _ in asked], [subject for _, subject in asked])
    return {(row[0], row[1]): Someone(row[2], tuple(orjson.loads(row[3]))) for row in found}


_actives = Together(_active)


async def active_member(program_id: UUID, subject: str) -> Someone | None:
    """The member that a subject of the program's identity provider stands for."""
    return await _actives.ask((program_id, subject))
