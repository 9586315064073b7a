"""What points can become, and which of the tested arms a member belongs to. Pure decisions."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from marketplace.kit.money import BASIS_POINTS
from marketplace.kit.rails import reaches_members
from marketplace.kit.refusals import Problem
from marketplace.members.models import Period
from marketplace.members.rules import problems_of_texts

MOST_WORTH_BP = 100_000
"""A point is worth at most ten times its value as some kind of reward."""
MOST_DAYS = 3650
MOST_ARMS = 5


@dataclass(frozen=True, slots=True)
class Arm:
    """Other ratios for a share of the members, beside the policy's own. What is not named stays."""

    name: str
    share_bp: int
    cash_rate_bp: int | None = None
    worth_bp: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Policy:
    """What points of a program can become in a market; see the table of the same name for each figure."""

    worth_bp: Mapping[str, int] = field(default_factory=dict[str, int])
    cash_rate_bp: int = 0
    cash_min_points: int = 0
    cash_max_points: int = 0
    cash_period: Period = Period.MONTH
    cash_countries: tuple[str, ...] = ()
    identity_required: bool = False
    enrolled_days: int = 0
    earned_days: int = 0
    points_share_bp: int = BASIS_POINTS
    arms: tuple[Arm, ...] = ()


def arm_for(member_id: UUID, program_id: UUID, shares: Sequence[tuple[str, int]]) -> str | None:
    """The arm that a member belongs to, by name; None for the policy's own ratios.

    The member's place in [0, 10000) is a hash of program and member, so it is the same on every day and on
    every machine, and an arm that grows keeps whom it had when it stands first.
    """
    place = int.from_bytes(hashlib.sha256(program_id.bytes + member_id.bytes).digest()[:8]) % BASIS_POINTS
    for name, share_bp in shares:
        if place < share_bp:
            return name
        place -= share_bp
    return None


def problems_of_policy(policy: Policy, kinds: Sequence[str], path: str = "") -> Iterator[Problem]:
    """Everything that is wrong with a policy; `kinds` are the kinds of reward there are."""
    at = f"{path}." if path else ""
    yield from _problems_of_worths(f"{at}worth", policy.worth_bp, kinds)
    yield from _problems_of_cash(at, policy)
    if not 0 <= policy.points_share_bp <= BASIS_POINTS:
        yield Problem(f"{at}pointsShareBp", "Give 0 to 10000 basis points.")
    yield from _problems_of_arms(f"{at}arms", policy.arms, kinds)


def _problems_of_worths(path: str, worths: Mapping[str, int], kinds: Sequence[str]) -> Iterator[Problem]:
    for kind, worth in worths.items():
        if kind not in kinds or not 1 <= worth <= MOST_WORTH_BP:
            yield Problem(f"{path}.{kind}", "A point is worth 1 to 100000 basis points of its value.")


def _problems_of_cash(at: str, policy: Policy) -> Iterator[Problem]:
    if not 0 <= policy.cash_rate_bp <= BASIS_POINTS:
        yield Problem(f"{at}cash.rateBp", "Give 0 to 10000 basis points.")
    if not 0 <= policy.cash_min_points <= policy.cash_max_points:
        yield Problem(f"{at}cash.maxPoints", "At least the minimum.")
    if not 0 <= policy.enrolled_days <= MOST_DAYS:
        yield Problem(f"{at}cash.enrolledDays", "Give 0 to 3650 days.")
    if not 0 <= policy.earned_days <= MOST_DAYS:
        yield Problem(f"{at}cash.earnedDays", "Give 0 to 3650 days.")
    for country in policy.cash_countries:
        if not reaches_members(country):
            yield Problem(f"{at}cash.countries.{country[:10]}", "No rail pays members there: leave it out.")


def _problems_of_arms(path: str, arms: Sequence[Arm], kinds: Sequence[str]) -> Iterator[Problem]:
    if len(arms) > MOST_ARMS:
        yield Problem(path, "Test at most 5 arms at a time.")
    if len({arm.name for arm in arms}) != len(arms):
        yield Problem(path, "Give each arm a name of its own.")
    if sum(arm.share_bp for arm in arms) > BASIS_POINTS:
        yield Problem(path, "The arms together hold at most all members: 10000 basis points.")
    for index, arm in enumerate(arms[:MOST_ARMS]):
        here = f"{path}.{index}"
        yield from problems_of_texts([(f"{here}.name", arm.name, 1, 20)])
        yield from _problems_of_worths(f"{here}.worth", arm.worth_bp, kinds)
        if arm.share_bp < 1:
            yield Problem(f"{here}.shareBp", "Give at least 1 basis point.")
        if arm.cash_rate_bp is not None and not 0 <= arm.cash_rate_bp <= BASIS_POINTS:
            yield Problem(f"{here}.cashRateBp", "Give 0 to 10000 basis points.")
