"""Giving points to a charity, and undoing it."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from marketplace.donations import steps
from marketplace.donations.models import Pledge, PledgeState
from marketplace.donations.refusals import DonationTooSmall, PledgeNotCancellable
from marketplace.kit import money
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.members.models import Member, Program
from marketplace.members.queries import point_value
from marketplace.members.steps import hold_funding
from marketplace.partners.models import Partner, PartnerKind, PartnerStatus
from marketplace.points.steps import hold


@dataclass(frozen=True, slots=True, kw_only=True)
class DonatePoints(Command):
    """A member's points for a charity of their choice."""

    charity_id: UUID
    points: int
    message: str = ""


@operation(scope=Scope.GIVE, returns=Pledge)
async def donate_points(actor: Actor, command: DonatePoints) -> Pledge:
    """Give points to a charity at their full value; no discount, no fee.

    Raises NotFound, InvalidInput, DonationTooSmall, InsufficientPoints, ProgramUnfunded or CharityNotOpen.
    """
    if command.points <= 0:
        raise InvalidInput.at("points", "Give at least one point.")
    if len(command.message) > 300:
        raise InvalidInput.at("message", "Use up to {most} characters.", most=300)
    charity = await Partner.get_or_none(
        id=command.charity_id, kind=PartnerKind.CHARITY.value, status=PartnerStatus.APPROVED.value
    )
    if charity is None:
        raise NotFound(what="charity")
    member = await Member.get(id=actor.id).prefetch_related("program")
    program: Program = member.program
    value = await point_value(program.id)
    worth = money.worth_of(command.points, program.home_currency, value)
    if worth == 0:
        raise _too_small(program.home_currency, value)
    ref = new_id()
    held = await hold(member.id, program.unit, command.points, reason="donation", ref_type="pledge", ref_id=ref)
    await hold_funding(program, worth, ref_type="donation", ref_id=ref)
    return await steps.pledge(program, charity, steps.Gift(held, worth, message=command.message))


def _too_small(currency: str, value: Decimal) -> DonationTooSmall:
    smallest = money.Money(1, currency)
    points = int((smallest.amount / value).to_integral_value(ROUND_CEILING))
    return DonationTooSmall(smallest=smallest, points=points)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPledge(Command):
    """A donation that is to be undone, with a reason for the record."""

    pledge_id: UUID
    reason: str


@operation(scope=Scope.SUPPORT, returns=Pledge)
async def cancel_pledge(actor: Actor, command: CancelPledge) -> Pledge:
    """Undo a donation that has not left for the charity. Raises NotFound or PledgeNotCancellable.

    One that was made by redeeming an offer is undone by refunding the redemption.
    """
    pledge = await Pledge.filter(id=command.pledge_id, redemption_id=None).select_for_update().first()
    if pledge is None:
        raise NotFound(what="donation")
    if pledge.state != PledgeState.PLEDGED:
        raise PledgeNotCancellable(current=pledge.state)
    member = await Member.get(id=pledge.member_id).prefetch_related("program")
    await steps.cancel_pledge(pledge, member.program, ref_id=new_id())
    return pledge
