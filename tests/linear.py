"""Whether a recorded history of operations on one object could have happened one after the other.

The search of Wing and Gong (1993) with Lowe's memory of what was tried (2017), as Porcupine does it: an operation
may be put next when it was called before any other that is left had returned, and when the object, as a plain
Python value, answers what was recorded. Linearizability is local (Herlihy and Wing 1990), so the history of each
object is checked by itself.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """What one process asked of an object and was answered, from `called` to `returned` on the machine's clock."""

    called: int
    returned: int
    what: str
    given: int
    answer: Any


Step = Callable[[Any, Operation], tuple[bool, Any]]
"""State and operation -> whether it could be answered so, and the state that follows."""


def is_linearizable(history: Sequence[Operation], start: Hashable, step: Step) -> bool:
    """Whether some order that respects who returned before who was called gives every recorded answer."""
    events = sorted(
        [(each.called, 0, number) for number, each in enumerate(history)]
        + [(each.returned, 1, number) for number, each in enumerate(history)]
    )
    count = len(events)
    after, before = list(range(1, count + 2)), list(range(-1, count + 1))
    back: dict[int, int] = {number: place for place, (_, kind, number) in enumerate(events, 1) if kind}
    state, done, tried = start, 0, set[tuple[int, Hashable]]()
    chosen: list[tuple[int, Any]] = []
    place = after[0]
    while after[0] <= count:
        _, is_return, number = events[place - 1]
        if is_return:
            if not chosen:
                return False
            place, state = chosen.pop()
            number = events[place - 1][2]
            done &= ~(1 << number)
            for each in (back[number], place):
                after[before[each]] = before[after[each]] = each
            place = after[place]
            continue
        possible, following = step(state, history[number])
        ahead = (done | 1 << number, following)
        if possible and ahead not in tried:
            tried.add(ahead)
            chosen.append((place, state))
            done, state = ahead
            for each in (place, back[number]):
                after[before[each]], before[after[each]] = after[each], before[each]
            place = after[0]
        else:
            place = after[place]
    return True


def stock(left: int, asked: Operation) -> tuple[bool, int]:
    """A number of units: `take` succeeds when there is one, `put` adds one, `read` tells how many."""
    match asked.what:
        case "take":
            return asked.answer == (left > 0), left - (left > 0)
        case "put":
            return True, left + 1
        case _:
            return asked.answer == left, left


def wallet(points: int, asked: Operation) -> tuple[bool, int]:
    """Points: `spend` succeeds when there are enough, `earn` adds some, `read` tells how many."""
    match asked.what:
        case "spend":
            return asked.answer == (points >= asked.given), points - asked.given * (points >= asked.given)
        case "earn":
            return True, points + asked.given
        case _:
            return asked.answer == points, points
