"""Planned reads: a GraphQL selection compiled once to the columns it takes and a function that shapes the answer.

A field says beside its resolver what it takes; a resolver of a list or an entity answers by `answer`, which
plans what it can and leaves the rest to the plain path. See docs/planned-reads.md.
"""

from marketplace.kit.plans.declare import Asked, Join, Need, Planned, Source, Unplannable, Use, planned
from marketplace.kit.plans.execute import PlannedExecution, Shaped, answer, answered

__all__ = [
    "Asked",
    "Join",
    "Need",
    "Planned",
    "PlannedExecution",
    "Shaped",
    "Source",
    "Unplannable",
    "Use",
    "answer",
    "answered",
    "planned",
]
