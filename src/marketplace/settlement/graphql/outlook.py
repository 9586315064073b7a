"""What is to come: a partner's next payout with its parts, what waits and why, and what is held."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import strawberry

from marketplace.kit import paging
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    actor_of,
    batched,
    describe_enum,
    extend,
)
from marketplace.partners.graphql import PartnerType
from marketplace.partners.models import Accrual, Contract
from marketplace.settlement import forecasts, queries
from marketplace.settlement.forecasts import Forecast, Reserve, WaitReason
from marketplace.settlement.graphql.lines import EntryType
from marketplace.settlement.graphql.statements import PayoutReason, PayoutState  # where they are described

MOST_RESERVES = 100

describe_enum(
    WaitReason,
    "Why what is owed is not payable yet.",
    name="AccrualWaitReason",
    RETURN_WINDOW="Members can still give it back, by the contract's return window.",
    NEXT_STATEMENT="It is payable, and joins the next statement.",
)


@strawberry.type(description="Something that is owed and on no statement yet.")
class OpenAccrual:
    entry: EntryType = strawberry.field(description="What it is.")
    reason: WaitReason = strawberry.field(description="Why it waits.")
    expected_on: date = strawberry.field(description="The day of the run that takes it.")

    @classmethod
    def of(cls, row: Accrual, contract: Contract) -> "OpenAccrual":
        waiting = forecasts.why_waiting(row, contract)
        return cls(entry=EntryType.of(row), reason=waiting.reason, expected_on=waiting.on)


@strawberry.type(description="What is held of a statement, and until when.")
class HeldReserve:
    amount: MoneyType = strawberry.field(description="How much.")
    held_on: date = strawberry.field(description="The last day of the statement's period.")
    release_on: date = strawberry.field(description="The first statement that covers this day releases it.")

    @classmethod
    def of(cls, row: Reserve) -> "HeldReserve":
        amount = MoneyType.minor(row.amount_minor, row.currency)
        return cls(amount=amount, held_on=row.held_on, release_on=row.release_on)


@strawberry.type(description="The next statement by what is known now, and what would become of it.")
class PayoutForecast:
    currency: CurrencyCode = strawberry.field(description="What it would be in.")
    period_from: date = strawberry.field(description="The first day of its period.")
    period_until: date = strawberry.field(description="The last day of its period.")
    expected_on: date = strawberry.field(description="The day of the run.")
    opening: MoneyType = strawberry.field(description="What earlier statements did not pay.")
    gross: MoneyType = strawberry.field(description="What was sold and donated, less refunds.")
    commission: MoneyType = strawberry.field(description="What the marketplace keeps, less rebates.")
    fees: MoneyType = strawberry.field(description="Fixed fees.")
    vat: MoneyType = strawberry.field(description="VAT on commission and fees.")
    adjustments: MoneyType = strawberry.field(description="Corrections.")
    reserve: MoneyType = strawberry.field(description="What is released of the reserve, less what is held.")
    closing: MoneyType = strawberry.field(
        description="Opening + gross - commission - fees - VAT + adjustments + reserve: what would be paid."
    )
    accruals: BigInt = strawberry.field(description="How many sales, donations, refunds and adjustments.")
    state: PayoutState = strawberry.field(description="PLANNED when it would be paid, else CARRIED.")
    reason: PayoutReason | None = strawberry.field(description="Why it would not be paid.")
    requirements: list[str] = strawberry.field(description="What Stripe needs from the account, in its words.")

    @classmethod
    def of(cls, forecast: Forecast, until: date) -> "PayoutForecast":
        case, decision = forecast

        def money(minor: int) -> MoneyType:
            return MoneyType.minor(minor, case.currency)

        return cls(
            currency=CurrencyCode(case.currency),
            period_from=case.period_from,
            period_until=until,
            expected_on=until + timedelta(days=1),
            opening=money(case.opening),
            gross=money(case.totals.gross),
            commission=money(case.totals.commission),
            fees=money(case.totals.fees),
            vat=money(case.totals.vat),
            adjustments=money(case.totals.adjustments),
            reserve=money(case.totals.reserve),
            closing=money(case.closing),
            accruals=BigInt(case.accruals),
            state=decision.state,
            reason=decision.reason,
            requirements=list(decision.requirements),
        )


async def _waits(
    partner: strawberry.Parent[PartnerType], info: Info, first: First = None, after: After = None
) -> Connection[OpenAccrual] | None:
    if not queries.may_see_money_of(actor_of(info), partner.key):
        return None
    query = await forecasts.open_accruals(partner.key)
    page = await paging.page_of(query, first=first, after=after, sort="id")
    contracts = {row.id: row for row in await Contract.filter(id__in={each.contract_id for each in page.items})}
    return Connection[OpenAccrual].of(
        page, lambda row: OpenAccrual.of(row, contracts[row.contract_id]), query.count
    )


async def _forecast(partner: strawberry.Parent[PartnerType], info: Info) -> list[PayoutForecast] | None:
    if not queries.may_see_money_of(actor_of(info), partner.key):
        return None
    return await batched(info, "forecasts of partners", _forecasts, partner.key)


async def _forecasts(info: Info, wanted: list[UUID]) -> Mapping[UUID, list[PayoutForecast]]:
    found: dict[UUID, list[PayoutForecast]] = {}
    for key in wanted:
        until = await forecasts.period_of(key)
        cases = await forecasts.forecast_of(key, until) if until else []
        found[key] = [PayoutForecast.of(case, until) for case in cases if until]
    return found


async def _held(partner: strawberry.Parent[PartnerType], info: Info) -> list[HeldReserve] | None:
    if not queries.may_see_money_of(actor_of(info), partner.key):
        return None
    return [HeldReserve.of(row) for row in await forecasts.reserves_of(partner.key, MOST_RESERVES)]


@extend(PartnerType)
class PartnerOutlook:
    open_accruals: Connection[OpenAccrual] | None = strawberry.field(
        resolver=_waits, description="What is owed and on no statement yet, oldest first, for itself and finance."
    )
    payout_forecast: list[PayoutForecast] | None = strawberry.field(
        resolver=_forecast, description="Its next statement in each currency, for itself and finance."
    )
    reserves: list[HeldReserve] | None = strawberry.field(
        resolver=_held, description=f"What is held, the next released first, at most {MOST_RESERVES}."
    )
