"""Results of a period in the graph, for finance."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from marketplace.finance import results
from marketplace.finance.results import Exchange, ResultLine
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import Info, MoneyType, actor_with
from marketplace.kit.money import Money
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.graphql.books import exact
from marketplace.ledger.models import OwnerKind


@strawberry.type(description="What moved in the period on the accounts of one result.")
class FinancialResultLine:
    owner_kind: OwnerKind = strawberry.field(description="Whose accounts they are.")
    purpose: str = strawberry.field(description="What they are for, such as `COMMISSION`.")
    unit: str = strawberry.field(description="A currency, or a program's points.")
    debits: Decimal = strawberry.field(description="What was debited in the period, in major units or points.")
    credits: Decimal = strawberry.field(description="What was credited in it.")
    net: Decimal = strawberry.field(description="Credits less debits: above zero it was earned.")

    @classmethod
    def of(cls, line: ResultLine) -> "FinancialResultLine":
        return cls(
            owner_kind=line.owner_kind,
            purpose=line.purpose.value,
            unit=line.unit,
            debits=exact(line.debits, line.unit),
            credits=exact(line.credits, line.unit),
            net=exact(line.credits - line.debits, line.unit),
        )


@strawberry.type(
    description="What one pair of currencies brought: what programs paid in one, partners are owed in the other."
)
class ExchangeResult:
    converted: MoneyType = strawberry.field(
        description="What was taken in the period, in the currency it came in."
    )
    converted_into: MoneyType = strawberry.field(description="What was owed for it, at the rates of the days.")
    average_rate: Decimal | None = strawberry.field(
        description="The rate that comes to; null when nothing was converted."
    )
    settled: MoneyType = strawberry.field(description="What was taken for everything that was sent in the period.")
    settled_into: MoneyType = strawberry.field(description="What was owed for that.")
    realised: MoneyType | None = strawberry.field(
        description="What was taken for it, at the rates of the days it was sent on, less what was owed; "
        "null when a rate was not known."
    )
    open: MoneyType = strawberry.field(
        description="What was taken for everything not sent by the end of the period."
    )
    open_into: MoneyType = strawberry.field(description="What is owed for that.")
    closing_rate: Decimal | None = strawberry.field(description="The rate at the end of the period's last day.")
    unrealised: MoneyType | None = strawberry.field(description="What is open, at that rate, less what is owed.")

    @classmethod
    def of(cls, pair: Exchange) -> "ExchangeResult":
        def taken(minor: int) -> MoneyType:
            return MoneyType.of(Money(minor, pair.source))

        def owed(minor: int) -> MoneyType:
            return MoneyType.of(Money(minor, pair.target))

        return cls(
            converted=taken(pair.converted_received),
            converted_into=owed(pair.converted_owed),
            average_rate=pair.average_rate,
            settled=taken(pair.settled_received),
            settled_into=owed(pair.settled_owed),
            realised=None if pair.realised is None else owed(pair.realised),
            open=taken(pair.open_received),
            open_into=owed(pair.open_owed),
            closing_rate=pair.closing_rate,
            unrealised=None if pair.unrealised is None else owed(pair.unrealised),
        )


@strawberry.type(description="What a period brought, by the days on which things count.")
class FinancialResults:
    lines: list[FinancialResultLine] = strawberry.field(
        description="Each is the difference of that line between two trial balances."
    )
    exchange: list[ExchangeResult] = strawberry.field(
        description="What exchange rates did, by pair of currencies."
    )


@strawberry.type
class ResultsQuery:
    @strawberry.field(description="Commission, fees, breakage and exchange results of a period, for finance.")
    async def financial_results(
        self,
        info: Info,
        first: Annotated[date, strawberry.argument(name="from", description="The first day of the period.")],
        until: Annotated[date, strawberry.argument(description="Its last day.")],
    ) -> FinancialResults:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        if first > until:
            raise BadUserInput("The period ends before it begins.")
        lines = await results.earned(first, until)
        pairs = await results.exchanged(first, until)
        return FinancialResults(
            lines=[FinancialResultLine.of(line) for line in lines],
            exchange=[ExchangeResult.of(pair) for pair in pairs],
        )
