"""How a program's levels are earned and lost, and the judging of levels whose date has come."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.messages import noted
from marketplace.kit.operations import Command, operation
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members import tier_rules, tier_steps
from marketplace.members.models import Landing, Program, TierBasis, TierLevel, TierScheme, TierStanding, TierWindow
from marketplace.members.tier_rules import NewLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTierScheme(Command):
    """How members earn and lose levels, from now or from the beginning of a later day on."""

    program_id: UUID
    levels: tuple[NewLevel, ...]
    basis: TierBasis
    window: TierWindow
    months: int
    grace_months: int = 0
    landing: Landing = Landing.ONE_LEVEL
    margin_bp: int | None = None
    max_discount_points: int | None = None
    valid_from: date | None = None


def _problems(command: SetTierScheme) -> list[Problem]:
    found = tier_rules.problems_of_scheme(command.window, command.months, command.grace_months, command.levels)
    limits = [
        ("floorMarginBp", command.margin_bp, 100_000),
        ("maxDiscountPoints", command.max_discount_points, 2**53),
    ]
    text = noted("Give 0 to {most}, or leave this out.")
    found += [Problem(at, text, {"most": most}) for at, value, most in limits if not 0 <= (value or 0) <= most]
    return found


@operation(scope=Scope.PROGRAM_MANAGE, returns=TierScheme)
async def set_tier_scheme(actor: Actor, command: SetTierScheme) -> TierScheme:
    """State how levels are earned, kept and lost, with their discounts. Levels that members have stay theirs.

    A level that the program does not have yet is added above the others. Raises NotFound and InvalidInput.
    """
    program = await Program.get_or_none(id=command.program_id)
    if program is None or (actor.kind is ActorKind.PROGRAM and actor.id != program.id):
        raise NotFound(what="program")
    problems = _problems(command)
    await database.lock("tier scheme", program.id)
    moment = clock.now()
    today = command.valid_from in (None, clock.today(program.timezone))
    since = moment if today or not command.valid_from else clock.midnight(command.valid_from, program.timezone)
    if since < moment:
        problems.append(Problem("validFrom", "The past keeps its rules: name today or a later day."))
    elif await TierScheme.exists(program_id=program.id, valid_from=since):
        problems.append(Problem("validFrom", "There is a scheme from this day already."))
    problems += await _problems_of_order(program.id, command.levels)
    if problems:
        raise InvalidInput(problems=problems)
    await _add_levels(program.id, command.levels)
    return await TierScheme.create(
        program=program,
        valid_from=since,
        basis=command.basis.value,
        span=command.window.value,
        months=command.months,
        grace_months=command.grace_months,
        landing=command.landing.value,
        terms={
            level.code: {"threshold": level.threshold, "discount_bp": level.discount_bp}
            for level in command.levels
        },
        margin_bp=command.margin_bp,
        max_discount_points=command.max_discount_points,
        stated_at=moment,
    )


async def _problems_of_order(program_id: UUID, levels: tuple[NewLevel, ...]) -> list[Problem]:
    """Levels that are there keep their order, and new ones stand above them."""
    ranks = {level.code: level.rank for level in await TierLevel.filter(program_id=program_id)}
    order = [ranks.get(level.code, len(ranks) + place) for place, level in enumerate(levels)]
    if order == sorted(order):
        return []
    return [Problem("levels", "The program's levels keep their order; new ones stand above them.")]


async def _add_levels(program_id: UUID, levels: tuple[NewLevel, ...]) -> None:
    known = {level.code: level for level in await TierLevel.filter(program_id=program_id)}
    rank = max([level.rank for level in known.values()], default=-1)
    for level in levels:
        if level.code not in known:
            rank += 1
            await TierLevel.create(
                program_id=program_id, code=level.code, name=level.name, rank=rank, discount_bp=level.discount_bp
            )
        elif known[level.code].name != level.name:
            known[level.code].name = level.name
            await known[level.code].save(update_fields=["name"])


@dataclass(frozen=True, slots=True)
class NewLimit:
    """The most redemptions, or points, of one member in a period; at least one of them."""

    period: LimitPeriod
    redemptions: int | None = None
    points: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetProgramLimits(Command):
    """How often, and for how many points, one member can redeem in a period."""

    program_id: UUID
    limits: tuple[NewLimit, ...]


@operation(scope=Scope.PROGRAM_MANAGE, returns=Program)
async def set_program_limits(actor: Actor, command: SetProgramLimits) -> Program:
    """Set a program's limits anew; what members take counts from then on. Raises NotFound, InvalidInput."""
    program = await Program.filter(id=command.program_id).select_for_update().first()
    if program is None or (actor.kind is ActorKind.PROGRAM and actor.id != program.id):
        raise NotFound(what="program")
    found = [(each.redemptions, each.points) for each in command.limits]
    checks = [
        (len({each.period for each in command.limits}) == len(found), noted("Name each period once.")),
        (all(pair != (None, None) for pair in found), noted("Limit redemptions, points or both.")),
        (all(0 < (each or 1) <= 2**53 - 1 for pair in found for each in pair), noted("Give 1 or more.")),
    ]
    if problems := [Problem("limits", text) for sound, text in checks if not sound]:
        raise InvalidInput(problems=problems)
    pairs = {
        each.period.value: {"redemptions": each.redemptions, "points": each.points} for each in command.limits
    }
    kept = {name: {k: v for k, v in most.items() if v is not None} for name, most in pairs.items()}
    program.limits = kept or None
    await program.save(update_fields=["limits"])
    return program


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeTier(Command):
    """A member's level whose date has come."""

    member_id: UUID


@operation(scope=Scope.SYSTEM, returns=TierStanding)
async def judge_tier(actor: Actor, command: JudgeTier) -> TierStanding:
    """Keep, grace or lower a level at its date. Raises NotFound when there is nothing to judge."""
    if not await tier_steps.judge(command.member_id):
        raise NotFound(what="level to judge")
    return await TierStanding.get(member_id=command.member_id)
