"""Planned reads: a GraphQL selection compiled once to the columns it takes and a function that shapes the answer.

A field says beside its resolver what it takes; a resolver of a list or an entity answers by `answer`, which
plans what it can and leaves the rest to the plain path. See docs/planned-reads.md.
"""

from marketplace.kit.plans.compile import Shaped, ShapedRows
from marketplace.kit.plans.counting import COUNTED
from marketplace.kit.plans.declare import (
    Asked,
    Join,
    Need,
    Nesting,
    Planned,
    Source,
    Unplannable,
    Use,
    Varies,
    directly,
    planned,
)
from marketplace.kit.plans.execute import PlannedExecution, answer, answered
from marketplace.kit.plans.keeping import Keeping
from marketplace.kit.plans.nodes import planned_as, planned_nodes
from marketplace.kit.plans.picks import RecallingPick, Witness

__all__ = [
    "COUNTED",
    "Asked",
    "Join",
    "Keeping",
    "Need",
    "Nesting",
    "Planned",
    "PlannedExecution",
    "RecallingPick",
    "Shaped",
    "ShapedRows",
    "Source",
    "Unplannable",
    "Use",
    "Varies",
    "Witness",
    "answer",
    "answered",
    "directly",
    "planned",
    "planned_as",
    "planned_nodes",
]
