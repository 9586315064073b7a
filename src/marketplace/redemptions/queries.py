"""Reads of redemptions, scoped to who asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.catalog.models import OfferKind
from marketplace.kit import clock, database, vault
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.refusals import NotFound
from marketplace.members.models import Member
from marketplace.redemptions.models import CashRedemption, CodeReveal, Redemption, RedemptionState
from marketplace.storefront.cash import Ratios, Standing, period_of

_PLAINTEXT = """
SELECT c.ciphertext, i.attributes->>'link' AS link FROM redemption r JOIN item i ON i.id = r.item_id
LEFT JOIN voucher_code c ON c.item_id = r.item_id AND c.position = $2
WHERE r.id = $1 AND r.state = 'FULFILLED'"""
_VOUCHERS = """
SELECT r.id, c.expires_at,
    r.state = 'FULFILLED' AND (r.code_position IS NOT NULL OR i.attributes ? 'link') AS has_code
FROM redemption r JOIN item i ON i.id = r.item_id
LEFT JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.code_position WHERE r.id = ANY ($1)"""
_CASHED = """
SELECT coalesce(sum(points), 0) FROM cash_redemption
WHERE member_id = $1 AND redeemed_at >= $2 AND redeemed_at < $3 AND state IN ('PENDING', 'FULFILLED')"""

_LOTS = """
SELECT earned_at, sum(remaining)::bigint AS points FROM lot
WHERE member_id = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > $2)
GROUP BY earned_at ORDER BY earned_at"""


def visible_to(actor: Actor) -> QuerySet[Redemption]:
    """A member's own, a partner's own brands' ones, a program's members' ones; all for operators and jobs."""
    everything = Redemption.all()
    match actor.kind:
        case ActorKind.MEMBER:
            return everything.filter(member_id=actor.id)
        case ActorKind.PARTNER:
            return everything.filter(partner_id=actor.id)
        case ActorKind.PROGRAM:
            return everything.filter(program_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return everything


def only(
    query: QuerySet[Redemption], state: RedemptionState | None, kind: OfferKind | None
) -> QuerySet[Redemption]:
    """Only those in a state, and of a kind, when they are named."""
    query = query if state is None else query.filter(state=state.value)
    return query if kind is None else query.filter(kind=kind.value)


async def locked(actor: Actor, redemption_id: UUID) -> Redemption:
    """One that the actor can see, its row locked so that only one thing happens to it; raises NotFound."""
    redemption = await visible_to(actor).select_for_update().get_or_none(id=redemption_id)
    if redemption is None:
        raise NotFound(what="redemption")
    return redemption


async def pending_since(moment: datetime, limit: int) -> list[UUID]:
    """The longest waiting of those that were redeemed before a moment."""
    waiting = Redemption.filter(state=RedemptionState.PENDING.value, redeemed_at__lt=moment)
    return [row.id for row in await waiting.order_by("redeemed_at").limit(limit).only("id")]


def cash_visible_to(actor: Actor) -> QuerySet[CashRedemption]:
    """A member's own, a program's members' ones; all for operators and jobs; partners have none."""
    everything = CashRedemption.all()
    match actor.kind:
        case ActorKind.MEMBER:
            return everything.filter(member_id=actor.id)
        case ActorKind.PROGRAM:
            return everything.filter(program_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return everything
        case ActorKind.PARTNER:
            return everything.filter(id__in=[])


async def standing_of(member_id: UUID, policy: Ratios) -> Standing:
    """Where a member stands by a policy: what was paid out in this period (leaving out what came back), whether
    the program knows who they are, and which points are old enough.
    """
    moment = clock.now()
    member = await Member.get(id=member_id).select_related("program")
    start, end = period_of(policy.cash_period, moment, member.program.timezone)
    ripe, ripens = 0, list[tuple[datetime, int]]()
    if policy.earned_days:
        old_enough = timedelta(days=policy.earned_days)
        for lot in await database.rows(_LOTS, member_id, moment):
            if lot["earned_at"] + old_enough <= moment:
                ripe += lot["points"]
            else:
                ripens.append((lot["earned_at"] + old_enough, lot["points"]))
    return Standing(
        taken=int(await database.value(_CASHED, member_id, start, end)),
        period_ends=end,
        enrolled_at=member.enrolled_at,
        identity_confirmed=member.identity_confirmed_at is not None,
        ripe=ripe,
        ripens=tuple(ripens),
    )


async def plaintext_of(reveal: CodeReveal) -> str | None:
    """The code or link that a committed reveal is about; None when the redemption was closed since."""
    row = await database.row(_PLAINTEXT, reveal.redemption_id, reveal.position)
    if row is None:
        return None
    return vault.unseal(row["ciphertext"]) if row["ciphertext"] else row["link"]


@dataclass(frozen=True, slots=True)
class VoucherFacts:
    """Whether a voucher has something to reveal, and until when that can be used."""

    has_code: bool
    expires_at: datetime | None


async def vouchers(redemption_ids: Iterable[UUID]) -> dict[UUID, VoucherFacts]:
    """The facts of vouchers, by redemption."""
    rows = await database.rows(_VOUCHERS, list(redemption_ids))
    return {row["id"]: VoucherFacts(row["has_code"], row["expires_at"]) for row in rows}
