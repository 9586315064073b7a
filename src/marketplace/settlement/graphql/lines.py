"""Lines of statements, what is on them, and how it came about."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import strawberry

from marketplace.kit import ids, paging
from marketplace.kit.graphql import (
    After,
    BigInt,
    Connection,
    First,
    Info,
    MoneyType,
    Node,
    actor_of,
    batched,
    describe_enum,
    node_loader,
)
from marketplace.partners.models import Accrual, Contract
from marketplace.settlement import queries, rules
from marketplace.settlement.explaining import explained
from marketplace.settlement.graphql.explanations import Explanation
from marketplace.settlement.models import LineKind, StatementLine

describe_enum(
    LineKind,
    "What a line of a statement adds up.",
    name="StatementLineKind",
    SALES="Rewards that members took.",
    DONATIONS="What members donated.",
    REFUNDS="Sales and donations that were taken back, in this period or an earlier one.",
    REBATE="Commission that comes back by the contract's tiers of volume.",
    FEE="A fixed fee of the contract.",
    ADJUSTMENTS="Corrections that two people agreed on, points that you bought to give, what a bank sent back.",
    DISCOUNT_CAP="What you bore of tier discounts above your contract's cap.",
    RESERVE_HELD="The share of this statement's net that is held.",
    RESERVE_RELEASED="What was held of an earlier statement.",
)


@strawberry.type(name="StatementEntry", description="One sale, donation, refund or adjustment on a line.")
class EntryType:
    description: str = strawberry.field(description="What it was.")
    effective_on: date = strawberry.field(description="The day it happened, in the contract's time zone.")
    payable_on: date = strawberry.field(description="The day from which it could be paid out.")
    paid: MoneyType = strawberry.field(description="What the program paid for it in its own currency.")
    fx_rate: Decimal = strawberry.field(description="Units of your currency for one of the program's.")
    gross: MoneyType = strawberry.field(description="The same in your currency.")
    commission: MoneyType = strawberry.field(description="What the marketplace keeps.")
    vat: MoneyType = strawberry.field(description="VAT on the commission.")
    net: MoneyType = strawberry.field(description="What you are owed.")
    row: strawberry.Private[Accrual]

    @strawberry.field(description="How it came about.")
    async def explanation(self) -> Explanation:
        [found] = await explained([self.row])
        return Explanation.of(found)

    @classmethod
    def of(cls, row: Accrual) -> "EntryType":
        return cls(
            description=row.description,
            effective_on=row.effective_on,
            payable_on=row.payable_on,
            paid=MoneyType.minor(row.source_minor, row.source_currency),
            fx_rate=row.fx_rate.normalize(),
            gross=MoneyType.minor(row.gross_minor, row.currency),
            commission=MoneyType.minor(row.commission_minor, row.currency),
            vat=MoneyType.minor(row.vat_minor, row.currency),
            net=MoneyType.minor(row.net_minor, row.currency),
            row=row,
        )


@strawberry.type(name="StatementLine", description="One line of a statement.")
class LineType(Node):
    position: int = strawberry.field(description="Its place, from 1.")
    kind: LineKind = strawberry.field(description="What it adds up.")
    description: str = strawberry.field(description="What was sold, donated, refunded or adjusted.")
    quantity: BigInt = strawberry.field(description="How many.")
    gross: MoneyType = strawberry.field(description="What they were sold for together.")
    commission: MoneyType = strawberry.field(description="What the marketplace keeps of it.")
    vat: MoneyType = strawberry.field(description="VAT on the commission.")
    net: MoneyType = strawberry.field(description="What you are owed: gross - commission - VAT.")
    row: strawberry.Private[StatementLine]
    currency_code: strawberry.Private[str]

    @classmethod
    def of(cls, row: StatementLine, currency: str) -> "LineType":
        return cls(
            id=strawberry.ID(ids.public("statementLine", row.id)),
            position=row.position,
            kind=LineKind(row.kind),
            description=row.description,
            quantity=BigInt(row.quantity),
            gross=MoneyType.minor(row.gross_minor, currency),
            commission=MoneyType.minor(row.commission_minor, currency),
            vat=MoneyType.minor(row.vat_minor, currency),
            net=MoneyType.minor(row.net_minor, currency),
            row=row,
            currency_code=currency,
        )

    @strawberry.field(description="How the net comes about, in one sentence.")
    async def arithmetic(self, info: Info) -> str | None:
        contract: Contract | None = await batched(info, "contracts of lines", _contracts, self.row.contract_id)
        if contract is None:
            return None
        rates: list[int] | None = await batched(info, "rates of contracts", _own_rates, self.row.contract_id)
        at = await queries.rates_on(self.row) if rates else []
        return rules.arithmetic(self.row, contract, self.currency_code, at)

    @strawberry.field(description="What is on the line, one by one, oldest first.")
    async def entries(self, info: Info, first: First = None, after: After = None) -> Connection[EntryType]:
        query = await queries.accruals_on(self.row)
        page = await paging.page_of(query, first=first, after=after, sort="id")
        return Connection[EntryType].of(page, EntryType.of, query.count)

    @strawberry.field(description="How each amount on the line came about, oldest first.")
    async def explain(self, first: First = None, after: After = None) -> Connection[Explanation]:
        query = await queries.accruals_on(self.row)
        page = await paging.page_of(query, first=first, after=after, sort="id")
        found = {each.accrual.id: each for each in await explained(page.items)}
        return Connection[Explanation].of(page, lambda row: Explanation.of(found[row.id]), query.count)


async def _contracts(info: Info, wanted: list[UUID]) -> dict[UUID, Contract]:
    return {contract.id: contract for contract in await Contract.filter(id__in=wanted)}


async def _own_rates(info: Info, wanted: list[UUID]) -> dict[UUID, list[int]]:
    return await queries.own_rates(wanted)


@node_loader("statementLine")
async def load_lines(info: Info, wanted: list[UUID]) -> dict[UUID, LineType]:
    rows = await queries.lines_visible_to(actor_of(info)).filter(id__in=wanted).prefetch_related("statement")
    return {row.id: LineType.of(row, row.statement.currency) for row in rows}
