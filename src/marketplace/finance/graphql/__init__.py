"""Finance's part of the graph, divided by idea."""

import strawberry

from marketplace.finance.graphql.liability import LiabilityQuery
from marketplace.finance.graphql.results import ResultsQuery
from marketplace.finance.graphql.trails import TrailQuery


@strawberry.type
class Query(LiabilityQuery, ResultsQuery, TrailQuery):
    """What finance asks of all rooms."""
