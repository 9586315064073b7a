"""What a run would issue and pay if it ran now, or at the end of a partner's period. Nothing is written."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from marketplace.settlement.cases import Case, accounts_by_partner, cases, cases_of, is_worth_a_statement
from marketplace.settlement.rules import Decision
from marketplace.settlement.terms import charged

Forecast = tuple[Case, Decision]


async def preview(until: date) -> list[Forecast]:
    """What a run would issue and decide if it ran now."""
    return await _decided(await charged(await cases(until), until))


async def forecast_of(partner_id: UUID, until: date) -> list[Forecast]:
    """The same for one partner, by currency."""
    return await _decided(await charged(await cases_of(partner_id, until), until))


async def _decided(found: Sequence[Case]) -> list[Forecast]:
    known = await accounts_by_partner(found)
    decided = ((case, case.decision(known.get(case.partner_id))) for case in found)
    return [(case, decision) for case, decision in decided if is_worth_a_statement(case, decision)]
