"""Reads of redemptions, scoped to who asks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.catalog.models import OfferKind
from marketplace.kit import database, vault
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.refusals import NotFound
from marketplace.redemptions.models import CashRedemption, CodeReveal, Redemption, RedemptionState, Refund

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


async def cashed_between(member_id: UUID, start: datetime, end: datetime) -> int:
    """Points that a member turned into cash in [start, end), leaving out what came back."""
    return int(await database.value(_CASHED, member_id, start, end))


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


async def refunds_of(redemption_ids: Iterable[UUID]) -> dict[UUID, list[Refund]]:
    """What was given back of some redemptions, the first refund first; never more than `MOST_REFUNDS` each."""
    found: dict[UUID, list[Refund]] = {id: [] for id in redemption_ids}
    for refund in await Refund.filter(redemption_id__in=list(found)).order_by("redemption_id", "number"):
        found[refund.redemption_id].append(refund)
    return found
