"""The doors of the storefront: what a program's points can become, and what they are worth as what."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound, Problem
from marketplace.members.models import Program, RedemptionPolicy
from marketplace.members.policies import Policy, problems_of_policy
from marketplace.members.steps import state_policy

KINDS = tuple(kind.value for kind in OfferKind)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRedemptionPolicy(Command):
    """A whole policy: of one market, or of all that have none of their own; from now or from a later moment on."""

    program_id: UUID | None = None
    country: str | None = None
    valid_from: datetime | None = None
    policy: Policy = field(default_factory=Policy)


@operation(scope=Scope.POLICY, returns=RedemptionPolicy)
async def set_redemption_policy(actor: Actor, command: SetRedemptionPolicy) -> RedemptionPolicy:
    """State what points become from a moment on. What was redeemed keeps the policy it was made by.

    A program states its own, an operator any program's. Raises NotFound or InvalidInput.
    """
    program_id = actor.id if actor.kind is ActorKind.PROGRAM else command.program_id
    wanted = command.program_id in (None, program_id)
    program = await Program.get_or_none(id=program_id) if program_id and wanted else None
    if program is None:
        raise NotFound(what="program")
    moment = clock.now()
    valid_from = command.valid_from or moment
    problems = list(problems_of_policy(command.policy, KINDS))
    if command.country is not None and command.country not in program.countries:
        problems.append(Problem("country", "The program has no such market."))
    if valid_from < moment:
        problems.append(
            Problem("validFrom", "The past keeps its policies: leave this out, or name a later moment.")
        )
    if problems:
        raise InvalidInput(problems=problems)
    await database.lock("redemption policy", program.id)
    country = command.country or ""
    if await RedemptionPolicy.exists(program_id=program.id, country=country, valid_from=valid_from):
        raise InvalidInput.at("validFrom", "There is a policy from this moment already.")
    return await state_policy(program.id, country, valid_from, command.policy)
