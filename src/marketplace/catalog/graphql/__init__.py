"""The catalogue's part of the graph: offers of five kinds, what can be taken of them, markets and categories."""

import strawberry

from marketplace.catalog.graphql.drops import DropMutation, DropQuery, DropSubscription, DropType
from marketplace.catalog.graphql.items import ITEM_TYPES, ITEMS_OF_OFFERS, ItemType, item_of, item_rows
from marketplace.catalog.graphql.offers import (
    OFFER_TYPES,
    OFFERS_PLANNED,
    InMarket,
    OfferType,
    offer_of,
    one_offer,
)
from marketplace.catalog.graphql.reads import After, Before, First, Last, ShelfQuery
from marketplace.catalog.graphql.shelves import CategoryType, MarketType, category, market_of
from marketplace.catalog.graphql.writes import OfferMutation


@strawberry.type
class Query(ShelfQuery, DropQuery):
    """What the room answers."""


@strawberry.type
class Mutation(OfferMutation, DropMutation):
    """What the room does."""


@strawberry.type
class Subscription(DropSubscription):
    """What the room tells."""


TYPES = (DropType, *OFFER_TYPES, *ITEM_TYPES)

__all__ = [
    "ITEMS_OF_OFFERS",
    "ITEM_TYPES",
    "OFFERS_PLANNED",
    "OFFER_TYPES",
    "TYPES",
    "After",
    "Before",
    "CategoryType",
    "DropType",
    "First",
    "InMarket",
    "ItemType",
    "Last",
    "MarketType",
    "Mutation",
    "OfferType",
    "Query",
    "Subscription",
    "category",
    "item_of",
    "item_rows",
    "market_of",
    "offer_of",
    "one_offer",
]
