"""Refusals of the members room."""

from typing import Annotated

from marketplace.kit.refusals import Refusal


class ProgramUnfunded(Refusal):
    """The program has not paid in enough to cover this. No points were taken."""

    code = "PROGRAM_UNFUNDED"
    text = "Your rewards program cannot cover this at the moment. Your points are untouched; please try later."


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
