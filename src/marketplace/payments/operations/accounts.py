"""The doors of payments: what a payee can do about being paid."""

from dataclasses import dataclass

from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.rails import Rail, rail_for
from marketplace.kit.refusals import NotAllowed
from marketplace.payments import steps
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.payments.refusals import PayoutsUnsupported

PAYEES = {ActorKind.MEMBER: PayeeKind.MEMBER, ActorKind.PARTNER: PayeeKind.PARTNER}


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePayoutOnboardingLink(Command):
    """Where the payee lives or is established."""

    country: str


@operation(scope=Scope.PAYOUT_ACCOUNT, returns=ConnectedAccount)
async def create_payout_onboarding_link(actor: Actor, command: CreatePayoutOnboardingLink) -> ConnectedAccount:
    """Open the payee's connected account, once; the link itself is made after the commit and never kept.

    An account keeps the country it was opened with. Raises PayoutsUnsupported.
    """
    if actor.kind not in PAYEES:
        raise NotAllowed("Only members and partners are paid.")
    if rail_for(command.country) is not Rail.STRIPE:
        raise PayoutsUnsupported(country=command.country)
    return await steps.open_account(PAYEES[actor.kind], actor.id, command.country)
