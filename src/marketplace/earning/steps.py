"""Writing events down and giving them to their members, inside a transaction that somebody else opened."""

from datetime import timedelta
from uuid import UUID

from marketplace.earning import queries, referring
from marketplace.earning.judging import judge_event
from marketplace.earning.models import BudgetAddition, EarningBudget, EarningEvent
from marketplace.earning.refusals import EarningReferenceReused
from marketplace.earning.told import Told
from marketplace.earning.words import EventState, EventType
from marketplace.kit import clock, database
from marketplace.kit.money import Money
from marketplace.kit.refusals import NotFound
from marketplace.members.models import Member, MemberStatus, Program

_BUDGET = "SELECT id, points - used AS left FROM earning_budget WHERE program_id = $1 AND code = $2 FOR UPDATE"


async def lock_event(program_id: UUID, reference: str) -> None:
    """Whatever concerns the event of this reference happens one after the other."""
    await database.lock("earning event", program_id, reference)


async def record(program: Program, told: Told) -> EarningEvent:
    """Write an event down and let the rules look at it; without its member it waits for them to enrol.

    The same reference with the same facts answers the event there is. Raises EarningReferenceReused for other
    facts, NotFound for a member that is none, ReferralRefused.
    """
    await lock_event(program.id, told.reference)
    print_of_facts = told.fingerprint()
    known = await EarningEvent.get_or_none(program_id=program.id, reference=told.reference)
    if known is not None:
        if known.fingerprint != print_of_facts:
            raise EarningReferenceReused(reference=told.reference)
        return known
    member = await _member_of(program, told)
    event = EarningEvent(
        program_id=program.id,
        reference=told.reference,
        fingerprint=print_of_facts,
        type=told.type.value,
        custom_name=told.custom_name,
        member_reference=member.reference if member else told.member_reference,
        effective_at=told.effective_at or clock.now(),
        recorded_at=clock.now(),
        amount_minor=told.amount.minor if told.amount else None,
        currency=told.amount.currency if told.amount else None,
        channel=told.channel,
        location=told.location,
        attributes=dict(told.attributes),
        items=[item.written() for item in told.items],
        consent_purpose=told.consent.purpose if told.consent else None,
        consent_version=told.consent.version if told.consent else None,
        consent_at=told.consent.given_at if told.consent else None,
        referral_code=told.referral_code,
        state=EventState.WAITING.value,
    )
    if member is None:
        return await database.add(event)
    if told.referral_code is not None:
        await referring.refer(program, member, told.referral_code)
    await judge_event(program, event, member, new=True)
    return event


async def _member_of(program: Program, told: Told) -> Member | None:
    members = Member.filter(program_id=program.id, status=MemberStatus.ACTIVE.value)
    if told.member_id is not None:
        member = await members.get_or_none(id=told.member_id)
        if member is None:
            raise NotFound(what="member")
        return member
    found = await members.get_or_none(reference=told.member_reference)
    if found is None:
        # Enrolling holds this lock too: either we see the member, or they see our event.
        await database.lock("member", program.id, told.member_reference)
        found = await members.get_or_none(reference=told.member_reference)
    return found


async def claim(event: EarningEvent) -> None:
    """Give a waiting event to its member, or expire it when it has waited too long.

    Whoever calls holds the event's lock. A referral that does not count is left out, and says nothing. Raises
    NotFound while the member has not enrolled.
    """
    program = await Program.get(id=event.program_id)
    policy = await queries.policy_of(program.id)
    if event.effective_at < clock.now() - timedelta(days=policy.waiting_days):
        event.state = EventState.EXPIRED.value
        await event.save(update_fields=["state"])
        return
    found = Member.filter(program_id=program.id, status=MemberStatus.ACTIVE.value)
    member = await found.get_or_none(reference=event.member_reference)
    if member is None:
        raise NotFound(what="member")
    if event.type == EventType.REFERRAL and event.referral_code is not None:
        await referring.refer_if_it_counts(program, member, event.referral_code)
    await judge_event(program, event, member)


async def add_to_budget(
    program_id: UUID, code: str, points: int, reference: str, *, sponsor: str = "", paid: Money | None = None
) -> EarningBudget:
    """Add points to a budget, which is made with the first; once for each reference.

    The same reference with the same facts adds nothing more. Raises EarningReferenceReused for other facts.
    """
    await database.lock("earning budget", program_id, code)
    budget = await EarningBudget.get_or_none(program_id=program_id, code=code)
    if budget is None:
        budget = await EarningBudget.create(
            program_id=program_id, code=code, sponsor=sponsor, created_at=clock.now()
        )
    known = await BudgetAddition.get_or_none(budget_id=budget.id, reference=reference)
    worth = (paid.minor, paid.currency) if paid else (None, None)
    if known is not None:
        if (known.points, known.paid_minor, known.paid_currency) != (points, *worth):
            raise EarningReferenceReused(reference=reference)
        return budget
    await _add(budget, reference, points, worth)
    await budget.refresh_from_db()
    return budget


async def take_from_budget(program_id: UUID, code: str, points: int, reference: str) -> int | None:
    """Take points that nobody was given out of a budget again; where it holds fewer, how many it holds."""
    await database.lock("earning budget", program_id, code)
    row = await database.row(_BUDGET, program_id, code)
    assert row is not None
    if row["left"] < points:
        return row["left"]
    await _add(await EarningBudget.get(id=row["id"]), reference, -points, (None, None))
    return None


async def take_what_is_left(program_id: UUID, code: str, most: int, reference: str) -> int:
    """Take at most so many points that nobody was given out of a budget again; returns how many."""
    await database.lock("earning budget", program_id, code)
    row = await database.row(_BUDGET, program_id, code)
    assert row is not None
    points = min(most, row["left"])
    if points > 0:
        await _add(await EarningBudget.get(id=row["id"]), reference, -points, (None, None))
    return max(points, 0)


async def _add(
    budget: EarningBudget, reference: str, points: int, paid: tuple[int, str] | tuple[None, None]
) -> None:
    await BudgetAddition.create(
        budget_id=budget.id,
        reference=reference,
        points=points,
        paid_minor=paid[0],
        paid_currency=paid[1],
        added_at=clock.now(),
    )
    await database.execute("UPDATE earning_budget SET points = points + $2 WHERE id = $1", budget.id, points)
