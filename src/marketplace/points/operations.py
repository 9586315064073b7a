"""What a program does with points."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.messages import noted
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members.models import Member, MemberStatus, Program
from marketplace.points import rules
from marketplace.points.awarding import Wanted, award
from marketplace.points.models import Award, ExpiryKind, ExpiryPeriod, ExpiryPolicy, LotExpiry, ReturnRule
from marketplace.points.refusals import AwardReferenceReused
from marketplace.points.steps import break_lot

MOST_POINTS = 1_000_000_000
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardPoints(Command):
    """Points for something a member did. `reference` is the program's own name of the event."""

    member_id: UUID
    reference: str
    points: int
    reason: str
    effective_at: datetime | None = None
    expires_at: datetime | None = None


def _problems(command: AwardPoints, moment: datetime) -> list[Problem]:
    earned = command.effective_at or moment
    checks = [
        (0 < command.points <= MOST_POINTS, "points", noted("Give 1 to {most} points.")),
        (0 < len(command.reference) <= LONGEST_TEXT, "reference", noted("Give 1 to {most} characters.")),
        (0 < len(command.reason) <= LONGEST_TEXT, "reason", noted("Give 1 to {most} characters.")),
        (earned <= moment, "effectiveAt", noted("Points cannot be earned in the future.")),
        (
            command.expires_at is None or command.expires_at > earned,
            "expiresAt",
            noted("Expiry comes after earning."),
        ),
    ]
    limits = {"points": MOST_POINTS, "reference": LONGEST_TEXT, "reason": LONGEST_TEXT}
    return [Problem(path, text, {"most": limits.get(path)}) for sound, path, text in checks if not sound]


@operation(scope=Scope.POINTS_AWARD, returns=Award)
async def award_points(actor: Actor, command: AwardPoints) -> Award:
    """Put a new lot into a member's wallet, once for each of the program's references.

    The same reference with the same facts answers the award there is, under any idempotency key. Without an
    expiry of its own the lot lives as long as the program says. Raises AwardReferenceReused, NotFound,
    InvalidInput.
    """
    moment = clock.now()
    if problems := _problems(command, moment):
        raise InvalidInput(problems=problems)
    member = await Member.get_or_none(id=command.member_id, program_id=actor.id, status=MemberStatus.ACTIVE.value)
    if member is None:
        raise NotFound(what="member")
    await database.lock("award", actor.id, command.reference)
    known = await Award.get_or_none(program_id=actor.id, reference=command.reference)
    if known is not None:
        return _same(known, command)
    wanted = Wanted(
        member.id,
        command.reference,
        command.points,
        command.reason,
        command.effective_at or moment,
        command.expires_at,
    )
    return await award(await Program.get(id=actor.id), wanted)


def _same(known: Award, command: AwardPoints) -> Award:
    facts = (known.member_id, known.points, known.reason)
    dates_agree = command.effective_at in (None, known.effective_at) and command.expires_at in (
        None,
        known.expires_at,
    )
    if facts != (command.member_id, command.points, command.reason) or not dates_agree:
        raise AwardReferenceReused(reference=command.reference)
    return known


@dataclass(frozen=True, slots=True, kw_only=True)
class SetExpiryPolicy(Command):
    """When a program's points expire, from now or from the beginning of a later day on."""

    program_id: UUID
    kind: ExpiryKind
    returned: ReturnRule
    months: int | None = None
    period: ExpiryPeriod | None = None
    periods_after: int = 0
    grace_days: int = 0
    notice_days: tuple[int, ...] = rules.NOTICE_DAYS
    valid_from: date | None = None


@operation(scope=Scope.PROGRAM_MANAGE, returns=ExpiryPolicy)
async def set_expiry_policy(actor: Actor, command: SetExpiryPolicy) -> ExpiryPolicy:
    """State how points expire that are earned from a moment on. Points that were earned before keep their life.

    Raises NotFound for another's program, and InvalidInput.
    """
    program = await Program.get_or_none(id=command.program_id)
    if program is None or (actor.kind is ActorKind.PROGRAM and actor.id != program.id):
        raise NotFound(what="program")
    policy = rules.Policy(
        timezone=program.timezone,
        kind=command.kind,
        months=command.months,
        period=command.period,
        periods_after=command.periods_after,
        returned=command.returned,
        grace_days=command.grace_days,
        notice_days=tuple(sorted(command.notice_days, reverse=True)),
    )
    problems = rules.problems_of_policy(policy)
    await database.lock("expiry policy", program.id)
    moment = clock.now()
    since = moment if command.valid_from is None else clock.midnight(command.valid_from, program.timezone)
    if command.valid_from == clock.today(program.timezone):
        since = moment
    if since < moment:
        problems.append(Problem("validFrom", "The past keeps its rules: name today or a later day."))
    elif await ExpiryPolicy.exists(program_id=program.id, valid_from=since):
        problems.append(Problem("validFrom", "There is a policy from this day already."))
    if problems:
        raise InvalidInput(problems=problems)
    return await ExpiryPolicy.create(
        program=program,
        valid_from=since,
        kind=policy.kind.value,
        months=policy.months,
        period=policy.period and policy.period.value,
        periods_after=policy.periods_after,
        returned=policy.returned.value,
        grace_days=policy.grace_days,
        notice_days=list(policy.notice_days),
        stated_at=moment,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireLot(Command):
    """A lot whose date has passed."""

    lot_id: UUID


@operation(scope=Scope.SYSTEM, returns=LotExpiry)
async def expire_lot(actor: Actor, command: ExpireLot) -> LotExpiry:
    """Turn what is left of an expired lot into breakage. Raises NotFound when nothing is left."""
    expired = await break_lot(command.lot_id)
    if expired is None:
        raise NotFound(what="expired lot")
    return expired
