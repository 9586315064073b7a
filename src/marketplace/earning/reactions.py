"""What earning does when something happens in a room below."""

from marketplace.earning.models import EarningEvent
from marketplace.earning.words import EventState
from marketplace.kit import outbox
from marketplace.members.facts import MemberEnrolled
from marketplace.members.models import Member


async def member_enrolled(enrolled: MemberEnrolled) -> None:
    """Whoever enrols gets what waits for them, from a job that follows this transaction."""
    member = await Member.get(id=enrolled.member_id)
    waiting = EarningEvent.filter(
        program_id=enrolled.program_id, state=EventState.WAITING.value, member_reference=member.reference
    )
    if await waiting.exists():
        await outbox.enqueue(
            "earning.claim_waiting", program_id=str(enrolled.program_id), reference=member.reference
        )
