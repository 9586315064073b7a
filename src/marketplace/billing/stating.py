"""Issuing a program's statement, inside a transaction that somebody else opened: frozen, numbered, with a hash."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from marketplace.billing import invoicing, position
from marketplace.billing.models import (
    CreditLine,
    InvoiceKind,
    ProgramStatement,
    ProgramStatementLine,
)
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.members.models import Program

ONE_DAY = timedelta(days=1)
GRACE = timedelta(minutes=15)
"""So long after a period nothing is booked any more that began in it: no transaction lives longer."""
PAYMENT_DAYS = 14
"""Within how many days a program without a line of credit pays what it owes."""
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def begins(day: date, timezone: str) -> datetime:
    """The moment at which a day begins there."""
    return datetime.combine(day, time(), ZoneInfo(timezone))


def last_day_over(timezone: str) -> date:
    """The last day that can be stated there now."""
    return (clock.now() - GRACE).astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)


def month_end_before(day: date) -> date:
    """The last day of the newest month that is over on a day."""
    return day.replace(day=1) - timedelta(days=1)


def span(statement: ProgramStatement) -> tuple[datetime, datetime]:
    """From when until when what was booked stands on a statement; the first takes all that came before."""
    ends = begins(statement.period_until + timedelta(days=1), statement.timezone)
    return (BEGINNING if statement.sequence == 1 else begins(statement.period_from, statement.timezone)), ends


async def issue(program: Program, until: date) -> ProgramStatement | None:
    """The program's next statement, up to and with a day that is over; None when one for that day stands.

    What it owed then and is not billed yet becomes an invoice. The program's row is locked.
    """
    last = await ProgramStatement.filter(program_id=program.id).order_by("-sequence").first()
    if last is not None and last.period_until >= until:
        return None
    statement = await _drafted(program, last, until)
    moved = await position.movements(program, *span(statement))
    stood = await position.stood(program, span(statement)[1])
    statement.closing_minor = statement.opening_minor + sum(each.minor for each in moved)
    statement.held_minor, statement.limit_minor = stood.held_minor, stood.limit_minor
    lines = [
        ProgramStatementLine(
            id=new_id(),
            statement_id=statement.id,
            position=number,
            kind=each.kind.value,
            detail=each.detail[:60],
            journals=each.journals,
            amount_minor=each.minor,
        )
        for number, each in enumerate(moved, start=1)
    ]
    statement.digest = digest(statement, lines)
    await statement.save(force_create=True)
    for line in lines:
        await line.save(force_create=True)
    await _bill(program, statement)
    return statement


async def _drafted(program: Program, last: ProgramStatement | None, until: date) -> ProgramStatement:
    if last is not None:
        first_day = last.period_until + timedelta(days=1)
    else:
        began = await position.first_booked(program) or program.created_at
        first_day = min(until, began.astimezone(ZoneInfo(program.timezone)).date())
    sequence = last.sequence + 1 if last else 1
    return ProgramStatement(
        id=new_id(),
        number=f"PS-{program.code}-{until.year}-{sequence:04}",
        sequence=sequence,
        program_id=program.id,
        currency=program.home_currency,
        timezone=last.timezone if last else program.timezone,
        period_from=first_day,
        period_until=until,
        opening_minor=last.closing_minor if last else 0,
        issued_at=clock.now(),
    )


async def _bill(program: Program, statement: ProgramStatement) -> None:
    owed = -statement.closing_minor - await invoicing.billed_already(program)
    if owed > 0:
        line = await CreditLine.get_or_none(program_id=program.id)
        days = line.payment_days if line and line.limit_minor else PAYMENT_DAYS
        await invoicing.bill(program, InvoiceKind.CREDIT, owed, days, statement_id=statement.id)


def canonical(statement: ProgramStatement, lines: Sequence[ProgramStatementLine]) -> str:
    """All that a statement says, as JSON with sorted keys and no spaces: what its digest is made of."""
    figures = ("opening_minor", "closing_minor", "held_minor", "limit_minor")
    said = {
        "number": statement.number,
        "program": statement.program_id.hex,
        "currency": statement.currency,
        "timezone": statement.timezone,
        "period": [statement.period_from.isoformat(), statement.period_until.isoformat()],
        **{name: getattr(statement, name) for name in figures},
        "lines": [[line.position, line.kind, line.detail, line.journals, line.amount_minor] for line in lines],
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(statement: ProgramStatement, lines: Sequence[ProgramStatementLine]) -> str:
    """SHA-256 over the canonical content, in hex."""
    return hashlib.sha256(canonical(statement, lines).encode()).hexdigest()
