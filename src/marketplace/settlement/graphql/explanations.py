"""How an amount on a statement came about, down to the transfers of the books."""

from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from marketplace.kit.graphql import Info, MoneyType, describe_enum, load_node
from marketplace.kit.money import Money
from marketplace.ledger.graphql.books import JournalType
from marketplace.ledger.models import OwnerKind
from marketplace.partners.graphql.types import ContractType
from marketplace.partners.models import AccrualKind
from marketplace.redemptions.graphql.types import RedemptionType
from marketplace.settlement.explaining import Explained, Funding, Moved, RateOfDay, Step

describe_enum(
    AccrualKind,
    "What changed the amount owed.",
    SALE="A reward that a member took.",
    DONATION="What a member donated.",
    REFUND="A sale or donation that was taken back.",
    ADJUSTMENT="A correction that two people agreed on, points that you bought to give, or what a bank sent back.",
    REBATE="Commission that comes back by the contract's tiers of volume.",
    FEE="A fixed fee of the contract.",
    DISCOUNT_CAP="Tier discounts above the contract's cap, given back.",
    RESERVE_HELD="A share that is held.",
    RESERVE_RELEASED="What was held before.",
)


def _money(given: Money) -> MoneyType:
    return MoneyType.minor(given.minor, given.currency)


@strawberry.type(description="One step of the arithmetic.")
class ExplanationStep:
    what: str = strawberry.field(description="What it gives: `gross`, `commission`, `vat` or `net`.")
    formula: str = strawberry.field(description="The figures it is made of.")
    exact: Decimal = strawberry.field(description="What they exactly give.")
    amount: MoneyType = strawberry.field(description="What that was rounded to, half-even.")

    @classmethod
    def of(cls, step: Step) -> "ExplanationStep":
        return cls(what=step.what, formula=step.formula, exact=step.exact, amount=_money(step.rounded))


@strawberry.type(description="The exchange rate that was used.")
class ExplanationRate:
    rate: Decimal = strawberry.field(description="Units of your currency for one of the program's.")
    source: str = strawberry.field(description="Who stated it.")
    as_of: datetime | None = strawberry.field(description="When it was stated.")

    @classmethod
    def of(cls, rate: RateOfDay) -> "ExplanationRate":
        return cls(rate=rate.rate.normalize(), source=rate.source, as_of=rate.as_of)


@strawberry.type(description="Who paid for a sale, in the program's currency.")
class ExplanationFunding:
    charged: MoneyType = strawberry.field(description="What was charged for it: the price less your part.")
    discount: MoneyType = strawberry.field(description="What a tier took off the points, in money.")
    borne_by_partner: MoneyType = strawberry.field(description="Your part of that.")
    borne_by_program: MoneyType = strawberry.field(description="The program's part of that.")
    paid_by_card: MoneyType = strawberry.field(description="What the member paid by card.")

    @classmethod
    def of(cls, funding: Funding) -> "ExplanationFunding":
        return cls(**{each.name: _money(getattr(funding, each.name)) for each in fields(funding)})


@strawberry.type(description="One transfer of the books.")
class ExplanationTransfer:
    debit_owner: OwnerKind = strawberry.field(description="Whose account it left.")
    debit: str = strawberry.field(description="What that account is for, such as `FUNDING_HELD`.")
    credit_owner: OwnerKind = strawberry.field(description="Whose account it reached.")
    credit: str = strawberry.field(description="What that account is for, such as `PAYABLE`.")
    amount: MoneyType = strawberry.field(description="How much.")

    @classmethod
    def of(cls, row: Moved) -> "ExplanationTransfer":
        return cls(
            debit_owner=OwnerKind(row.debit_owner),
            debit=row.debit,
            credit_owner=OwnerKind(row.credit_owner),
            credit=row.credit,
            amount=_money(row.amount),
        )


@strawberry.type(description="How one amount came about, from the rows of its day.")
class Explanation:
    kind: AccrualKind = strawberry.field(description="What it is.")
    description: str = strawberry.field(description="In words.")
    effective_on: date = strawberry.field(description="The day it happened, in the contract's time zone.")
    booked_at: datetime = strawberry.field(description="When it was booked.")
    payable_on: date = strawberry.field(description="The day from which it could be paid out.")
    net: MoneyType = strawberry.field(description="What it changed the amount owed by.")
    commission_bp: int | None = strawberry.field(description="The commission that applied, in basis points.")
    vat_bp: int = strawberry.field(description="VAT on it, in basis points.")
    rate: ExplanationRate | None = strawberry.field(description="The exchange rate; null when there was none.")
    funding: ExplanationFunding | None = strawberry.field(description="Who paid; null for what is no redemption.")
    steps: list[ExplanationStep] = strawberry.field(description="The arithmetic, step by step.")
    transfers: list[ExplanationTransfer] = strawberry.field(description="What the books moved for it.")
    taken_back: MoneyType | None = strawberry.field(description="For a refund: the net of the sale it is of.")
    contract_key: strawberry.Private[UUID]
    journal_key: strawberry.Private[UUID]
    redemption_key: strawberry.Private[UUID | None]

    @strawberry.field(description="The contract of its day.")
    async def contract(self, info: Info) -> ContractType | None:
        return await load_node(info, "contract", self.contract_key)

    @strawberry.field(description="The journal of these transfers, for finance.")
    async def journal(self, info: Info) -> JournalType | None:
        return await load_node(info, "journal", self.journal_key)

    @strawberry.field(description="The redemption it is of.")
    async def redemption(self, info: Info) -> RedemptionType | None:
        return await load_node(info, "redemption", self.redemption_key) if self.redemption_key else None

    @classmethod
    def of(cls, found: Explained) -> "Explanation":
        row = found.accrual
        return cls(
            kind=AccrualKind(row.kind),
            description=row.description,
            effective_on=row.effective_on,
            booked_at=row.booked_at,
            payable_on=row.payable_on,
            net=MoneyType.minor(row.net_minor, row.currency),
            commission_bp=row.commission_bp,
            vat_bp=found.contract.vat_bp,
            rate=ExplanationRate.of(found.rate) if found.rate else None,
            funding=ExplanationFunding.of(found.funding) if found.funding else None,
            steps=[ExplanationStep.of(step) for step in found.steps],
            transfers=[ExplanationTransfer.of(moved) for moved in found.transfers],
            taken_back=MoneyType.minor(found.sale.net_minor, row.currency) if found.sale else None,
            contract_key=row.contract_id,
            journal_key=row.journal_id,
            redemption_key=found.redemption_id,
        )
