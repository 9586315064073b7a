"""The partners' part of the graph: types, reads and writes."""

from marketplace.partners.graphql.reads import Query
from marketplace.partners.graphql.types import BRAND_BESIDE, BrandType, CharityType, ContractType, PartnerType
from marketplace.partners.graphql.writes import Mutation

__all__ = ["BRAND_BESIDE", "BrandType", "CharityType", "ContractType", "Mutation", "PartnerType", "Query"]
