"""Earning, getting and losing levels, inside a transaction that somebody else opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.kit import clock, database, facts
from marketplace.members import tier_rules
from marketplace.members.facts import TierChanged
from marketplace.members.models import (
    Landing,
    Member,
    TierBasis,
    TierChange,
    TierChangeReason,
    TierCredit,
    TierLevel,
    TierStanding,
    TierWindow,
)
from marketplace.members.point_names import PointName
from marketplace.members.tier_rules import Level, Scheme

_SCHEME = """
SELECT program.timezone, program.home_currency, program.point_name, program.point_forms::text AS point_forms,
    scheme.basis, scheme.span, scheme.months, scheme.grace_months,
    scheme.landing, scheme.terms, (SELECT json_object_agg(code, json_build_array(rank, id)) FROM tier_level
        WHERE program_id = program.id)::text AS ranks
FROM program CROSS JOIN LATERAL (
    SELECT * FROM tier_scheme s WHERE s.program_id = program.id AND s.valid_from <= $2
    ORDER BY s.valid_from DESC LIMIT 1
) scheme WHERE program.id = $1"""
_COLUMNS = {TierBasis.POINTS: "points", TierBasis.SPEND: "spend_minor", TierBasis.COUNT: "events"}
_QUALIFIED = """
SELECT coalesce(sum({column}), 0)::bigint FROM tier_credit WHERE member_id = $1 AND at >= $2 AND at < $3"""


@dataclass(frozen=True, slots=True)
class Program:
    """A program's scheme with the keys of its levels, in which currency spending counts, and its points' name."""

    scheme: Scheme
    ids: dict[str, UUID]
    currency: str
    points: PointName

    def level(self, tier_id: UUID | None) -> Level | None:
        """The level of a key, if the scheme has it."""
        return next((level for level in self.scheme.levels if self.ids[level.code] == tier_id), None)


async def scheme_of(program_id: UUID, moment: datetime | None = None) -> Program | None:
    """The scheme in force; None when the program only gives levels."""
    row = await database.row(_SCHEME, program_id, moment or clock.now())
    if row is None:
        return None
    known: dict[str, tuple[int, str]] = orjson.loads(row["ranks"] or "{}")
    levels = tier_rules.levels_of(orjson.loads(row["terms"]), {code: rank for code, (rank, _) in known.items()})
    return Program(
        _scheme(row, levels),
        {code: UUID(id) for code, (_, id) in known.items()},
        row["home_currency"],
        PointName(row["point_name"], orjson.loads(row["point_forms"])),
    )


def _scheme(row: dict[str, Any], levels: tuple[Level, ...]) -> Scheme:
    return Scheme(
        timezone=row["timezone"],
        basis=TierBasis(row["basis"]),
        window=TierWindow(row["span"]),
        months=row["months"],
        grace_months=row["grace_months"],
        landing=Landing(row["landing"]),
        levels=levels,
    )


async def qualified(scheme: Scheme, member_id: UUID, moment: datetime, *, ended: bool = False) -> int:
    """What counts for a member at a moment: the best of the stretches that the scheme looks at."""
    sql = _QUALIFIED.format(column=_COLUMNS[scheme.basis])
    stretches = tier_rules.windows(scheme, moment, ended=ended)
    return max([int(await database.value(sql, member_id, start, end)) for start, end in stretches])


@dataclass(frozen=True, slots=True)
class Credit:
    """What counts towards levels for one cause, at the moment it happened."""

    ref_type: str
    ref_id: UUID
    at: datetime
    points: int = 0
    spend_minor: int = 0
    events: int = 0


async def qualify(member_id: UUID, program_id: UUID, credit: Credit) -> None:
    """Count something towards the member's level, and raise it at once if that reaches one. It never lowers it.

    Counted once for each cause: the database refuses a second time.
    """
    await database.add(
        TierCredit(
            member_id=member_id,
            ref_type=credit.ref_type,
            ref_id=credit.ref_id,
            points=credit.points,
            spend_minor=credit.spend_minor,
            events=credit.events,
            at=credit.at,
            recorded_at=clock.now(),
        )
    )
    program = await scheme_of(program_id)
    if program is None or not getattr(credit, _COLUMNS[program.scheme.basis]):
        return
    member = await _locked(member_id)
    total = await qualified(program.scheme, member_id, clock.now())
    reached, held = tier_rules.earned(program.scheme.levels, total), await _rank_of(member)
    if reached is not None and (held is None or reached.rank > held):
        until = tier_rules.kept_until(program.scheme, clock.now())
        until = None if reached.threshold == 0 else until
        await _move(member, program.ids[reached.code], TierChangeReason.EARNED, until, total)


async def _locked(member_id: UUID) -> Member:
    await database.execute("SELECT id FROM member WHERE id = $1 FOR NO KEY UPDATE", member_id)
    return await Member.get(id=member_id)


async def _rank_of(member: Member) -> int | None:
    if member.tier_id is None:
        return None
    return (await TierLevel.get(id=member.tier_id)).rank


_STAND = """
INSERT INTO tier_standing (member_id, until, in_grace) VALUES ($1, $2, $3)
ON CONFLICT (member_id) DO UPDATE SET until = excluded.until, in_grace = excluded.in_grace"""


async def _move(
    member: Member, tier_id: UUID | None, reason: TierChangeReason, until: datetime | None, total: int | None
) -> None:
    change = TierChange(
        member_id=member.id,
        from_tier_id=member.tier_id,
        to_tier_id=tier_id,
        reason=reason.value,
        qualified=total,
        until=until,
        at=clock.now(),
    )
    await database.add(change)
    await database.execute(_STAND, member.id, until, reason is TierChangeReason.GRACE)
    if tier_id != member.tier_id:
        await database.execute("UPDATE member SET tier_id = $2 WHERE id = $1", member.id, tier_id)
        await facts.state(TierChanged(change.id, member.id, member.tier_id, tier_id, reason.value))
        member.tier_id = tier_id


async def give(member: Member, level: TierLevel | None) -> None:
    """The program says which level a member has: kept to the end of the next period if it can be earned."""
    program = await scheme_of(member.program_id)
    known = program.level(level.id) if program and level else None
    until = None
    if program and known and known.threshold:
        until = tier_rules.kept_until(program.scheme, clock.now(), given=True)
    await _move(member, level.id if level else None, TierChangeReason.GIVEN, until, None)


async def judge(member_id: UUID) -> bool:
    """Judge a level whose date has come; False when there is nothing to judge (any more)."""
    member = await _locked(member_id)
    standing, moment = await TierStanding.get(member_id=member_id), clock.now()
    if standing.until is None or standing.until > moment:
        return False
    program = await scheme_of(member.program_id)
    held = program.level(member.tier_id) if program else None
    if program is None or held is None or held.threshold is None:
        await database.execute(_STAND, member_id, None, False)
        return True
    total = await qualified(program.scheme, member_id, moment, ended=True)
    verdict = tier_rules.judged(program.scheme, held, total, moment, in_grace=standing.in_grace)
    if verdict.reason is None:
        await database.execute(_STAND, member_id, verdict.until, False)
    else:
        goal = program.ids[verdict.level.code] if verdict.level else None
        await _move(member, goal, verdict.reason, verdict.until, total)
    return True
