"""Who sent whom, inside a transaction that somebody else opened."""

import secrets
from uuid import UUID

from marketplace.earning.models import EarningEvent, Referral, ReferralCode
from marketplace.earning.refusals import ReferralRefused
from marketplace.earning.words import PURCHASES, ReferralProblem
from marketplace.kit import clock, database
from marketplace.members.models import Member, Program

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH = 8
_ANCESTORS = """
WITH RECURSIVE senders (id) AS (
    SELECT $1::uuid UNION SELECT r.referrer_id FROM referral r JOIN senders s ON r.friend_id = s.id
) SELECT 1 FROM senders WHERE id = $2"""


async def code_of(member: Member) -> ReferralCode:
    """The member's code, made when there is none. It is drawn, so it says nothing of the member."""
    await database.lock("referral code", member.id)
    known = await ReferralCode.get_or_none(member_id=member.id)
    if known is not None:
        return known
    code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
    return await ReferralCode.create(
        member_id=member.id, program_id=member.program_id, code=code, made_at=clock.now()
    )


async def refer(program: Program, friend: Member, code: str) -> Referral:
    """Note who sent a new member. Raises ReferralRefused: unknown code, oneself, twice, a ring, or not new."""
    await database.lock("referral", program.id)
    sender = await ReferralCode.get_or_none(program_id=program.id, code=code.strip().upper())
    problem = await _problem(friend.id, sender.member_id if sender else None)
    if problem is not None:
        raise ReferralRefused(problem=problem)
    assert sender is not None
    return await Referral.create(friend_id=friend.id, referrer_id=sender.member_id, referred_at=clock.now())


async def refer_if_it_counts(program: Program, friend: Member, code: str) -> None:
    """Note who sent a new member, if it counts."""
    await database.lock("referral", program.id)
    sender = await ReferralCode.get_or_none(program_id=program.id, code=code.strip().upper())
    if sender is not None and await _problem(friend.id, sender.member_id) is None:
        await Referral.create(friend_id=friend.id, referrer_id=sender.member_id, referred_at=clock.now())


async def _problem(friend_id: UUID, sender_id: UUID | None) -> ReferralProblem | None:
    if sender_id is None:
        return ReferralProblem.UNKNOWN_CODE
    if sender_id == friend_id:
        return ReferralProblem.ONESELF
    if await Referral.exists(friend_id=friend_id):
        return ReferralProblem.REFERRED_BEFORE
    if await database.value(_ANCESTORS, sender_id, friend_id) is not None:
        return ReferralProblem.RING
    bought = [type.value for type in PURCHASES]
    if await EarningEvent.exists(member_id=friend_id, type__in=bought):
        return ReferralProblem.NOT_NEW
    return None
