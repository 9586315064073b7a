"""What the clock brings: pending points come, waiting events are claimed or expire, days are celebrated."""

from contextlib import suppress
from uuid import UUID

from marketplace.earning import calendar, queries
from marketplace.earning.operations import (
    ClaimEvent,
    CountSpend,
    CreditGrant,
    TellDay,
    claim_event,
    count_spend,
    credit_grant,
    tell_day,
)
from marketplace.kit import jobs
from marketplace.kit.actor import SYSTEM
from marketplace.kit.refusals import InProgress, NotFound
from marketplace.ledger.queries import NoRate, fx_rate

BATCH = 500


@jobs.job("earning.claim_waiting")
async def claim_waiting(program_id: str, reference: str) -> None:
    """Give a person who has enrolled what waits for them."""
    after = UUID(int=0)
    while found := await queries.waiting_of(UUID(program_id), reference, BATCH, after):
        await _claim(found)
        after = found[-1]


@jobs.periodic("earning.sweep_waiting", cron="17 * * * *")
async def sweep_waiting() -> None:
    """Expire what waited too long, and claim what was missed."""
    after = UUID(int=0)
    while found := await queries.claimable(BATCH, after):
        await _claim(found)
        after = found[-1]


async def _claim(event_ids: list[UUID]) -> None:
    """Claim each event in a transaction of its own; what cannot be claimed yet is found again by the sweep."""
    for event_id in event_ids:
        with suppress(InProgress, NotFound):
            await claim_event(SYSTEM, ClaimEvent(idempotency_key=f"claim:{event_id.hex}", event_id=event_id))


@jobs.periodic("earning.credit_due", cron="*/10 * * * *")
async def credit_due() -> None:
    """Turn pending points whose day has come into lots, each grant in a transaction of its own."""
    while found := await queries.due_grants(BATCH):
        for grant_id in found:
            await credit_grant(SYSTEM, CreditGrant(idempotency_key=f"credit:{grant_id.hex}", grant_id=grant_id))


@jobs.periodic("earning.count_spending", cron="*/10 * * * *")
async def count_spending() -> None:
    """Count purchases that waited for an exchange rate, once there is one."""
    for pair in await queries.uncounted_pairs():
        with suppress(NoRate):
            await fx_rate(*pair)
            after = UUID(int=0)
            while found := await queries.uncounted_in(pair, BATCH, after):
                for event_id in found:
                    await count_spend(
                        SYSTEM, CountSpend(idempotency_key=f"spend:{event_id.hex}", event_id=event_id)
                    )
                after = found[-1]


@jobs.periodic("earning.celebrate", cron="5 * * * *")
async def celebrate() -> None:
    """Tell the events of the calendar, once for each member, rule and day, by each program's own day."""
    after = None
    while found := await calendar.due(BATCH, after):
        for each in found:
            command = TellDay(
                idempotency_key=each.reference, member_id=each.member_id, type=each.type, rule_code=each.rule_code,
                reference=each.reference,
            )  # fmt: skip
            await tell_day(SYSTEM, command)
        after = found[-1].place
