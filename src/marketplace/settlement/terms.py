"""What the contracts of some cases make of their period: read from the rows, and left to `charging` to add up."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from tortoise.expressions import Q

from marketplace.kit import database
from marketplace.partners.models import Contract, ContractTier, VolumePeriod
from marketplace.partners.steps import Charge
from marketplace.settlement import charging, rules
from marketplace.settlement.cases import Case, Pair
from marketplace.settlement.charging import Tier
from marketplace.settlement.rules import Parts

EVERYTHING = 2**63 - 1
"""A mark above all."""
_VOLUME = """
SELECT coalesce(sum(gross_minor) FILTER (WHERE kind IN ('SALE', 'DONATION', 'REFUND')), 0)::bigint AS volume,
    -coalesce(sum(commission_minor) FILTER (WHERE kind = 'REBATE'), 0)::bigint AS granted
FROM accrual WHERE partner_id = $1 AND contract_id = $2 AND effective_on BETWEEN $3 AND $4
    AND payable_on BETWEEN $3 AND $5 AND ordinal <= $6"""
# A refund counts in the month of its sale: what is left of a sale counts, so that nothing is lost between parts.
_BORNE = """
WITH sold AS (
    SELECT coalesce(reverses_id, id) AS id, sum(gross_minor) AS gross FROM accrual
    WHERE partner_id = $1 AND contract_id = $2 AND kind IN ('SALE', 'REFUND') AND payable_on BETWEEN $3 AND $5
        AND ordinal <= $6
    GROUP BY 1
)
SELECT coalesce(sum(trunc(r.partner_discount_minor::numeric * sold.gross / nullif(s.source_minor, 0))), 0)::bigint
    AS borne, (
        SELECT coalesce(sum(gross_minor), 0) FROM accrual WHERE partner_id = $1 AND contract_id = $2
            AND kind = 'DISCOUNT_CAP' AND effective_on BETWEEN $3 AND $4 AND payable_on BETWEEN $3 AND $5
            AND ordinal <= $6
    )::bigint AS granted
FROM sold JOIN accrual s ON s.id = sold.id AND s.kind = 'SALE' AND s.effective_on BETWEEN $3 AND $4
JOIN redemption r ON r.id = s.ref_id AND s.ref_type = 'redemption'"""
_REFUNDED_FROM = """
SELECT min(s.effective_on) FROM accrual a JOIN accrual s ON s.id = a.reverses_id
WHERE a.partner_id = $1 AND a.contract_id = $2 AND a.kind = 'REFUND' AND a.effective_on BETWEEN $3 AND $4
    AND a.payable_on BETWEEN $3 AND $4 AND a.ordinal <= $5"""
_RELEASABLE = """
SELECT h.id, h.partner_id, h.currency, h.contract_id, h.effective_on, h.payable_on + k.reserve_days AS release_on,
    -h.gross_minor AS held
FROM accrual h JOIN contract k ON k.id = h.contract_id
WHERE h.kind = 'RESERVE_HELD' AND h.partner_id = ANY ($1) AND h.payable_on + k.reserve_days <= $2
    AND NOT EXISTS (SELECT FROM accrual r WHERE r.kind = 'RESERVE_RELEASED' AND r.ref_id = h.id)
ORDER BY h.id"""


@dataclass(frozen=True, slots=True)
class _Known:
    """The contracts that make something of a period, of some partners."""

    contracts: dict[Pair, list[Contract]]
    tiers: dict[UUID, list[Tier]]
    releases: dict[Pair, list[Charge]]


async def charged(found: Sequence[Case], until: date, mark: int = EVERYTHING) -> list[Case]:
    """The same cases with what their contracts make of the period, of what was booked before the mark."""
    known = await _known({case.partner_id for case in found}, until)
    if not known.contracts and not known.releases:
        return list(found)
    return [_with(case, await _charges(case, known, until, mark)) for case in found]


def _with(case: Case, charges: Sequence[Charge]) -> Case:
    totals = case.totals + rules.totals(_parts(charges))
    return replace(case, totals=totals, charges=tuple(charges))


def _parts(charges: Sequence[Charge]) -> Iterator[Parts]:
    return (Parts(each.kind, each.gross, each.commission, each.vat, each.net) for each in charges)


async def _known(partners: set[UUID], until: date) -> _Known:
    makes_something = Q(fee_minor__gt=0) | Q(reserve_bp__gt=0) | Q(discount_cap_minor__isnull=False)
    tiers = defaultdict[UUID, list[Tier]](list)
    for row in await ContractTier.filter(contract__partner_id__in=partners):
        tiers[row.contract_id].append(Tier(row.above_minor, row.rebate_bp))
    contracts = defaultdict[Pair, list[Contract]](list)
    of_them = Contract.filter(makes_something | Q(id__in=list(tiers)), partner_id__in=partners)
    for contract in await of_them.order_by("valid_from"):
        contracts[contract.partner_id, contract.currency].append(contract)
    releases = defaultdict[Pair, list[Charge]](list)
    for row in await database.rows(_RELEASABLE, list(partners), until):
        charge = charging.release(
            row["id"], row["contract_id"], row["effective_on"], row["release_on"], row["held"]
        )
        releases[row["partner_id"], row["currency"]].append(charge)
    return _Known(contracts, tiers, releases)


async def _charges(case: Case, known: _Known, until: date, mark: int) -> list[Charge]:
    pair = case.partner_id, case.currency
    contracts = known.contracts.get(pair, [])
    found = list(charging.fees(contracts, case.period_from, until))
    for contract in contracts:
        if case.first_on is not None:
            found += await _by_volume(case, contract, known.tiers.get(contract.id, []), until, mark)
    net = case.totals.period + sum(charge.net for charge in found)
    held = charging.reserve(charging.in_force(contracts, until), until, net)
    return [*found, *([held] if held else []), *known.releases.get(pair, [])]


async def _by_volume(case: Case, contract: Contract, tiers: list[Tier], until: date, mark: int) -> list[Charge]:
    """The rebates and caps of the months and years that the case's accruals are of."""
    found: list[Charge | None] = []
    first, last = case.first_on or until, until
    for span in charging.spans(VolumePeriod(contract.volume_period), first, last) if tiers else ():
        row = await _summed(_VOLUME, contract, span, until, mark)
        due = charging.rebate(row["volume"], tiers)
        found.append(charging.rebate_charge(contract, span, until, due, row["granted"]))
    capped = contract.discount_cap_minor is not None
    oldest = await _refunded_from(contract, first, last, mark) if capped else None
    for span in charging.spans(VolumePeriod.MONTH, min(first, oldest or first), last) if capped else ():
        row = await _summed(_BORNE, contract, span, until, mark)
        found.append(charging.cap_charge(contract, span, until, row["borne"], row["granted"]))
    return [charge for charge in found if charge]


async def _refunded_from(contract: Contract, first: date, last: date, mark: int) -> date | None:
    """The day of the oldest sale of which something was refunded in these days."""
    return await database.value(_REFUNDED_FROM, contract.partner_id, contract.id, first, last, mark)


async def _summed(sql: str, contract: Contract, span: charging.Span, until: date, mark: int) -> dict[str, Any]:
    row = await database.row(sql, contract.partner_id, contract.id, span.first, span.last, until, mark)
    assert row is not None
    return row
