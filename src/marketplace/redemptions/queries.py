"""Reads of redemptions, scoped to who asks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.catalog.models import CodeFreeze, OfferKind
from marketplace.kit import clock, database, vault
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.money import minor_digits
from marketplace.kit.refusals import NotFound
from marketplace.members.models import Member
from marketplace.redemptions import proofs
from marketplace.redemptions.models import (
    Booking,
    CashRedemption,
    CodeReveal,
    Credit,
    CreditBatch,
    Entitlement,
    EntitlementState,
    Parcel,
    Redemption,
    RedemptionState,
    Refund,
    Reservation,
    ReservationState,
    ReturnRequest,
)
from marketplace.storefront.cash import Ratios, Standing, period_of

_PLAINTEXT = """
SELECT coalesce(c.ciphertext, i.attributes->>'generic_code') AS ciphertext, i.attributes->>'link' AS link
FROM redemption r JOIN item i ON i.id = r.item_id
LEFT JOIN voucher_code c ON c.item_id = r.item_id AND c.position = $2
WHERE r.id = $1 AND r.state = 'FULFILLED' AND NOT EXISTS (
    SELECT FROM withheld_code w WHERE w.item_id = r.item_id AND w.position = $2 AND w.freeze_id IS NOT NULL)"""
_VOUCHERS = """
SELECT r.id, c.expires_at, w.withheld_at AS stopped_at,
    r.state = 'FULFILLED' AND (
        r.code_position IS NOT NULL OR i.attributes ?| ARRAY['link', 'generic_code']) AS has_code
FROM redemption r JOIN item i ON i.id = r.item_id
LEFT JOIN voucher_code c ON c.item_id = r.item_id AND c.position = r.code_position
LEFT JOIN withheld_code w ON w.item_id = r.item_id AND w.position = r.code_position AND w.freeze_id IS NOT NULL
WHERE r.id = ANY ($1)"""
_RETURNABLE = """
SELECT r.id, coalesce(s.delivered_at, r.fulfilled_at) + make_interval(days => c.return_window_days) AS until
FROM redemption r JOIN shipment s ON s.redemption_id = r.id
JOIN accrual a ON a.kind = 'SALE' AND a.ref_id = r.id JOIN contract c ON c.id = a.contract_id
WHERE r.id = ANY ($1) AND r.fulfilled_at IS NOT NULL"""
_STOPPED = """
SELECT withheld_at FROM withheld_code WHERE item_id = $1 AND position = $2 AND freeze_id IS NOT NULL"""
_TO_BE_TOLD = """
SELECT r.id FROM withheld_code w
JOIN redemption r ON r.item_id = w.item_id AND r.code_position = w.position AND r.state = 'FULFILLED'
WHERE w.freeze_id = $1 AND NOT EXISTS (
    SELECT FROM redemption_event e
    WHERE e.redemption_id = r.id AND e.change = 'CODE_FROZEN' AND e.details->>'freeze' = $2)
LIMIT $3"""
_TO_BE_TOLD_AGAIN = """
SELECT e.redemption_id AS id FROM redemption_event e JOIN redemption r ON r.id = e.redemption_id
WHERE r.item_id = $1 AND e.change = 'CODE_FROZEN' AND e.details->>'freeze' = $2 AND NOT EXISTS (
    SELECT FROM redemption_event later WHERE later.redemption_id = e.redemption_id
        AND later.change = 'CODE_RELEASED' AND later.details->>'freeze' = $2)
LIMIT $3"""
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
            return everything.filter(partner_id=actor.id, waits_for=None)
        case ActorKind.PROGRAM:
            return everything.filter(program_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return everything


B = TypeVar("B", Parcel, ReturnRequest)


def beside(model: type[B], actor: Actor) -> QuerySet[B]:
    """Rows that belong to redemptions, of those that the actor can see."""
    match actor.kind:
        case ActorKind.MEMBER:
            return model.filter(redemption__member_id=actor.id)
        case ActorKind.PARTNER:
            return model.filter(redemption__partner_id=actor.id)
        case ActorKind.PROGRAM:
            return model.filter(redemption__program_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return model.all()


async def grouped(model: type[B], redemption_ids: Iterable[UUID]) -> dict[UUID, list[B]]:
    """Rows that belong to some redemptions, oldest first; a redemption has a few of them."""
    found: dict[UUID, list[B]] = {id: [] for id in redemption_ids}
    for row in await model.filter(redemption_id__in=list(found)).order_by("id"):
        found[row.redemption_id].append(row)
    return found


async def returnable_until(redemption_ids: Iterable[UUID]) -> dict[UUID, datetime]:
    """Until when merchandise can be sent back: its contract's return window after it arrived, or was sent."""
    return {row["id"]: row["until"] for row in await database.rows(_RETURNABLE, list(redemption_ids))}


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
    stopped_at: datetime | None = None


async def vouchers(redemption_ids: Iterable[UUID]) -> dict[UUID, VoucherFacts]:
    """The facts of vouchers, by redemption."""
    rows = await database.rows(_VOUCHERS, list(redemption_ids))
    return {row["id"]: VoucherFacts(row["has_code"], row["expires_at"], row["stopped_at"]) for row in rows}


async def refunds_of(redemption_ids: Iterable[UUID]) -> dict[UUID, list[Refund]]:
    """What was given back of some redemptions, the first refund first; never more than `MOST_REFUNDS` each."""
    found: dict[UUID, list[Refund]] = {id: [] for id in redemption_ids}
    for refund in await Refund.filter(redemption_id__in=list(found)).order_by("redemption_id", "number"):
        found[refund.redemption_id].append(refund)
    return found


@dataclass(frozen=True, slots=True)
class Saved:
    """What a member has saved, in minor units of the program's home currency."""

    currency: str
    rewards_minor: int
    discounts_minor: int
    redemptions: int


_SAVED = """
SELECT member.id, program.home_currency, count(r.id) AS redemptions,
    coalesce(sum(r.home_minor - back.home_minor + r.partner_discount_minor
        - coalesce(div(r.partner_discount_minor::numeric * back.price_minor, nullif(r.price_minor, 0)), 0)
    ), 0)::bigint AS rewards,
    coalesce(sum((r.list_points - r.points - back.discount_points) * r.point_value), 0) AS discounts
FROM member JOIN program ON program.id = member.program_id
    LEFT JOIN redemption r ON r.member_id = member.id AND r.state = 'FULFILLED'
    LEFT JOIN LATERAL (
        SELECT coalesce(sum(home_minor), 0) AS home_minor, coalesce(sum(price_minor), 0) AS price_minor,
            coalesce(sum(discount_points), 0) AS discount_points
        FROM refund WHERE redemption_id = r.id
    ) back ON TRUE
WHERE member.id = ANY ($1) GROUP BY member.id, program.home_currency"""


async def saved_by(member_ids: list[UUID]) -> dict[UUID, Saved]:
    """What members have saved with what they took and kept; discounts at the point value of each day."""
    found: dict[UUID, Saved] = {}
    for row in await database.rows(_SAVED, member_ids):
        currency = row["home_currency"]
        discounts = round(row["discounts"].scaleb(minor_digits(currency)))
        found[row["id"]] = Saved(currency, row["rewards"], discounts, row["redemptions"])
    return found


async def stopped_at(redemption: Redemption) -> datetime | None:
    """Since when the code of a redemption is stopped by a freeze; None when it is not."""
    return await database.value(_STOPPED, redemption.item_id, redemption.code_position)


def freezes_visible_to(actor: Actor) -> QuerySet[CodeFreeze]:
    """A partner's own brands' ones; all for operators and jobs; nobody else has any."""
    everything = CodeFreeze.all()
    match actor.kind:
        case ActorKind.PARTNER:
            return everything.filter(item__offer__brand__partner_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return everything
        case ActorKind.MEMBER | ActorKind.PROGRAM:
            return everything.filter(id__in=[])


async def to_be_told_of(freeze: CodeFreeze, limit: int) -> list[UUID]:
    """Redemptions whose members have not been told yet that their code was stopped, or works again."""
    if freeze.released_at is None:
        rows = await database.rows(_TO_BE_TOLD, freeze.id, str(freeze.id), limit)
    else:
        rows = await database.rows(_TO_BE_TOLD_AGAIN, freeze.item_id, str(freeze.id), limit)
    return [row["id"] for row in rows]


def batches_visible_to(actor: Actor) -> QuerySet[CreditBatch]:
    """A partner's own; all for operators and jobs; nobody else has any."""
    match actor.kind:
        case ActorKind.PARTNER:
            return CreditBatch.filter(partner_id=actor.id)
        case ActorKind.OPERATOR | ActorKind.SYSTEM:
            return CreditBatch.all()
        case ActorKind.MEMBER | ActorKind.PROGRAM:
            return CreditBatch.filter(id__in=[])


async def in_batch(batch_id: UUID) -> list[UUID]:
    """The redemptions of a batch."""
    return [row.redemption_id for row in await Credit.filter(batch_id=batch_id).only("redemption_id")]


async def credits_of_batch(batch_id: UUID) -> list[Credit]:
    """The credits of a batch in their order, with redemption, offer and item."""
    found = Credit.filter(batch_id=batch_id).order_by("redemption_id")
    return await found.select_related("redemption__offer", "redemption__item")


async def is_in_batch(redemption_id: UUID) -> bool:
    """Whether the partner has been asked in a batch already."""
    return await Credit.filter(redemption_id=redemption_id, batch_id__not_isnull=True).exists()


async def proof_of(redemption_id: UUID) -> proofs.Proof | None:
    """The ticket or right of a redemption; None when it has neither."""
    booking = await Booking.get_or_none(redemption_id=redemption_id)
    if booking is not None:
        return proofs.Proof(proofs.TICKET, booking.ticket)
    right = await Entitlement.get_or_none(redemption_id=redemption_id)
    return proofs.Proof(proofs.ENTITLEMENT, right.number) if right else None


async def open_reservations(member_ids: Sequence[UUID]) -> dict[UUID, list[Reservation]]:
    """What is set aside for these members now, the first to end first."""
    found: dict[UUID, list[Reservation]] = {}
    mine = Reservation.filter(member_id__in=list(member_ids), state=ReservationState.OPEN.value)
    for row in await mine.filter(expires_at__gt=clock.now()).order_by("expires_at", "id"):
        found.setdefault(row.member_id, []).append(row)
    return found


async def reservations_of_places(place_ids: Sequence[UUID]) -> dict[UUID, Reservation]:
    """What was set aside for those who waited."""
    return {row.place_id: row for row in await Reservation.filter(place_id__in=list(place_ids)) if row.place_id}


async def ended_reservations(moment: datetime, limit: int) -> list[UUID]:
    """Reservations that are OPEN past their end."""
    ended = Reservation.filter(state=ReservationState.OPEN.value, expires_at__lte=moment).order_by("expires_at")
    return [row.id for row in await ended.limit(limit)]


async def ended_rights(moment: datetime, limit: int) -> list[UUID]:
    """Redemptions whose rights are ACTIVE past their end."""
    ended = Entitlement.filter(state=EntitlementState.ACTIVE.value, ends_at__lte=moment).order_by("ends_at")
    return [row.redemption_id for row in await ended.limit(limit)]
