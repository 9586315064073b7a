"""Whether an answer may be kept for others who see the same, and until when: told by the plans that made it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marketplace.kit import clock
from marketplace.kit.plans.compile import Plan
from marketplace.kit.plans.memory import NEVER
from marketplace.kit.plans.picks import RecallingPick, Witness


@dataclass(slots=True)
class Keeping:
    """One answer: `lasting` while nothing in it goes by more than its rows and the caller's standpoint.

    `stamps` are those that its statements gave: it holds while there is one, and that is the one of now. Or, of
    any moment, when all of `witnesses` agree.
    """

    lasting: bool = True
    until: datetime = NEVER
    stamps: set[str] = field(default_factory=set[str])
    witnesses: list[Witness] = field(default_factory=list[Witness])

    def learn(self, plan: Plan, pick: Any) -> None:
        """Add what one plan of the answer goes by."""
        view = pick.view if isinstance(pick, RecallingPick) else None
        if plan.varies or view is None or view.own or not pick.lasting or pick.stamp is None or not pick.witness:
            self.lasting = False
            return
        ahead = (moment for moment in pick.moments if moment > view.now)
        self.until = min([self.until, view.until, clock.next_quarter(view.now), *ahead])
        self.stamps.add(pick.stamp)
        self.witnesses.append(pick.witness)
