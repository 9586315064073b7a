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
SELECT coalesce(sum(c.spend_minor) FILTER (WHERE c.ref_type = 'earning_event'), 0)::bigint AS spent,
    coalesce(sum(c.spend_minor), 0)::bigint AS counted FROM tier_credit c
WHERE (c.ref_type = 'earning_event' AND c.ref_id = $1) OR (c.ref_type = 'earning_reversal' AND c.ref_id IN (
    SELECT id FROM earning_reversal WHERE event_id = $1))"""


async def count(program: Program, event: EarningEvent) -> None:
    """Count what was paid, at the rate of the event's day, less what went back before; without a rate, nothing."""
    paid = event.amount_minor or 0
    if EventType(event.type) not in PURCHASES or event.member_id is None or event.currency is None or not paid:
        return
    try:
        rate = await fx_rate(event.currency, program.home_currency, event.effective_at)
    except NoRate:
        return
    spent = money.convert(paid, event.currency, program.home_currency, rate.rate)
    if spent:
        credit = Credit(BOUGHT, event.id, event.effective_at, spend_minor=spent)
        await qualify(event.member_id, program.id, credit)
    if event.returned_minor:
        last = await Reversal.filter(event_id=event.id).order_by("-id").first()
        assert last is not None
        await uncount(program, event, last)


async def uncount(program: Program, event: EarningEvent, reversal: Reversal) -> None:
    """Count no more of what was spent than the part of the amount that has not gone back, rounded down."""
    paid = event.amount_minor or 0
    if event.member_id is None or not paid:
        return
    found = await database.row(_COUNTED, event.id)
    assert found is not None
    left = found["spent"] * (paid - event.returned_minor) // paid
    if left != found["counted"]:
        credit = Credit(RETURNED, reversal.id, event.effective_at, spend_minor=left - found["counted"])
        await qualify(event.member_id, program.id, credit)
