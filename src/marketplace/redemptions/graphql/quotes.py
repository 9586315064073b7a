"""Quotes for brand currency."""

from datetime import datetime

import strawberry

from marketplace.catalog.refusals import NotAvailable, OfferSoldOut
from marketplace.kit import ids
from marketplace.kit.graphql import BigInt, Info, MoneyType, WriteInput, actor_of, mutation
from marketplace.kit.refusals import NotFound
from marketplace.members.refusals import ProgramLimitReached
from marketplace.redemptions import operations
from marketplace.redemptions.graphql.types import key_of
from marketplace.redemptions.models import ExchangeQuote

PREFIX = "exchangeQuote"


@strawberry.type(name="ExchangeQuote", description="A price for brand currency that holds for some minutes.")
class ExchangeQuoteType:
    id: strawberry.ID = strawberry.field(description="Give it to `redeemOffer` as `quoteId`.")
    lots: int = strawberry.field(description="For how many lots.")
    units: BigInt = strawberry.field(description="How many units they are.")
    points: BigInt = strawberry.field(description="What all of them cost at most, until the quote lapses.")
    price: MoneyType = strawberry.field(description="The same in the market's currency.")
    holds_until: datetime = strawberry.field(description="Until when the price holds.")

    @classmethod
    def of(cls, row: ExchangeQuote) -> "ExchangeQuoteType":
        return cls(
            id=strawberry.ID(ids.public(PREFIX, row.id)),
            lots=row.lots,
            units=BigInt(row.units),
            points=BigInt(row.points * row.lots),
            price=MoneyType.minor(row.price_minor * row.lots, row.currency),
            holds_until=row.holds_until,
        )


@strawberry.input(description="What to quote a price for.")
class QuoteExchangeInput(WriteInput):
    item_id: strawberry.ID = strawberry.field(description="The item's global id.")
    lots: int = strawberry.field(default=1, description="How many lots.")

    def command(self) -> operations.QuoteExchange:
        return operations.QuoteExchange(
            idempotency_key=self.idempotency_key,
            item_id=key_of("item", self.item_id, what="reward"),
            lots=self.lots,
        )


@strawberry.type
class QuoteMutation:
    @mutation(
        gives=ExchangeQuoteType,
        refuses=[NotFound, NotAvailable, ProgramLimitReached, OfferSoldOut],
        description="Ask for a price of brand currency that holds for ten minutes. Nothing is set aside.",
    )
    async def quote_exchange(self, info: Info, input: QuoteExchangeInput) -> ExchangeQuoteType | None:
        return ExchangeQuoteType.of(await operations.quote_exchange(actor_of(info), input.command()))
