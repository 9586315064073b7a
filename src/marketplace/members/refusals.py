"""Refusals of the members room."""

from marketplace.kit.refusals import Refusal


class ProgramUnfunded(Refusal):
    """The program has not paid in enough to cover this. No points were taken."""

    code = "PROGRAM_UNFUNDED"
    text = "Your rewards program cannot cover this at the moment. Your points are untouched; please try later."
