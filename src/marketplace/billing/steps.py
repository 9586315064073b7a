"""Writes of billing, inside a transaction that somebody else opened."""

from marketplace.billing.models import TopUp, TopUpMethod, TopUpState
from marketplace.kit import clock
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import fund as balance_of_fund
from marketplace.ledger.steps import Entry, draw, post
from marketplace.members.models import Program
from marketplace.members.steps import fund


async def complete_top_up(top_up: TopUp) -> None:
    """The money is there: the program's funding rises by it, once. The row is locked by the caller."""
    if top_up.state == TopUpState.SUCCEEDED:
        return
    purpose = Purpose.STRIPE_CLEARING if top_up.method == TopUpMethod.STRIPE else Purpose.BANK
    program = await Program.get(id=top_up.program_id)
    source = accounts.house(purpose, top_up.currency)
    await fund(program, top_up.amount_minor, source, ref_type="top_up", ref_id=top_up.id)
    top_up.state, top_up.succeeded_at, top_up.failure = TopUpState.SUCCEEDED.value, clock.now(), None
    await top_up.save(update_fields=["state", "succeeded_at", "failure", "evidence", "confirmed_by"])


async def return_top_up(top_up: TopUp) -> None:
    """The money went back to the payer: the funding falls by it, as far as members have not spent it.

    What they have spent, the marketplace bears until the program makes it good. The row is locked by the caller.
    """
    if top_up.state != TopUpState.SUCCEEDED:
        return
    slices = accounts.funding_slices(top_up.program_id, top_up.currency)
    drawn = await draw(slices, top_up.amount_minor)
    if drawn is None:  # and every slice is locked now
        left = await balance_of_fund(slices)
        drawn = (await draw(slices, left) if left else None) or []
    uncovered = top_up.amount_minor - sum(part for _, part in drawn)
    clearing = accounts.house(Purpose.STRIPE_CLEARING, top_up.currency)
    ours = accounts.house(Purpose.ADJUSTMENTS, top_up.currency)
    entries = [Entry(slice, clearing, part) for slice, part in drawn]
    await post("funding.returned", "top_up", top_up.id, [*entries, Entry(ours, clearing, uncovered)])
    top_up.state, top_up.uncovered_minor = TopUpState.RETURNED.value, uncovered
    await top_up.save(update_fields=["state", "uncovered_minor"])
