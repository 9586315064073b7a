"""The catalogue's part of the graph: offers of five kinds, what can be taken of them, markets and categories."""

from marketplace.catalog.graphql.items import ITEM_TYPES, ItemType, item_of, item_rows
from marketplace.catalog.graphql.offers import OFFER_TYPES, InMarket, OfferType, offer_of
from marketplace.catalog.graphql.reads import After, Before, First, Last, Query
from marketplace.catalog.graphql.shelves import CategoryType, MarketType, category, market_of
from marketplace.catalog.graphql.writes import Mutation

TYPES = (*OFFER_TYPES, *ITEM_TYPES)

__all__ = [
    "ITEM_TYPES",
    "OFFER_TYPES",
    "TYPES",
    "After",
    "Before",
    "CategoryType",
    "First",
    "InMarket",
    "ItemType",
    "Last",
    "MarketType",
    "Mutation",
    "OfferType",
    "Query",
    "category",
    "item_of",
    "item_rows",
    "market_of",
    "offer_of",
]
