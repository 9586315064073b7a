"""Many events in one request, each through the door by itself: one that is refused spares its neighbours."""

from collections.abc import Sequence

from marketplace.earning.models import EarningEvent
from marketplace.earning.operations.events import RecordEvent, record_event
from marketplace.kit.actor import Actor
from marketplace.kit.refusals import Refusal

MOST_EVENTS = 500


async def record_events(actor: Actor, commands: Sequence[RecordEvent | Refusal]) -> list[EarningEvent | Refusal]:
    """Record each event in a transaction of its own, in the order given; what each came to.

    What could not be understood comes as its refusal, and stays one. A batch that broke off is simply sent again:
    what was recorded answers the event there is.
    """
    outcomes: list[EarningEvent | Refusal] = []
    for command in commands:
        if isinstance(command, Refusal):
            outcomes.append(command)
            continue
        try:
            outcomes.append(await record_event(actor, command))
        except Refusal as refused:
            outcomes.append(refused)
    return outcomes
