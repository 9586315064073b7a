"""The catalogue's part of the graph: offers of five kinds, what can be taken of them, markets and categories."""

from marketplace.catalog.graphql.items import ITEM_TYPES, ItemType
from marketplace.catalog.graphql.offers import OFFER_TYPES, OfferType, offer_of
from marketplace.catalog.graphql.reads import Query
from marketplace.catalog.graphql.shelves import CategoryType, MarketType
from marketplace.catalog.graphql.writes import Mutation

TYPES = (*OFFER_TYPES, *ITEM_TYPES)

__all__ = [
    "ITEM_TYPES",
    "OFFER_TYPES",
    "TYPES",
    "CategoryType",
    "ItemType",
    "MarketType",
    "Mutation",
    "OfferType",
    "Query",
    "offer_of",
]
