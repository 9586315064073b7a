"""Drawing on a program's funding, and stating its policies, inside a transaction that somebody else opened."""

import random
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.kit.money import split_evenly
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, draw, open_accounts, post
from marketplace.members.limit_steps import count_use, uncount_use
from marketplace.members.models import Program, RedemptionPolicy
from marketplace.members.policies import Policy
from marketplace.members.refusals import ProgramUnfunded
from marketplace.members.tier_steps import Credit, qualify

__all__ = [
    "Credit",
    "any_slice",
    "count_use",
    "fund",
    "hold_funding",
    "qualify",
    "release_funding",
    "state_policy",
    "uncount_use",
]


async def hold_funding(program: Program, minor: int, *, ref_type: str, ref_id: UUID) -> None:
    """Set money of the program's home currency aside for one cause: FUNDING -> FUNDING_HELD.

    Raises ProgramUnfunded when all slices together do not hold it. Nothing is posted for zero.
    """
    if not minor:
        return
    currency = program.home_currency
    slices = accounts.funding_slices(program.id, currency)
    drawn = await draw(slices, minor)
    if drawn is None:
        raise ProgramUnfunded
    held = accounts.program(program.id, Purpose.FUNDING_HELD, currency)
    entries = [Entry(slice, held, part) for slice, part in drawn]
    await post("funding.held", ref_type, ref_id, entries)


async def release_funding(program: Program, minor: int, *, ref_type: str, ref_id: UUID) -> None:
    """Put money that was set aside back: FUNDING_HELD -> FUNDING."""
    if minor:
        held = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
        await post("funding.released", ref_type, ref_id, [Entry(held, any_slice(program), minor)])


def any_slice(program: Program) -> accounts.AccountKey:
    """A slice of the program's funding, at random: where money that comes back goes."""
    return random.choice(accounts.funding_slices(program.id, program.home_currency))  # noqa: S311 (spreads load)


async def fund(
    program: Program,
    minor: int,
    source: accounts.AccountKey,
    *,
    ref_type: str,
    ref_id: UUID,
    reason: str = "funding.paid_in",
    also: Sequence[Entry] = (),
) -> UUID:
    """Money for the program, spread evenly over its slices: source -> FUNDING; returns the journal's id.

    `also` are entries of the same journal.
    """
    slices = accounts.funding_slices(program.id, program.home_currency)
    await open_accounts(slices)
    parts = zip(slices, split_evenly(minor, len(slices)), strict=True)
    entries = [*also, *(Entry(source, slice, part) for slice, part in parts)]
    return await post(reason, ref_type, ref_id, entries)


async def state_policy(program_id: UUID, country: str, valid_from: datetime, policy: Policy) -> RedemptionPolicy:
    """Keep a sound policy of a market, or ("") of all that have none of their own, from a moment on."""
    return await RedemptionPolicy.create(
        program_id=program_id,
        country=country,
        valid_from=valid_from,
        worth_bp=dict(policy.worth_bp),
        cash_rate_bp=policy.cash_rate_bp,
        cash_min_points=policy.cash_min_points,
        cash_max_points=policy.cash_max_points,
        cash_period=policy.cash_period.value,
        cash_countries=list(policy.cash_countries),
        identity_required=policy.identity_required,
        enrolled_days=policy.enrolled_days,
        earned_days=policy.earned_days,
        points_share_bp=policy.points_share_bp,
        arms={
            arm.name: {
                "share_bp": arm.share_bp,
                "cash_rate_bp": arm.cash_rate_bp,
                "worth_bp": dict(arm.worth_bp),
            }
            for arm in policy.arms
        },
    )
