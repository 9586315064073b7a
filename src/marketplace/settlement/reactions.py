"""What settlement does when money has moved: `app/wiring.py` ties these handlers to the facts of payments.

Each runs in the transaction of the fact, with the payout's row locked. A payout only moves along the steps
below, so a fact that comes twice, late or out of order changes nothing more.
"""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock, database, facts
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.models import Contract, Schedule
from marketplace.payments.facts import (
    PayoutFailed,
    PayoutPaid,
    TransferDelayed,
    TransferRefused,
    TransferReversed,
    TransferSent,
)
from marketplace.payments.models import OutboundTransfer
from marketplace.settlement import rules, steps
from marketplace.settlement.facts import StatementPaid, StatementUnpaid
from marketplace.settlement.models import Payout, PayoutReason, PayoutState, Statement

_PAID_WITH_IT = """
WITH RECURSIVE chain (statement_id) AS (
    SELECT $1::uuid
    UNION SELECT p.statement_id FROM payout p JOIN chain ON p.carried_into_id = chain.statement_id
)
SELECT statement_id FROM chain ORDER BY statement_id"""


@dataclass(frozen=True, slots=True)
class _Locked:
    payout: Payout
    statement: Statement


async def transfer_sent(fact: TransferSent) -> None:
    """PLANNED -> SENT: out of our balance at Stripe, into the partner's."""
    found = await _locked(fact.outbound)
    if found and found.payout.state == PayoutState.PLANNED:
        await _send(found)


async def transfer_delayed(fact: TransferDelayed) -> None:
    """PLANNED stays PLANNED and says that our own balance has to fill first."""
    found = await _locked(fact.outbound)
    if found and found.payout.state == PayoutState.PLANNED:
        payout, is_news = found.payout, found.payout.reason is None
        payout.reason, payout.not_before = PayoutReason.WAITING_FOR_FUNDS.value, clock.today()
        await payout.save(update_fields=["reason", "not_before"])
        if is_news:
            await steps.note(payout)


async def transfer_refused(fact: TransferRefused) -> None:
    """PLANNED -> FAILED: nothing left us, and the amount joins the next statement."""
    found = await _locked(fact.outbound)
    if found and found.payout.state == PayoutState.PLANNED:
        await _fail(found, PayoutReason.TRANSFER_REFUSED, f"{fact.code}: {fact.message}")


async def transfer_reversed(fact: TransferReversed) -> None:
    """SENT (or IN_BANK) -> FAILED: all of it is ours again, owed again, and joins the next statement."""
    found = await _locked(fact.outbound)
    if found is None or found.payout.state not in {PayoutState.SENT, PayoutState.IN_BANK}:
        return
    if found.payout.state == PayoutState.IN_BANK:
        await _take_back(found, "the transfer was reversed")
    event = await _fail(found, PayoutReason.TRANSFER_REVERSED, None)
    await _post_sent(found, "payout.reversed", event, back=True)


async def payout_paid(fact: PayoutPaid) -> None:
    """SENT -> IN_BANK, also when nobody had told that it was sent. States StatementPaid."""
    found = await _locked(fact.outbound)
    if found and found.payout.state == PayoutState.PLANNED:
        await _send(found)
    if found and found.payout.state == PayoutState.SENT:
        payout = found.payout
        payout.state, payout.in_bank_at = PayoutState.IN_BANK.value, clock.now()
        payout.reason = payout.detail = None
        await payout.save(update_fields=["state", "in_bank_at", "reason", "detail"])
        await _post_in_bank(found, "payout.in_bank", (await steps.note(payout)).id)
        for statement_id in await _paid_with(found.statement):
            await facts.state(StatementPaid(found.statement.partner_id, statement_id))


async def payout_failed(fact: PayoutFailed) -> None:
    """IN_BANK -> SENT: the bank sent it back, it stands in the partner's balance at Stripe again."""
    found = await _locked(fact.outbound)
    if found and found.payout.state == PayoutState.IN_BANK:
        await _take_back(found, fact.code)


async def _locked(outbound: OutboundTransfer) -> _Locked | None:
    if outbound.purpose != steps.PURPOSE:
        return None
    payout = await Payout.select_for_update().get(id=outbound.ref_id)
    return _Locked(payout, await Statement.get(id=payout.statement_id))


async def _send(found: _Locked) -> None:
    payout = found.payout
    payout.state, payout.sent_at = PayoutState.SENT.value, clock.now()
    payout.reason = payout.not_before = None
    await payout.save(update_fields=["state", "sent_at", "reason", "not_before"])
    await _post_sent(found, "payout.sent", (await steps.note(payout)).id)


async def _fail(found: _Locked, reason: PayoutReason, detail: str | None) -> UUID:
    payout = found.payout
    contract = await Contract.get(id=found.statement.contract_id)
    payout.state, payout.reason = PayoutState.FAILED.value, reason.value
    payout.detail = detail[:300] if detail else None
    payout.not_before = rules.next_run(Schedule(contract.schedule), clock.today(contract.timezone))
    await payout.save(update_fields=["state", "reason", "detail", "not_before"])
    return (await steps.note(payout)).id


async def _take_back(found: _Locked, why: str) -> None:
    payout = found.payout
    payout.state, payout.in_bank_at = PayoutState.SENT.value, None
    payout.reason, payout.detail = PayoutReason.BANK_RETURNED.value, why[:300]
    await payout.save(update_fields=["state", "in_bank_at", "reason", "detail"])
    await _post_in_bank(found, "payout.returned", (await steps.note(payout)).id, back=True)
    for statement_id in await _paid_with(found.statement):
        await facts.state(StatementUnpaid(found.statement.partner_id, statement_id))


async def _post_sent(found: _Locked, reason: str, event: UUID, *, back: bool = False) -> None:
    """What is due is in transit, and the money behind it stands in the partner's balance, not in ours."""
    partner, currency = found.statement.partner_id, found.payout.currency
    due, transit, connected = (
        accounts.partner(partner, purpose, currency)
        for purpose in (Purpose.DUE, Purpose.IN_TRANSIT, Purpose.STRIPE_CONNECTED)
    )
    clearing, amount = accounts.house(Purpose.STRIPE_CLEARING, currency), found.payout.amount_minor
    await _post(reason, event, [Entry(due, transit, amount), Entry(connected, clearing, amount)], back)


async def _post_in_bank(found: _Locked, reason: str, event: UUID, *, back: bool = False) -> None:
    """What was in transit has arrived."""
    partner, currency = found.statement.partner_id, found.payout.currency
    transit = accounts.partner(partner, Purpose.IN_TRANSIT, currency)
    connected = accounts.partner(partner, Purpose.STRIPE_CONNECTED, currency)
    await _post(reason, event, [Entry(transit, connected, found.payout.amount_minor)], back)


async def _post(reason: str, event: UUID, entries: list[Entry], back: bool) -> None:
    if back:
        entries = [Entry(entry.credit, entry.debit, entry.amount) for entry in entries]
    await post(reason, "payout_event", event, entries)


async def _paid_with(statement: Statement) -> list[UUID]:
    """The statement and every earlier one whose amount it carries."""
    return [row["statement_id"] for row in await database.rows(_PAID_WITH_IT, statement.id)]
