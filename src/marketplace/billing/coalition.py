"""Points that a partner buys, in the books and in its budget, inside a transaction that somebody else opened.

The money funds the program that issues the points: netted, it moves from what the partner is owed (PAYABLE, with
an adjustment that joins its next statement) to the program's funding; invoiced, it comes from the bank. The points
are added to a budget of the program in the partner's name, from which the program's rules give them, or the
partner itself.
"""

from decimal import Decimal
from uuid import UUID

from marketplace.billing import invoicing
from marketplace.billing.models import (
    CoalitionAward,
    CoalitionOrder,
    CoalitionOrderState,
    Invoice,
    Receipt,
    Takeback,
)
from marketplace.billing.refusals import (
    CoalitionNotCovered,
    CoalitionPartlyPaid,
    CoalitionPointsGiven,
    CoalitionPointsSpent,
)
from marketplace.earning.models import EarningBudget
from marketplace.earning.steps import add_to_budget, take_from_budget, take_what_is_left
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money, convert, split_evenly
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import balance, fx_rate
from marketplace.ledger.steps import draw, open_accounts
from marketplace.members.models import Program
from marketplace.members.refusals import ProgramUnfunded
from marketplace.partners.models import Accrual, AccrualKind, Contract, Partner
from marketplace.partners.steps import Netted, net_against
from marketplace.partners.wording import COALITION, COALITION_BACK
from marketplace.points.awarding import Wanted, award

THOUSAND = 1_000


def price_of(points: int, per_thousand_minor: int) -> int:
    """What so many points cost, in minor units, rounded up: never less than the rate says."""
    return -(-points * per_thousand_minor // THOUSAND)


def budget_code(partner: Partner) -> str:
    """The budget of a program in which a partner's points stand; no two partners share one."""
    return f"coalition-{partner.slug[:16]}-{partner.id.hex[-12:]}"


async def net(order: CoalitionOrder, program: Program, partner: Partner, contract: Contract) -> None:
    """Take the price from what the partner is owed and give it to the program. Program and partner are locked.

    Raises CoalitionNotCovered when it is not owed so much, or ledger.queries.NoRate.
    """
    rate = await fx_rate(program.home_currency, contract.currency)
    minor = convert(order.price_minor, program.home_currency, contract.currency, rate.rate)
    owed = await balance(accounts.partner(partner.id, Purpose.PAYABLE, contract.currency))
    if not 0 < minor <= owed:
        price, left = Money(minor, contract.currency), Money(max(owed, 0), contract.currency)
        raise CoalitionNotCovered(price=price, owed=left)
    slices = accounts.funding_slices(program.id, program.home_currency)
    await open_accounts(slices)
    shares = list(zip(slices, split_evenly(order.price_minor, len(slices)), strict=True))
    cause = Netted(order.id, "coalition_order", "coalition.netted", _said(order, program))
    await net_against(contract, -minor, shares, rate.rate, cause)
    order.charged_minor, order.charged_currency = minor, contract.currency


async def make_ready(
    order: CoalitionOrder, program: Program, partner: Partner, again: Receipt | None = None
) -> None:
    """The order is paid, or paid again by a receipt: its points can be given. Not saved."""
    points, reference, paid = order.points, _reference(order), Money(order.price_minor, order.currency)
    if again is not None:
        points, reference = points - order.given_points, _reference(order, "paid", again.id)
    if points:
        await add_to_budget(
            program.id, order.budget_code, points, reference, sponsor=partner.name, paid=None if again else paid
        )
    order.given_points = 0
    order.state, order.ready_at = CoalitionOrderState.READY.value, clock.now()


async def invoice_paid(invoice: Invoice, receipt: Receipt, program: Program) -> None:
    """A credit of exactly what was missing has paid an order's invoice, for the first time or again."""
    order = await CoalitionOrder.select_for_update().get(invoice_id=invoice.id)
    again = receipt if invoice.reopened_at is not None else None
    await invoicing.pay(invoice, receipt, invoice.amount_minor - invoice.paid_minor)
    if order.state == CoalitionOrderState.AWAITING:
        await make_ready(order, program, await Partner.get(id=order.partner_id), again)
        await order.save()


async def payment_went_back(invoice: Invoice, program: Program, takeback: Takeback) -> None:
    """READY -> AWAITING: the order is not paid after all, and what nobody was given of its points cannot be given.

    An order that was reversed stays so: its partner has the price twice, and the open invoice asks for it.
    """
    order = await CoalitionOrder.select_for_update().get(invoice_id=invoice.id)
    if order.state != CoalitionOrderState.READY:
        return
    taken = await take_what_is_left(
        program.id, order.budget_code, order.points, _reference(order, "returned", takeback.id)
    )
    order.given_points = order.points - taken
    order.state, order.ready_at = CoalitionOrderState.AWAITING.value, None
    await order.save()


async def has_bought(program_id: UUID, partner: Partner) -> bool:
    """Whether a partner ever bought points of a program."""
    return await EarningBudget.exists(program_id=program_id, code=budget_code(partner))


async def give(program: Program, partner: Partner, wanted: Wanted, reference: str) -> CoalitionAward:
    """Give points out of those that a partner bought: the budget holds fewer, the member's wallet more.

    They were paid for when they were bought, so no money moves. Raises CoalitionPointsSpent.
    """
    code, row_id = budget_code(partner), new_id()
    left = await take_from_budget(program.id, code, wanted.points, f"coalition:given:{row_id.hex}")
    if left is not None:
        raise CoalitionPointsSpent(left=left)
    budget = await EarningBudget.get(program_id=program.id, code=code)
    return await CoalitionAward.create(
        id=row_id,
        program=program,
        partner=partner,
        award=await award(program, wanted),
        reference=reference,
        points=wanted.points,
        left=budget.points - budget.used,
        given_at=clock.now(),
    )


async def cancel(order: CoalitionOrder, invoice: Invoice) -> None:
    """An unpaid order is not wanted any more, nor its money. Not saved.

    Raises CoalitionPointsGiven when members have points of it, and CoalitionPartlyPaid.
    """
    if order.given_points:
        raise CoalitionPointsGiven(points=order.points, left=order.points - order.given_points)
    if invoice.paid_minor:
        raise CoalitionPartlyPaid(paid=Money(invoice.paid_minor, invoice.currency))
    await invoicing.cancel(invoice)
    order.state, order.closed_at = CoalitionOrderState.CANCELLED.value, clock.now()


async def reverse(order: CoalitionOrder, program: Program, contract: Contract, reversal_id: UUID) -> None:
    """Take all of an order's points out of the budget and owe its price to the partner again. Not saved.

    It goes back as it came: at the rate of the day, the same amount. Raises CoalitionPointsGiven when points of it
    have been given, ProgramUnfunded when the program has spent the money.
    """
    left = await take_from_budget(program.id, order.budget_code, order.points, _reference(order, "reversed"))
    if left is not None:
        raise CoalitionPointsGiven(points=order.points, left=left)
    drawn = await draw(accounts.funding_slices(program.id, program.home_currency), order.price_minor)
    if drawn is None:
        raise ProgramUnfunded
    minor, rate = order.charged_minor, Decimal(1)
    if minor is None:
        rate = (await fx_rate(program.home_currency, contract.currency)).rate
        minor = convert(order.price_minor, program.home_currency, contract.currency, rate)
    else:
        rate = (await Accrual.get(kind=AccrualKind.ADJUSTMENT.value, ref_id=order.id)).fx_rate
    shares = [(slice, -part) for slice, part in drawn]
    cause = Netted(
        reversal_id,
        "coalition_order",
        "coalition.reversed",
        COALITION_BACK.written(what=_said(order, program))[:300],
    )
    await net_against(contract, minor, shares, rate, cause)
    order.state, order.closed_at = CoalitionOrderState.REVERSED.value, clock.now()


def _reference(order: CoalitionOrder, what: str = "", by: UUID | None = None) -> str:
    """What the budget knows an addition of an order as: the first payment, a reversal, or what `by` did."""
    return ":".join(["coalition", order.id.hex, *([what] if what else []), *([by.hex] if by else [])])


def _said(order: CoalitionOrder, program: Program) -> str:
    of = {"currency_name": program.point_name, "program": program.name}
    return COALITION.written(points=order.points, **of)[:300]
