"""A line of credit in the books, inside a transaction that somebody else opened.

The limit is granted as funding: CREDIT_LINE -> the program's slices. So whoever redeems draws on one fund, no
slice goes below zero, and money that is paid in repays the line by itself: what is drawn is the limit less what is
left of the fund. Lowering takes the difference out of what is left, and cannot take what is in use.
"""

from uuid import UUID

from marketplace.billing import queries
from marketplace.billing.models import CreditLine
from marketplace.billing.refusals import CreditLineInUse
from marketplace.kit import clock
from marketplace.kit.money import Money
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, draw, post
from marketplace.members.models import Program
from marketplace.members.steps import fund

REF_TYPE = "credit_line_change"


async def set_limit(program: Program, limit_minor: int, payment_days: int, *, ref_id: UUID) -> CreditLine:
    """From now on the program may spend so much beyond what it has paid in. Its row is locked.

    Raises CreditLineInUse when more than that is in use.
    """
    line = await CreditLine.get_or_none(program_id=program.id)
    before = line.limit_minor if line else 0
    granted = accounts.program(program.id, Purpose.CREDIT_LINE, program.home_currency)
    if limit_minor > before:
        await fund(
            program, limit_minor - before, granted, ref_type=REF_TYPE, ref_id=ref_id, reason="credit.raised"
        )
    elif limit_minor < before:
        slices = accounts.funding_slices(program.id, program.home_currency)
        drawn = await draw(slices, before - limit_minor)
        if drawn is None:
            raise await in_use(program)
        await post("credit.lowered", REF_TYPE, ref_id, [Entry(slice, granted, part) for slice, part in drawn])
    if line is None:
        return await CreditLine.create(
            program_id=program.id,
            currency=program.home_currency,
            limit_minor=limit_minor,
            payment_days=payment_days,
            changed_at=clock.now(),
        )
    line.limit_minor, line.payment_days, line.changed_at = limit_minor, payment_days, clock.now()
    await line.save(update_fields=["limit_minor", "payment_days", "changed_at"])
    return line


async def in_use(program: Program) -> CreditLineInUse:
    """The refusal to lower a line below what is in use, with how it stands."""
    found = await queries.funding_of(program.id, program.home_currency)
    used = found.standing.drawn_minor + found.standing.held_minor
    return CreditLineInUse(limit=Money(found.limit_minor, found.currency), in_use=Money(used, found.currency))
