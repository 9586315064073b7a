"""Which journals finance asks for, in the words that people use: a program's code, a partner's slug."""

from dataclasses import dataclass
from datetime import date

from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.models import Purpose
from marketplace.ledger.selection import Party, Selection
from marketplace.members.models import Program
from marketplace.partners.models import Partner


@dataclass(frozen=True, slots=True)
class Wish:
    """Journals of a period, and of whom; what is left out is not asked for."""

    first: date | None = None
    until: date | None = None
    program: str | None = None
    partner: str | None = None
    purpose: str | None = None


async def selection(wish: Wish) -> Selection:
    """The journals that are wished for; raises BadUserInput for what there is not."""
    if wish.first and wish.until and wish.first > wish.until:
        raise BadUserInput("The period ends before it begins.")
    if wish.purpose is not None and wish.purpose not in Purpose.__members__:
        raise BadUserInput(f"There is no such purpose. There are: {', '.join(Purpose)}.")
    parties: list[Party] = []
    if wish.program is not None:
        program = await program_of(wish.program)
        parties.append(Party(program.id, program.unit))
    if wish.partner is not None:
        parties.append(Party((await _partner(wish.partner)).id))
    purpose = Purpose(wish.purpose) if wish.purpose else None
    return Selection(wish.first, wish.until, tuple(parties), purpose)


async def program_of(code: str) -> Program:
    """The program with a code; raises BadUserInput."""
    program = await Program.get_or_none(code=code)
    if program is None:
        raise BadUserInput("There is no program with this code.")
    return program


async def _partner(slug: str) -> Partner:
    partner = await Partner.get_or_none(slug=slug)
    if partner is None:
        raise BadUserInput("There is no partner with this slug.")
    return partner
