"""A price for brand currency that holds for some minutes, whatever rates do meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.redemptions import rules
from marketplace.redemptions.models import ExchangeQuote
from marketplace.redemptions.refusals import QuoteLapsed
from marketplace.storefront.queries import Priced, price_item

HOLDS_FOR: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteExchange(Command):
    """For how many lots of which item a price shall hold."""

    item_id: UUID
    lots: int = 1


@operation(scope=Scope.REDEEM, returns=ExchangeQuote)
async def quote_exchange(actor: Actor, command: QuoteExchange) -> ExchangeQuote:
    """Afterwards `redeemOffer` takes these lots at no more than this price until the quote lapses.

    Nothing is set aside. Raises what `price_item` raises, or InvalidInput.
    """
    priced = await price_item(actor.id, command.item_id)
    if priced.offer.kind != OfferKind.BRAND_CURRENCY:
        raise InvalidInput.at("itemId", "Only brand currency is quoted. The price of others is what lists show.")
    problem = rules.lots_problem(command.lots, priced.item.attributes)
    if problem is not None:
        raise InvalidInput(problems=[problem])
    moment = clock.now()
    return await ExchangeQuote.create(
        member_id=actor.id,
        item_id=priced.item.id,
        lots=command.lots,
        units=command.lots * (priced.item.units or 1),
        **{name: getattr(priced, name) for name in HELD},
        quoted_at=moment,
        holds_until=moment + HOLDS_FOR,
    )


HELD: Final = (
    "list_points",
    "points",
    "discount_bp",
    "price_minor",
    "currency",
    "home_minor",
    "home_currency",
    "discount_minor",
    "partner_discount_minor",
    "partner_share_bp",
    "point_value",
    "fx_rate",
    "fx_as_of",
)
"""What of a price a quote holds, for one lot."""


async def held_price(member_id: UUID, quote_id: UUID, priced: Priced, lots: int) -> Priced:
    """The price of a quote, or today's when that is lower; the quote is used up.

    Raises NotFound, InvalidInput for another item or number of lots, or QuoteLapsed.
    """
    quote = await ExchangeQuote.select_for_update().get_or_none(id=quote_id, member_id=member_id)
    if quote is None:
        raise NotFound(what="quote")
    if quote.item_id != priced.item.id or quote.lots != lots:
        raise InvalidInput.at("quoteId", "The quote is for another reward, or for another number of lots.")
    must_hold(quote, clock.now())
    quote.used_at = clock.now()
    await quote.save(update_fields=["used_at"])
    if priced.points <= quote.points:
        return priced
    return replace(priced, **{name: getattr(quote, name) for name in HELD})


def must_hold(quote: ExchangeQuote, moment: datetime) -> None:
    """Raises QuoteLapsed for a quote that was used or is over."""
    if quote.used_at is not None or moment > quote.holds_until:
        raise QuoteLapsed(until=quote.used_at or quote.holds_until)
