"""Refusals of the points room, in a member's words."""

from typing import Annotated

from marketplace.kit.messages import counted
from marketplace.kit.next_steps import NextStep, NextStepKind
from marketplace.kit.refusals import Refusal


class InsufficientPoints(Refusal):
    """The wallet holds fewer spendable points than are needed."""

    code = "INSUFFICIENT_POINTS"
    text = counted(
        "This needs {required} point and you have {available}: {missing} to go.",
        "This needs {required} points and you have {available}: {missing} to go.",
    )
    required: Annotated[int, "Points that this needs."]
    available: Annotated[int, "Points that can be spent now."]
    missing: Annotated[int, "Points to go."]

    @property
    def next_step(self) -> NextStep:
        """Earn them."""
        text = counted("Earn {missing} more point.", "Earn {missing} more points.")
        return NextStep(NextStepKind.EARN_POINTS, text, {"missing": self.missing}, points=self.missing)


class AwardReferenceReused(Refusal):
    """The program awarded points under this reference before, with other facts."""

    code = "AWARD_REFERENCE_REUSED"
    text = "The reference {reference} was used for another award. Use a new reference for a new award."
    reference: Annotated[str, "The program's reference."]
