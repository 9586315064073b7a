"""Refusals of the earning room."""

from typing import Annotated

from marketplace.earning.words import EventState, ReferralProblem, RuleState
from marketplace.kit.refusals import Refusal


class EarningReferenceReused(Refusal):
    """The program used this reference before, with other facts."""

    code = "EARNING_REFERENCE_REUSED"
    text = "The reference {reference} was told with other facts before. Use a new reference for something new."
    reference: Annotated[str, "The program's reference."]


class EventNotOpen(Refusal):
    """The event went back already, or waited too long for its member."""

    code = "EVENT_NOT_OPEN"
    text = "This event is {current}, so nothing about it can change any more."
    current: Annotated[EventState, "Where the event stands."]


class NothingPending(Refusal):
    """No points of the event wait for being confirmed."""

    code = "NOTHING_PENDING"
    text = "No points of the event {reference} are pending."
    reference: Annotated[str, "The program's reference."]


class RuleCodeTaken(Refusal):
    """The program has a rule with this code already."""

    code = "RULE_CODE_TAKEN"
    text = "There is a rule {rule_code} already. Revise it, or use another code."
    rule_code: Annotated[str, "The code that was asked for."]


class RuleNotReady(Refusal):
    """A rule in this state does not allow that step."""

    code = "RULE_STATE"
    text = "The rule {rule_code} is {current_state}, so this is not possible."
    rule_code: Annotated[str, "The rule."]
    current_state: Annotated[RuleState, "Where the rule stands."]


class ReferralRefused(Refusal):
    """The referral does not count."""

    code = "REFERRAL_REFUSED"
    text = "This referral does not count: {problem}."
    problem: Annotated[ReferralProblem, "Why."]
