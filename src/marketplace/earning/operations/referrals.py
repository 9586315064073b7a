"""What members do to bring friends."""

from dataclasses import dataclass

from marketplace.earning import referring
from marketplace.earning.models import Referral, ReferralCode
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput
from marketplace.members.models import Member, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateReferralCode(Command):
    """A code to give to friends."""


@operation(scope=Scope.EARN, returns=ReferralCode)
async def create_referral_code(actor: Actor, command: CreateReferralCode) -> ReferralCode:
    """Give the member a code of their own; whoever has one keeps it."""
    return await referring.code_of(await Member.get(id=actor.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class UseReferralCode(Command):
    """The code that a friend gave."""

    code: str


@operation(scope=Scope.EARN, returns=Referral)
async def use_referral_code(actor: Actor, command: UseReferralCode) -> Referral:
    """Note who sent the member: both are rewarded at the first purchase. Raises ReferralRefused, InvalidInput."""
    if not 1 <= len(command.code.strip()) <= 20:
        raise InvalidInput.at("code", "Give the code as your friend gave it.")
    member = await Member.get(id=actor.id)
    return await referring.refer(await Program.get(id=member.program_id), member, command.code)
