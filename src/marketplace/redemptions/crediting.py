"""What becomes of brand currency that was asked for, its redemption's row locked."""

from datetime import datetime
from uuid import UUID

from marketplace.kit import clock, database
from marketplace.redemptions import events, refunds, steps
from marketplace.redemptions.models import Credit, CreditState, Redemption, RedemptionState
from marketplace.redemptions.refund_rules import Ask

_WAITING = """
SELECT r.id FROM redemption r JOIN credit c ON c.redemption_id = r.id
WHERE r.partner_id = $1 AND r.state = 'PENDING' AND r.kind = 'BRAND_CURRENCY' AND c.batch_id IS NULL
    AND r.waits_for IS NULL
ORDER BY r.id LIMIT $2 FOR UPDATE OF r"""
_IN_BATCH = """
SELECT EXISTS (SELECT FROM credit c JOIN redemption r ON r.id = c.redemption_id
    WHERE c.batch_id = $1 AND r.state = 'PENDING')"""


async def lock_waiting(partner_id: UUID, limit: int) -> list[Redemption]:
    """A partner's oldest credits that are in no batch, locked."""
    ids = [row["id"] for row in await database.rows(_WAITING, partner_id, limit)]
    found = await Redemption.filter(id__in=ids, state=RedemptionState.PENDING.value).order_by("id")
    return list(found)


async def is_waiting(batch_id: UUID) -> bool:
    """Whether something in a batch is still to be answered."""
    return bool(await database.value(_IN_BATCH, batch_id))


async def answered(redemption: Redemption, state: CreditState, reason: str | None = None) -> None:
    """Note the partner's answer beside the credit; the other kinds have none."""
    answer: dict[str, str | datetime | None] = {"state": state.value, "answered_at": clock.now()}
    await Credit.filter(redemption_id=redemption.id).update(refused_reason=reason and reason[:200], **answer)


async def confirm(redemption: Redemption) -> None:
    """The units are in the member's account: the points are posted and the partner is owed."""
    await steps.spend(redemption, await redemption.program, await steps.title_of(redemption))
    await redemption.save(update_fields=["state", "fulfilled_at"])
    await events.tell(redemption)
    await answered(redemption, CreditState.CREDITED)


async def refuse(redemption: Redemption, reason: str) -> None:
    """The partner cannot credit anything of it: FAILED, and everything goes back."""
    await steps.undo(redemption, RedemptionState.FAILED, reason)
    await answered(redemption, CreditState.REFUSED, reason)


async def refuse_lots(redemption: Redemption, lots: int, reason: str) -> None:
    """Of what was credited, some lots could not be: their part goes back to the very lots of points."""
    plan = await refunds.plan_of(redemption, Ask(quantity=lots))
    await refunds.carry_out(plan, reason)
    await Credit.filter(redemption_id=redemption.id).update(refused_lots=lots, refused_reason=reason[:200])
