"""What to do next after a refusal: a kind for programs, a sentence for people, and the figures in it.

The shortest way to earn points is known to a higher room, which says so by `shortest_action_from`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from marketplace.kit import messages


class NextStepKind(StrEnum):
    """What helps."""

    EARN_POINTS = "EARN_POINTS"
    WAIT = "WAIT"
    REACH_TIER = "REACH_TIER"
    CHOOSE_ANOTHER = "CHOOSE_ANOTHER"
    LOOK_AGAIN = "LOOK_AGAIN"
    MEND_INPUT = "MEND_INPUT"
    TRY_AGAIN = "TRY_AGAIN"
    ASK = "ASK"


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do next: a template with its facts, the points to go, and the moment it opens."""

    kind: NextStepKind
    text: str
    facts: Mapping[str, object] = field(default_factory=dict[str, object])
    points: int | None = None
    opens_at: datetime | None = None

    def said(self, languages: Iterable[str]) -> str:
        """The sentence in the first language of the reader that we speak."""
        return messages.say(self.text, self.facts, languages)


ShortestAction = Callable[[UUID, int, Sequence[str]], Awaitable[str | None]]
_shortest: list[ShortestAction] = []


def shortest_action_from(source: ShortestAction) -> None:
    """Let a higher room say how a member earns so many points the shortest way; `app/wiring.py` does."""
    _shortest[:] = [source]


async def shortest_action(member_id: UUID, points: int, languages: Sequence[str]) -> str | None:
    """The shortest way for a member to earn so many points, in their language; None when nobody knows one."""
    return await _shortest[0](member_id, points, languages) if _shortest and points > 0 else None
