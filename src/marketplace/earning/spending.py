"""What members spent counts towards their levels: once for each purchase, less what went back, in home money.

Inside a transaction that somebody else opened, under the lock of the event. A purchase counts on its own day, and
so does what goes back of it: a level that is judged by that stretch never counts what was not kept.
"""

from marketplace.earning.models import EarningEvent, Reversal
from marketplace.earning.words import PURCHASES, EventType
from marketplace.kit import database, money
from marketplace.ledger.queries import NoRate, fx_rate
from marketplace.members.models import Program
from marketplace.members.steps import Credit, qualify

BOUGHT = "earning_event"
RETURNED = "earning_reversal"
_COUNTED = """
SELECT coalesce(sum(c.spend_minor), 0)::bigint FROM tier_credit c
WHERE (c.ref_type = 'earning_event' AND c.ref_id = $1) OR (c.ref_type = 'earning_reversal' AND c.ref_id IN (
    SELECT id FROM earning_reversal WHERE event_id = $1))"""


async def count(program: Program, event: EarningEvent) -> None:
    """Count what was paid and not given back before, at the rate of the event's day; without a rate, nothing."""
    kept = (event.amount_minor or 0) - event.returned_minor
    if EventType(event.type) not in PURCHASES or event.member_id is None or event.currency is None or kept <= 0:
        return
    try:
        rate = await fx_rate(event.currency, program.home_currency, event.effective_at)
    except NoRate:
        return
    spent = money.convert(kept, event.currency, program.home_currency, rate.rate)
    if spent:
        credit = Credit(BOUGHT, event.id, event.effective_at, spend_minor=spent)
        await qualify(event.member_id, program.id, credit)


async def uncount(program: Program, event: EarningEvent, reversal: Reversal, returned_before: int) -> None:
    """Count less, in proportion to what went back just now: nothing is left of what went back whole."""
    had = (event.amount_minor or 0) - returned_before
    if event.member_id is None or had <= 0:
        return
    counted = int(await database.value(_COUNTED, event.id))
    left = counted * ((event.amount_minor or 0) - event.returned_minor) // had
    if left != counted:
        credit = Credit(RETURNED, reversal.id, event.effective_at, spend_minor=left - counted)
        await qualify(event.member_id, program.id, credit)
