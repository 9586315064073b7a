"""Looking before points leave, and keeping what a person decides, inside a transaction of somebody else."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.kit import clock, database, vault
from marketplace.kit.actor import Actor
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.risk.models import Leaving, ReviewState, RiskKind, RiskReview, RiskSighting
from marketplace.risk.queries import rules_in_force
from marketplace.risk.refusals import ReviewClosed
from marketplace.risk.rules import NOTE_LENGTH, SHARED, Reason, Rule, reasons

_MEMBER = "SELECT enrolled_at FROM member WHERE id = $1"
_TIMES = "SELECT count(*) FROM risk_sighting WHERE member_id = $1 AND seen_at > $2 AND leaving = $3"
_GIFTS = """
SELECT coalesce(sum(points), 0)::bigint FROM lot WHERE member_id = $1 AND origin_type = 'gift' AND id > $2"""
_BANK = """
SELECT count(DISTINCT other.owner_id) FROM connected_account mine
JOIN connected_account other ON other.bank_print = mine.bank_print AND other.owner_kind = 'MEMBER'
WHERE mine.owner_kind = 'MEMBER' AND mine.owner_id = $1"""
_SHARED = """
SELECT count(DISTINCT member_id) FROM (
    SELECT member_id FROM risk_sighting WHERE {column} = $1 AND seen_at > $2 UNION ALL SELECT $3::uuid
) AS seen"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Points that a member is about to take out, and by what."""

    program_id: UUID
    member_id: UUID
    leaving: Leaving
    points: int
    ref_id: UUID
    device: str | None = None
    address: str | None = None


async def look(attempt: Attempt) -> bool:
    """Compare with the program's rules and remember it; True when a person has to look: then a review is open."""
    rules = await rules_in_force(attempt.program_id, attempt.leaving)
    if not rules:
        return False
    device = vault.fingerprint("device", attempt.device) if attempt.device else None
    address = vault.fingerprint("address", attempt.address) if attempt.address else None
    found = {rule.kind: await _figure(attempt, rule, device, address) for rule in rules}
    await RiskSighting.create(
        member_id=attempt.member_id,
        program_id=attempt.program_id,
        leaving=attempt.leaving.value,
        points=attempt.points,
        device=device,
        address=address,
        seen_at=clock.now(),
    )
    odd = reasons(rules, found)
    if odd:
        await _open(attempt, odd)
    return bool(odd)


async def _figure(attempt: Attempt, rule: Rule, device: str | None, address: str | None) -> int:
    """What a rule's kind counts, this attempt included."""
    since = clock.now() - timedelta(hours=rule.hours)
    member = attempt.member_id
    if rule.kind in SHARED:
        return await _others(attempt, rule, device, address)
    match rule.kind:
        case RiskKind.AMOUNT_OVER:
            return attempt.points
        case RiskKind.TOO_MANY:
            return 1 + await database.value(_TIMES, member, since, attempt.leaving.value)
        case RiskKind.NEW_ACCOUNT:
            young = await database.value(_MEMBER, member) > since
            return attempt.points if young else 0
        case _:
            first = UUID(int=int(since.timestamp() * 1000) << 80)
            return await database.value(_GIFTS, member, first)


async def _others(attempt: Attempt, rule: Rule, device: str | None, address: str | None) -> int:
    """How many members share the bank account, the device or the address."""
    if rule.kind is RiskKind.SHARED_BANK_ACCOUNT:
        return await database.value(_BANK, attempt.member_id)
    column, value = ("device", device) if rule.kind is RiskKind.SHARED_DEVICE else ("address", address)
    if value is None:
        return 0
    since = clock.now() - timedelta(hours=rule.hours)
    return await database.value(_SHARED.format(column=column), value, since, attempt.member_id)


async def _open(attempt: Attempt, odd: tuple[Reason, ...]) -> None:
    listed = [{"kind": one.kind.value, "found": one.found, "threshold": one.threshold} for one in odd]
    await RiskReview.create(
        program_id=attempt.program_id,
        member_id=attempt.member_id,
        leaving=attempt.leaving.value,
        ref_id=attempt.ref_id,
        points=attempt.points,
        reasons={"met": listed},
        state=ReviewState.OPEN.value,
        opened_at=clock.now(),
    )


async def decide(actor: Actor, review_id: UUID, *, release: bool, note: str) -> RiskReview:
    """Close an open review by a person's word. Raises NotFound, ReviewClosed or InvalidInput."""
    text = note.strip()
    if not 0 < len(text) <= NOTE_LENGTH:
        raise InvalidInput.at("note", "Write 1 to {most} characters.", most=NOTE_LENGTH)
    review = await RiskReview.select_for_update().get_or_none(id=review_id)
    if review is None:
        raise NotFound(what="review")
    if review.state != ReviewState.OPEN:
        raise ReviewClosed(current=review.state)
    review.state = (ReviewState.RELEASED if release else ReviewState.REFUSED).value
    review.decided_at, review.decided_by, review.note = clock.now(), actor.id, text
    await review.save(update_fields=["state", "decided_at", "decided_by", "note"])
    return review


async def withdraw(ref_id: UUID) -> None:
    """The member took it back before anybody decided."""
    await RiskReview.filter(ref_id=ref_id, state=ReviewState.OPEN.value).update(
        state=ReviewState.WITHDRAWN.value, decided_at=clock.now()
    )
