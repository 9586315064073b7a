"""Reads of programs and members."""

from uuid import UUID

from marketplace.members.models import Member, MemberStatus, Program


async def programs() -> list[Program]:
    """Every program, by code."""
    return await Program.all().order_by("code")


async def active_member(program_id: UUID, subject: str) -> Member | None:
    """The member that a subject of the program's identity provider stands for."""
    return await Member.get_or_none(program_id=program_id, subject=subject, status=MemberStatus.ACTIVE.value)
