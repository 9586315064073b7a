"""What a run would issue and pay if it ran now, or at the end of a partner's period. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from marketplace.kit import clock, database
from marketplace.partners.models import Accrual, Contract, Schedule
from marketplace.settlement import rules
from marketplace.settlement.cases import Case, cases, cases_of, is_worth_a_statement, routes_by_partner
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
    known = await routes_by_partner(found)
    decided = ((case, case.decision(known[case.partner_id])) for case in found)
    return [(case, decision) for case, decision in decided if is_worth_a_statement(case, decision)]


class WaitReason(StrEnum):
    """Why what is owed is not payable yet."""

    RETURN_WINDOW = "RETURN_WINDOW"
    NEXT_STATEMENT = "NEXT_STATEMENT"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why an accrual waits, and the day of the run that takes it."""

    reason: WaitReason
    on: date


@dataclass(frozen=True, slots=True)
class Reserve:
    """What is held of one statement, and until when."""

    amount_minor: int
    currency: str
    held_on: date
    release_on: date


_RESERVES = """
SELECT -h.net_minor AS amount_minor, h.currency, h.effective_on AS held_on,
    h.payable_on + k.reserve_days AS release_on
FROM accrual h JOIN contract k ON k.id = h.contract_id
WHERE h.kind = 'RESERVE_HELD' AND h.partner_id = $1
    AND NOT EXISTS (SELECT FROM accrual r WHERE r.kind = 'RESERVE_RELEASED' AND r.ref_id = h.id)
ORDER BY release_on, h.id LIMIT $2"""
_NEWEST = """
SELECT DISTINCT ON (currency) currency, period_until, up_to FROM statement WHERE partner_id = $1
ORDER BY currency, period_until DESC"""


async def reserves_of(partner_id: UUID, limit: int) -> list[Reserve]:
    """What is held of a partner's statements, the next to be released first."""
    return [Reserve(**row) for row in await database.rows(_RESERVES, partner_id, limit)]


async def open_accruals(partner_id: UUID) -> QuerySet[Accrual]:
    """What a partner is owed (or owes) and is on no statement yet."""
    newest = await database.rows(_NEWEST, partner_id)
    is_open = ~Q(currency__in=[row["currency"] for row in newest]) if newest else Q()
    for row in newest:
        later = Q(payable_on__gt=row["period_until"]) | Q(ordinal__gt=row["up_to"])
        is_open |= Q(currency=row["currency"]) & later
    return Accrual.filter(is_open, partner_id=partner_id)


def why_waiting(accrual: Accrual, contract: Contract) -> Waiting:
    """Why an accrual that is on no statement waits: for its return window, or for the next run."""
    today = clock.today(contract.timezone)
    reason = WaitReason.RETURN_WINDOW if accrual.payable_on > today else WaitReason.NEXT_STATEMENT
    return Waiting(reason, rules.next_run(Schedule(contract.schedule), max(today, accrual.payable_on)))


async def period_of(partner_id: UUID) -> date | None:
    """The last day of the period that a partner is in, by its newest contract; None without a contract."""
    begun = Contract.filter(partner_id=partner_id, valid_from__lte=clock.today())
    contract = await begun.order_by("-valid_from").first()
    if contract is None:
        return None
    return rules.next_run(Schedule(contract.schedule), clock.today(contract.timezone)) - timedelta(days=1)
