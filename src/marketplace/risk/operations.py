"""The doors of risk: stating what is odd."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members.models import Program
from marketplace.risk.models import Leaving, RiskKind, RiskRule
from marketplace.risk.queries import rules_in_force
from marketplace.risk.rules import MOST_HOURS


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRiskRule(Command):
    """One rule of a program from now on; without a threshold there is none of its kind any more."""

    program_id: UUID
    leaving: Leaving
    kind: RiskKind
    threshold: int | None
    hours: int


@operation(scope=Scope.RISK, returns=RiskRule)
async def set_risk_rule(actor: Actor, command: SetRiskRule) -> RiskRule:
    """State a rule. The old ones stay, to explain the reviews they opened. Raises NotFound or InvalidInput."""
    problems: list[Problem] = []
    if command.threshold is not None and command.threshold < 0:
        problems.append(Problem("threshold", "Give 0 or more, or nothing."))
    if not 1 <= command.hours <= MOST_HOURS:
        problems.append(Problem("hours", "Give 1 to {most} hours.", {"most": MOST_HOURS}))
    if problems:
        raise InvalidInput(problems=problems)
    if not await Program.exists(id=command.program_id):
        raise NotFound(what="program")
    await database.lock("risk rule", command.program_id)
    rule = await RiskRule.create(
        program_id=command.program_id,
        leaving=command.leaving.value,
        kind=command.kind.value,
        threshold=command.threshold,
        hours=command.hours,
        valid_from=clock.now(),
    )
    if command.leaving is Leaving.REWARD:
        odd = bool(await rules_in_force(command.program_id, Leaving.REWARD))
        await Program.filter(id=command.program_id).update(reviews_rewards=odd)
    return rule
