"""The steps of a payout, whichever way its money takes: each with its event and its journal, under the row's lock.

`reactions.py` calls them for Stripe, `bank_reactions.py` for banks.
"""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from marketplace.banking import queries as banking
from marketplace.kit import clock, database, facts
from marketplace.kit.money import Money
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from marketplace.partners.models import Contract, Schedule
from marketplace.partners.steps import Netted, net_against
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
class Found:
    """A locked payout with its statement."""

    payout: Payout
    statement: Statement

    @property
    def by_bank(self) -> bool:
        """Whether it leaves through a bank, and not through Stripe."""
        return self.payout.bank_transfer_id is not None

    @property
    def state(self) -> str:
        """Where the payout stands."""
        return self.payout.state


async def locked(payout_id: UUID) -> Found:
    """The payout, locked."""
    payout = await Payout.select_for_update().get(id=payout_id)
    return Found(payout, await Statement.get(id=payout.statement_id))


async def wait(found: Found, reason: PayoutReason) -> None:
    """A planned payout says why it has not left; told again, nothing changes."""
    payout = found.payout
    if payout.state == PayoutState.PLANNED and payout.reason != reason.value:
        payout.reason = reason.value
        await payout.save(update_fields=["reason"])
        await steps.note(payout)


async def send(found: Found) -> UUID:
    """PLANNED -> SENT: what is due is in transit; returns the journal."""
    payout = found.payout
    payout.state, payout.sent_at = PayoutState.SENT.value, clock.now()
    payout.reason = payout.not_before = None
    await payout.save(update_fields=["state", "sent_at", "reason", "not_before"])
    return await _post_sent(found, "payout.sent", (await steps.note(payout)).id)


async def arrive(found: Found) -> UUID:
    """SENT -> IN_BANK: what was in transit has arrived; returns the journal. States StatementPaid."""
    payout = found.payout
    payout.state, payout.in_bank_at = PayoutState.IN_BANK.value, clock.now()
    payout.reason = payout.detail = None
    await payout.save(update_fields=["state", "in_bank_at", "reason", "detail"])
    journal = await _post_in_bank(found, "payout.in_bank", (await steps.note(payout)).id)
    for statement_id in await _paid_with(found.statement):
        await facts.state(StatementPaid(found.statement.partner_id, statement_id))
    return journal


async def take_back(found: Found, why: str) -> UUID:
    """IN_BANK -> SENT: it is not there after all; returns the journal. States StatementUnpaid."""
    payout = found.payout
    payout.state, payout.in_bank_at = PayoutState.SENT.value, None
    payout.reason, payout.detail = PayoutReason.BANK_RETURNED.value, why[:300]
    await payout.save(update_fields=["state", "in_bank_at", "reason", "detail"])
    journal = await _post_in_bank(found, "payout.returned", (await steps.note(payout)).id, back=True)
    for statement_id in await _paid_with(found.statement):
        await facts.state(StatementUnpaid(found.statement.partner_id, statement_id))
    return journal


async def take_back_part(found: Found, part_minor: int, all_minor: int, why: str) -> UUID:
    """IN_BANK stays IN_BANK, and a part of it is owed again: PAYABLE, for the next statement; returns the journal.

    `all_minor` is what has come back so far, with this part. What the rest is for nobody can know, so a donation
    on the statement stays remitted.
    """
    payout, statement = found.payout, found.statement
    part, back, whole = (Money(minor, payout.currency) for minor in (part_minor, all_minor, payout.amount_minor))
    payout.reason, payout.detail = PayoutReason.PARTLY_RETURNED.value, f"{why}: {back} of {whole} came back"[:300]
    await payout.save(update_fields=["reason", "detail"])
    event = await steps.note(payout)
    cause = Netted(
        event.id, "payout_event", "payout.part_returned", f"{part} of {statement.number} came back ({why})"[:300]
    )
    contract = await Contract.get(id=statement.contract_id)
    accrual = await net_against(contract, part_minor, [(await _behind(found), -part_minor)], Decimal(1), cause)
    return accrual.journal_id


async def fail(found: Found, reason: PayoutReason, detail: str | None) -> UUID | None:
    """PLANNED or SENT -> FAILED: it is owed again, and joins the next statement. Returns the journal, if any."""
    payout, was_sent = found.payout, found.payout.state == PayoutState.SENT
    contract = await Contract.get(id=found.statement.contract_id)
    payout.state, payout.reason = PayoutState.FAILED.value, reason.value
    payout.detail = detail[:300] if detail else None
    payout.not_before = rules.next_run(Schedule(contract.schedule), clock.today(contract.timezone))
    await payout.save(update_fields=["state", "reason", "detail", "not_before"])
    event = (await steps.note(payout)).id
    return await _post_sent(found, "payout.reversed", event, back=True) if was_sent else None


async def _post_sent(found: Found, reason: str, event: UUID, *, back: bool = False) -> UUID:
    """What is due is in transit. At Stripe the money behind it stands in the partner's balance, not in ours."""
    partner, currency, amount = found.statement.partner_id, found.payout.currency, found.payout.amount_minor
    entries = [Entry(accounts.partner(partner, Purpose.DUE, currency), _transit(found), amount)]
    if not found.by_bank:
        clearing = accounts.house(Purpose.STRIPE_CLEARING, currency)
        entries.append(Entry(accounts.partner(partner, Purpose.STRIPE_CONNECTED, currency), clearing, amount))
    return await _post(reason, event, entries, back)


async def _post_in_bank(found: Found, reason: str, event: UUID, *, back: bool = False) -> UUID:
    """What was in transit has arrived, from where the money behind it stood."""
    entries = [Entry(_transit(found), await _behind(found), found.payout.amount_minor)]
    return await _post(reason, event, entries, back)


def _transit(found: Found) -> AccountKey:
    return accounts.partner(found.statement.partner_id, Purpose.IN_TRANSIT, found.payout.currency)


async def _behind(found: Found) -> AccountKey:
    """Where the money of a sent payout stands: at Stripe the partner's balance, else our bank.

    A bank that tells us moves BANK by its own entries, against BANK_CLEARING, which this explains.
    """
    currency = found.payout.currency
    if not found.by_bank:
        return accounts.partner(found.statement.partner_id, Purpose.STRIPE_CONNECTED, currency)
    counted = await banking.is_counted(currency)
    return accounts.house(Purpose.BANK_CLEARING if counted else Purpose.BANK, currency)


async def _post(reason: str, event: UUID, entries: list[Entry], back: bool) -> UUID:
    if back:
        entries = [Entry(entry.credit, entry.debit, entry.amount) for entry in entries]
    return await post(reason, "payout_event", event, entries)


async def _paid_with(statement: Statement) -> list[UUID]:
    """The statement and every earlier one whose amount it carries."""
    return [row["statement_id"] for row in await database.rows(_PAID_WITH_IT, statement.id)]
