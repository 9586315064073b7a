"""Refusals of the members room."""

from datetime import datetime
from typing import Annotated

from marketplace.kit.messages import noted
from marketplace.kit.next_steps import NextStep, NextStepKind
from marketplace.kit.periods import LimitPeriod
from marketplace.kit.refusals import Refusal


class ProgramUnfunded(Refusal):
    """The program has not paid in enough to cover this. No points were taken."""

    code = "PROGRAM_UNFUNDED"
    text = "Your rewards program cannot cover this at the moment. Your points are untouched; please try later."

    @property
    def next_step(self) -> NextStep:
        """Later, when the program has paid in."""
        return NextStep(NextStepKind.TRY_AGAIN, noted("Try again later: your program has to pay in first."))


class ProgramLimitReached(Refusal):
    """The program lets a member take only so much in a period. Nothing was taken."""

    code = "PROGRAM_LIMIT_REACHED"
    text = "Your rewards program has a limit for each {period}: this would go beyond it."
    period: Annotated[LimitPeriod, "The period of the limit that is reached."]
    resets_at: Annotated[datetime | None, "When it counts anew; null for a limit for life."]

    @property
    def next_step(self) -> NextStep:
        """Wait, or take less."""
        if self.resets_at is None:
            return NextStep(NextStepKind.ASK, noted("Ask your rewards program to raise the limit."))
        text = noted("Choose something smaller, or come back on {resets_at}.")
        return NextStep(NextStepKind.WAIT, text, {"resets_at": self.resets_at}, opens_at=self.resets_at)


class MemberReferenceReused(Refusal):
    """The program enrolled somebody under this reference before, with other facts."""

    code = "MEMBER_REFERENCE_REUSED"
    text = "The reference {reference} is enrolled with other facts. Change the member, or use a new reference."
    reference: Annotated[str, "The program's own reference."]


class ProgramCodeTaken(Refusal):
    """Another program has this code or this issuer."""

    code = "PROGRAM_CODE_TAKEN"
    text = "There is a program with the code {program_code} or the issuer already."
    program_code: Annotated[str, "The code that was asked for."]
