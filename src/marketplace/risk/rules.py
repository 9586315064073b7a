"""What is odd: a figure beyond the threshold of its rule. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.risk.models import RiskKind

MOST_HOURS: Final = 24 * 366
NOTE_LENGTH: Final = 300
SHARED: Final = frozenset({RiskKind.SHARED_BANK_ACCOUNT, RiskKind.SHARED_DEVICE, RiskKind.SHARED_ADDRESS})


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule in force."""

    kind: RiskKind
    threshold: int
    hours: int


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that was met: what was found, beyond which threshold."""

    kind: RiskKind
    found: int
    threshold: int


def reasons(rules: Iterable[Rule], found: Mapping[RiskKind, int]) -> tuple[Reason, ...]:
    """The rules whose figure is beyond their threshold, in their order."""
    return tuple(
        Reason(rule.kind, found[rule.kind], rule.threshold)
        for rule in rules
        if found.get(rule.kind, 0) > rule.threshold
    )
