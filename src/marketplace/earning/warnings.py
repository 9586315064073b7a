"""What may make a rule fail, though it is sound: said before it goes live, and never in its way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from marketplace.earning import queries, soundness
from marketplace.earning.models import EarningRule
from marketplace.earning.tallies import rules_of
from marketplace.earning.terms import Terms
from marketplace.earning.words import Warned
from marketplace.kit import clock
from marketplace.kit.messages import counted, noted, say
from marketplace.members.models import Program

_TEXTS = {
    Warned.TOO_MANY_CONDITIONS: counted(
        "This rule has {conditions} condition: people keep {most} in mind.",
        "This rule has {conditions} conditions: people keep {most} in mind.",
    ),
    Warned.SLOW_FIRST_REWARD: counted(
        "At what members typically earn, a newcomer waits {days} day for a first reward; you want at most {most}.",
        "At what members typically earn, a newcomer waits {days} days for a first reward; "
        "you want at most {most}.",
    ),
    Warned.OVERLAPS: noted(
        "The rule {other} is live for the same events, and both give. Put them into one group."
    ),
    Warned.NO_LIMIT: noted("This rule has neither a budget nor a limit for each member."),
}


@dataclass(frozen=True, slots=True)
class Warning:
    """One thing to think of, as a template with its facts."""

    code: Warned
    facts: dict[str, Any] = field(default_factory=dict[str, Any])

    def said(self, languages: Sequence[str]) -> str:
        """The warning in a sentence."""
        return say(_TEXTS[self.code], self.facts, languages)


async def warnings_of(program: Program, rule: EarningRule, said: Terms) -> list[Warning]:
    """Everything to think of before the rule goes live."""
    found: list[Warning] = []
    if soundness.is_hard(said):
        facts = {"conditions": soundness.conditions(said), "most": soundness.EASY_CONDITIONS}
        found.append(Warning(Warned.TOO_MANY_CONDITIONS, facts))
    if rule.budget_id is None and said.cap_points is None and said.cap_times is None:
        found.append(Warning(Warned.NO_LIMIT))
    for live in await rules_of(program.id, clock.now()):
        shares = live.id != rule.id and set(live.terms.events) & set(said.events)
        if (
            shares
            and live.terms.custom_name == said.custom_name
            and not (said.group and said.group == live.terms.group)
        ):
            found.append(Warning(Warned.OVERLAPS, {"other": live.code}))
    typical, policy = await queries.typical(program), await queries.policy_of(program.id)
    days = typical.days_to_first_reward
    if days is not None and days > policy.patience_days:
        found.append(Warning(Warned.SLOW_FIRST_REWARD, {"days": days, "most": policy.patience_days}))
    return found
