"""Reads of levels: how far members are, and which scheme is in force. Callers pass members that they may see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.messages import counted, noted, say
from marketplace.kit.money import Money
from marketplace.members import tier_rules, tier_steps
from marketplace.members.models import Member, TierBasis, TierLevel, TierScheme, TierStanding
from marketplace.members.point_names import PointName

_NEWEST = """
SELECT DISTINCT ON (program_id) id FROM tier_scheme WHERE program_id = ANY ($1) AND valid_from <= $2
ORDER BY program_id, valid_from DESC"""
_WAYS = {
    TierBasis.POINTS: noted("{to_go} to go to {name}."),
    TierBasis.SPEND: noted("Spend {to_go} more to reach {name}."),
    TierBasis.COUNT: counted("{to_go} more time to reach {name}.", "{to_go} more times to reach {name}."),
}
_TOP = noted("You have the highest level.")


async def schemes(program_ids: Sequence[UUID]) -> dict[UUID, TierScheme]:
    """The schemes in force of programs that have one."""
    keys = [row["id"] for row in await database.rows(_NEWEST, list(program_ids), clock.now())]
    return {row.program_id: row for row in await TierScheme.filter(id__in=keys)}


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is on the way to the next level."""

    member_id: UUID
    basis: TierBasis
    qualified: int
    since: datetime
    until: datetime
    following: TierLevel | None
    to_go: int | None
    keep_until: datetime | None
    to_keep: int | None
    in_grace: bool
    currency: str
    points: PointName

    def text(self, languages: Iterable[str]) -> str:
        """What is missing, in a sentence of the reader's language."""
        if self.following is None:
            return say(_TOP, {}, languages)
        to_go: object = self.to_go
        if self.basis is TierBasis.SPEND:
            to_go = Money(self.to_go or 0, self.currency)
        elif self.basis is TierBasis.POINTS:
            to_go = self.points.of(self.to_go or 0)
        return say(_WAYS[self.basis], {"to_go": to_go, "name": self.following.name}, languages)


async def progress_of(member_ids: Sequence[UUID]) -> dict[UUID, Progress]:
    """How far members are; those of programs without a scheme are left out."""
    found: dict[UUID, Progress] = {}
    programs: dict[UUID, tier_steps.Program | None] = {}
    standings = {row.member_id: row for row in await TierStanding.filter(member_id__in=list(member_ids))}
    for member in await Member.filter(id__in=list(member_ids)):
        if member.program_id not in programs:
            programs[member.program_id] = await tier_steps.scheme_of(member.program_id)
        program = programs[member.program_id]
        if program is not None:
            found[member.id] = await _progress(member, program, standings.get(member.id))
    return found


async def _progress(member: Member, program: tier_steps.Program, standing: TierStanding | None) -> Progress:
    scheme, moment = program.scheme, clock.now()
    total = await tier_steps.qualified(scheme, member.id, moment)
    since, until = tier_rules.windows(scheme, moment, ended=False)[0]
    held = program.level(member.tier_id)
    above = tier_rules.following(scheme.levels, held.rank if held else None)
    keep_until = standing.until if standing else None
    needed = held.threshold if held and keep_until else None
    return Progress(
        member_id=member.id,
        basis=scheme.basis,
        qualified=total,
        since=since,
        until=until,
        following=await TierLevel.get(id=program.ids[above.code]) if above else None,
        to_go=max(0, (above.threshold or 0) - total) if above else None,
        keep_until=keep_until,
        to_keep=None if needed is None else max(0, needed - total),
        in_grace=bool(standing and standing.in_grace),
        currency=program.currency,
        points=program.points,
    )
