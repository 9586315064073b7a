"""The same server with the same redemption in plain ORM statements: what one writes first, and reads most easily.

Every step reads and saves models, each with a statement of its own. All that the shipped one reads is read, and
all that it writes is written: nothing is left out and nothing is added. The rules, the door (claim, audit,
transaction), GraphQL and HTTP are ours.
"""

from datetime import timedelta

import uvicorn

from bench.plain_price import PlainPrice, price_of
from marketplace.app.asgi import application
from marketplace.catalog.models import Item, Stock, StockMovement
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.operations import operation
from marketplace.kit.settings import settings
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import Account, Balance, Journal, Purpose, Transfer
from marketplace.members.models import Member, Program
from marketplace.members.refusals import ProgramUnfunded
from marketplace.partners.models import Accrual, AccrualKind
from marketplace.partners.rules import shares
from marketplace.points.models import ActivityClock, Allocation, Hold, HoldState, Lot
from marketplace.points.refusals import InsufficientPoints
from marketplace.redemptions import operations
from marketplace.redemptions.models import Redemption, RedemptionState
from marketplace.redemptions.operations import RedeemOffer

Entries = list[tuple[AccountKey, AccountKey, int]]


async def account(key: AccountKey) -> Account:
    """The account, opened when it is not there yet."""
    found = await Account.get_or_none(id=key.id)
    if found is None:
        found = await Account.create(
            id=key.id, owner_kind=key.owner_kind.value, owner_id=key.owner_id, purpose=key.purpose.value,
            unit=key.unit, slice=key.slice, guarded=key.guarded, opened_at=clock.now(),
        )  # fmt: skip
        if key.guarded:
            await Balance.create(account=found, balance=0)
    return found


async def move(key: AccountKey, amount: int) -> None:
    """Change a guarded balance, locked."""
    if key.guarded:
        row = await Balance.select_for_update().get(account_id=key.id)
        row.balance += amount
        await row.save(update_fields=["balance"])


async def post(reason: str, ref_type: str, ref_id: object, entries: Entries) -> Journal:
    """A journal with its transfers."""
    moment = clock.now()
    journal = await Journal.create(
        reason=reason, ref_type=ref_type, ref_id=ref_id, booked_at=moment, effective_on=clock.today()
    )
    for debit, credit, amount in entries:
        if amount:
            one, other = await account(debit), await account(credit)
            await Transfer.create(
                journal=journal,
                debit_account_id=one.id,
                credit_account_id=other.id,
                unit=debit.unit,
                amount=amount,
            )
            await move(debit, -amount)
            await move(credit, amount)
    return journal


async def hold(member: Member, program: Program, points: int, ref_id: object) -> Hold:
    """Set points aside, the earliest-expiring lots first."""
    moment = clock.now()
    await ActivityClock.filter(member_id=member.id, expires_at__gt=moment)
    lots = await Lot.filter(member_id=member.id, remaining__gt=0).order_by("expires_at", "id").select_for_update()
    lots = [lot for lot in lots if lot.expires_at is None or lot.expires_at > moment]
    available = sum(lot.remaining for lot in lots)
    if available < points:
        raise InsufficientPoints(required=points, available=available, missing=points - available)
    row = await Hold.create(
        member=member, points=points, state=HoldState.OPEN.value, reason="redeem", ref_type="redemption",
        ref_id=ref_id, held_at=moment,
    )  # fmt: skip
    left = points
    for lot in lots:
        part = min(left, lot.remaining)
        lot.remaining -= part
        await lot.save(update_fields=["remaining"])
        await Allocation.create(hold=row, lot=lot, points=part)
        left -= part
        if not left:
            break
    wallet, held = (accounts.member(member.id, which, program.unit) for which in (Purpose.WALLET, Purpose.HELD))
    await post("points.held", "hold", row.id, [(wallet, held, points)])
    return row


async def hold_funding(program: Program, minor: int, ref_id: object) -> AccountKey:
    """Set the program's money aside, from a free slice that holds it, or wait for one."""
    goal = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
    by_id = {key.id: key for key in accounts.funding_slices(program.id, program.home_currency)}
    rows = Balance.filter(account_id__in=list(by_id), balance__gte=minor)
    row = await rows.select_for_update(skip_locked=True).first() or await rows.select_for_update().first()
    if row is None:
        raise ProgramUnfunded
    await post("funding.held", "redemption", ref_id, [(by_id[row.account_id], goal, minor)])
    return goal


async def accrue(found: PlainPrice, source: AccountKey, minor: int, ref_id: object) -> None:
    """Owe the partner."""
    day, contract, offer = clock.today(found.contract.timezone), found.contract, found.item.offer
    partner_id = offer.brand.partner_id
    parts = shares(minor, found.commission_bp, contract.vat_bp)
    entries = [
        (source, accounts.partner(partner_id, Purpose.PAYABLE, contract.currency), parts.net),
        (source, accounts.house(Purpose.COMMISSION, contract.currency), parts.commission),
        (source, accounts.house(Purpose.COMMISSION_VAT, contract.currency), parts.vat),
    ]
    journal = await post("accrual.sale", "redemption", ref_id, entries)
    await Accrual.create(
        partner_id=partner_id, contract=contract, journal=journal, kind=AccrualKind.SALE.value,
        ref_type="redemption", ref_id=ref_id, description=offer.title["en"], currency=contract.currency,
        gross_minor=parts.gross, commission_minor=parts.commission, vat_minor=parts.vat, net_minor=parts.net,
        source_minor=minor, source_currency=source.unit, fx_rate=1, commission_bp=found.commission_bp,
        effective_on=day, payable_on=day + timedelta(days=contract.return_window_days), booked_at=clock.now(),
    )  # fmt: skip


async def take(item: Item, ref_id: object) -> int:
    """Take one unit: the position of its code."""
    stock = await Stock.select_for_update().get(item_id=item.id)
    if stock.taken >= stock.loaded:
        raise OfferSoldOut
    stock.taken += 1
    await stock.save(update_fields=["taken"])
    await StockMovement.create(
        item=item, change=1, position=stock.taken, ref_type="redemption", ref_id=ref_id, at=clock.now()
    )
    return stock.taken


@operation(scope=Scope.REDEEM, returns=Redemption)
async def redeem_offer(actor: Actor, command: RedeemOffer) -> Redemption:
    """A voucher for points, whole or not at all."""
    found = await price_of(actor.id, command.item_id, command.expected_points)
    member, item, priced = found.member, found.item, found.price
    program: Program = member.program
    id, moment = new_id(), clock.now()
    minor = priced.home_minor - priced.partner_discount_minor
    held = await hold(member, program, priced.points, id)
    money = await hold_funding(program, minor, id)
    await Hold.filter(id=held.id, state=HoldState.OPEN.value).update(
        state=HoldState.POSTED.value, closed_at=moment
    )
    redeemed = accounts.program(program.id, Purpose.REDEEMED, program.unit)
    borne = accounts.program(program.id, Purpose.TIER_DISCOUNT, program.unit)
    own = accounts.member(member.id, Purpose.HELD, program.unit)
    discount = priced.list_points - priced.points
    await post("points.redeemed", "hold", held.id, [(own, redeemed, priced.points), (borne, redeemed, discount)])
    await accrue(found, money, minor, id)
    position = await take(item, id)
    return await Redemption.create(
        id=id, member=member, program=program, offer_id=item.offer_id, item=item,
        partner_id=item.offer.brand.partner_id, kind=item.offer.kind, state=RedemptionState.FULFILLED.value,
        hold=held, points=priced.points, list_points=priced.list_points, discount_bp=priced.discount_bp,
        price_minor=priced.price_minor, currency=item.currency, home_minor=minor,
        home_currency=program.home_currency, discount_minor=priced.discount_minor,
        partner_discount_minor=priced.partner_discount_minor, partner_share_bp=priced.partner_share_bp,
        point_value=priced.point_value, fx_rate=priced.rate.rate, fx_as_of=priced.rate.as_of,
        policy_id=found.policy.id, arm=found.policy.arm, worth_bp=priced.worth_bp, code_position=position,
        redeemed_at=moment, fulfilled_at=moment,
    )  # fmt: skip


def main() -> None:
    """Serve it as `marketplace serve` does."""
    operations.redeem_offer = redeem_offer
    uvicorn.run(application, factory=True, port=settings().port, log_config=None, server_header=False)


if __name__ == "__main__":
    main()
