"""What members spent counts towards their levels: once for each purchase, less what went back, in home money.

Inside a transaction that somebody else opened, under the lock of the event. A purchase counts on its own day, and
so does what goes back of it: a level that is judged by that stretch never counts what was not kept. Without an
exchange rate it waits for one, and says so.
"""

from collections.abc import Iterable
from uuid import UUID

from marketplace.earning.models import EarningEvent, Reversal, UncountedSpend
from marketplace.earning.words import PURCHASES, EventType
from marketplace.kit import clock, database, money
from marketplace.kit.messages import say
from marketplace.kit.money import Money
from marketplace.ledger.queries import NoRate, Rate, fx_rate
from marketplace.members.models import Program
from marketplace.members.steps import Credit, qualify

BOUGHT = "earning_event"
RETURNED = "earning_reversal"
_COUNTED = """
SELECT coalesce(sum(c.spend_minor) FILTER (WHERE c.ref_type = 'earning_event'), 0)::bigint AS spent,
    coalesce(sum(c.spend_minor), 0)::bigint AS counted FROM tier_credit c
WHERE (c.ref_type = 'earning_event' AND c.ref_id = $1) OR (c.ref_type = 'earning_reversal' AND c.ref_id IN (
    SELECT id FROM earning_reversal WHERE event_id = $1))"""


def said(event: EarningEvent, home: str, languages: Iterable[str]) -> str:
    """Why a purchase does not count towards levels yet."""
    facts = {
        "amount": Money((event.amount_minor or 0) - event.returned_minor, event.currency or home),
        "home": home,
    }
    return say(
        "{amount} does not count towards levels yet: no exchange rate to {home} is known. It counts once one is.",
        facts,
        languages,
    )


async def count(program: Program, event: EarningEvent) -> None:
    """Count what was paid, less what went back before, at the rate of the event's day.

    Where none was known on that day it is the first that is known after it; until then the purchase waits.
    """
    paid = event.amount_minor or 0
    if EventType(event.type) not in PURCHASES or event.member_id is None or event.currency is None or not paid:
        return
    try:
        rate = await rate_of(event, program.home_currency)
    except NoRate:
        await database.add(UncountedSpend(event_id=event.id, since=clock.now()))
        return
    await _count(program, event, event.member_id, rate)


async def rate_of(event: EarningEvent, home: str) -> Rate:
    """The rate by which a purchase counts; raises NoRate while there is none."""
    currency = event.currency or home
    try:
        return await fx_rate(currency, home, event.effective_at)
    except NoRate:
        return await fx_rate(currency, home)


async def count_waiting(program: Program, event: EarningEvent) -> None:
    """Count a purchase that waits for a rate. Whoever calls holds the event's lock.

    Raises NoRate while there still is none, so that whoever tries again under the same key is not told that it
    was done.
    """
    waits = await UncountedSpend.get_or_none(event_id=event.id)
    if waits is None or event.member_id is None:
        return
    rate = await rate_of(event, program.home_currency)
    await waits.delete()
    await _count(program, event, event.member_id, rate)


async def _count(program: Program, event: EarningEvent, member_id: UUID, rate: Rate) -> None:
    """What went back is taken off first, so that nobody reaches a level by what they did not keep."""
    paid = event.amount_minor or 0
    spent = money.convert(paid, str(event.currency), program.home_currency, rate.rate)
    gone = spent - spent * (paid - event.returned_minor) // paid
    if gone:
        last = await Reversal.filter(event_id=event.id).order_by("-id").first()
        assert last is not None
        await qualify(member_id, program.id, Credit(RETURNED, last.id, event.effective_at, spend_minor=-gone))
    if spent:
        await qualify(member_id, program.id, Credit(BOUGHT, event.id, event.effective_at, spend_minor=spent))


async def uncount(program: Program, event: EarningEvent, reversal: Reversal) -> None:
    """Count no more of what was spent than the part of the amount that has not gone back, rounded down.

    What waits for a rate and has gone back whole waits no longer.
    """
    paid = event.amount_minor or 0
    if event.member_id is None or not paid:
        return
    if event.returned_minor == paid:
        await UncountedSpend.filter(event_id=event.id).delete()
    found = await database.row(_COUNTED, event.id)
    assert found is not None
    left = found["spent"] * (paid - event.returned_minor) // paid
    if left != found["counted"]:
        credit = Credit(RETURNED, reversal.id, event.effective_at, spend_minor=left - found["counted"])
        await qualify(event.member_id, program.id, credit)
