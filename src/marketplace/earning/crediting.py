"""Points of grants into wallets, inside a transaction that somebody else opened. Debts are paid first."""

from uuid import UUID

from marketplace.earning import rules
from marketplace.earning.models import DebtPayment, Grant
from marketplace.earning.words import GrantState
from marketplace.kit import clock, database
from marketplace.members.models import Program
from marketplace.points.steps import earn

_DEBTS = """
SELECT id, owed - paid AS left FROM earning_clawback WHERE member_id = $1 AND paid < owed ORDER BY id FOR UPDATE"""


async def credit(program: Program, grant: Grant) -> None:
    """What is left of a pending grant pays the member's debts, the oldest first; the rest becomes a lot.

    The lot was earned on the day of the event, and lives from now by the program's policy of that day. Whoever
    calls holds the member's lock and has seen the grant PENDING under it.
    """
    moment, points = clock.now(), grant.points - grant.reversed_points
    grant.netted_points = await _pay_debts(grant, points)
    grant.lot_points = points - grant.netted_points
    grant.state, grant.credited_at = GrantState.CREDITED.value, moment
    if not database.is_waiting(grant):
        await grant.save(update_fields=["netted_points", "lot_points", "state", "credited_at"])
    if grant.lot_points:
        await earn(
            grant.member_id,
            program.id,
            program.unit,
            grant.lot_points,
            origin_type="grant",
            origin_id=grant.id,
            earned_at=grant.effective_at,
            lives_from=moment,
        )


async def _pay_debts(grant: Grant, points: int) -> int:
    with database.aside("earning_clawback"):
        debts = await database.rows(_DEBTS, grant.member_id)
    parts = rules.netted(points, [debt["left"] for debt in debts])
    for debt, part in zip(debts, parts, strict=True):
        if part:
            await _pay(debt["id"], grant, part)
    return sum(parts)


async def _pay(debt_id: UUID, grant: Grant, points: int) -> None:
    await database.sum_up("earning_clawback", "paid", {debt_id: points})
    await database.add(DebtPayment(debt_id=debt_id, grant_id=grant.id, points=points, at=clock.now()))
