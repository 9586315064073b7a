"""The steps that every journey is made of, and the rows they leave in the books."""

from datetime import timedelta
from uuid import uuid4

import pytest

from marketplace.catalog.models import Stock
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.catalog.steps import put_back, take_stock
from marketplace.kit import clock, database
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.members.models import Member, Program
from marketplace.members.refusals import ProgramUnfunded
from marketplace.members.steps import any_slice, fund, hold_funding
from marketplace.partners.models import AccrualKind
from marketplace.partners.steps import Cause, accrue, reverse_accrual
from marketplace.points.models import Lot
from marketplace.points.refusals import InsufficientPoints
from marketplace.points.steps import earn, give_back, hand_over, hold, release, spend_held
from tests import builders

pytestmark = pytest.mark.usefixtures("db")


async def give(member: Member, program: Program, points: int, days: int | None) -> Lot:
    now = clock.now()
    return await earn(
        member.id,
        program.id,
        program.unit,
        points,
        origin_type="award",
        origin_id=uuid4(),
        earned_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )


async def wallet(member: Member, program: Program, purpose: Purpose = Purpose.WALLET) -> int:
    return await queries.balance(accounts.member(member.id, purpose, program.unit))


async def test_a_redemption_takes_the_earliest_lot_first_and_a_refund_returns_to_the_very_lots() -> None:
    program = await builders.a_program()
    member = await builders.a_member(program)
    partner = await builders.a_partner(commission_bp=800, vat_bp=0)
    late = await give(member, program, 500, 90)
    early = await give(member, program, 700, 10)
    never = await give(member, program, 50, None)
    ref = uuid4()
    async with database.transaction():
        await fund(program, 100_00, accounts.house(Purpose.BANK, "EUR"), ref_type="top_up", ref_id=uuid4())
        held = await hold(member.id, program.unit, 1000, reason="redeem", ref_type="redemption", ref_id=ref)
        await hold_funding(program, 10_00, ref_type="redemption", ref_id=ref)
    for lot, remaining in ((early, 0), (late, 200), (never, 50)):
        await lot.refresh_from_db()
        assert lot.remaining == remaining
    assert (await wallet(member, program), await wallet(member, program, Purpose.HELD)) == (250, 1000)

    source = accounts.program(program.id, Purpose.FUNDING_HELD, "EUR")
    async with database.transaction():
        await spend_held(held, program.id, program.unit)
        accrual = await accrue(
            partner.id, Cause(AccrualKind.SALE, "redemption", ref, "Coffee voucher"), source, 10_00
        )
    assert await queries.balance(accounts.partner(partner.id, Purpose.PAYABLE, "EUR")) == 9_20
    assert await queries.balance(accounts.house(Purpose.COMMISSION, "EUR")) == 80
    assert await queries.balance(source) == 0
    assert await queries.fund(accounts.funding_slices(program.id, "EUR")) == 90_00

    refund = uuid4()
    async with database.transaction():
        await give_back(held, program.id, program.unit, 1000, ref_type="refund", ref_id=refund)
        await reverse_accrual(accrual, any_slice(program), ref_type="refund", ref_id=refund)
    for lot, remaining in ((early, 700), (late, 500), (never, 50)):
        await lot.refresh_from_db()
        assert lot.remaining == remaining
    assert await wallet(member, program) == 1250
    assert await queries.balance(accounts.partner(partner.id, Purpose.PAYABLE, "EUR")) == 0
    assert await queries.fund(accounts.funding_slices(program.id, "EUR")) == 100_00


async def test_what_is_too_dear_is_refused_with_the_points_to_go_and_nothing_happens() -> None:
    program = await builders.a_program()
    member = await builders.a_member(program)
    await give(member, program, 50, None)
    await give(member, program, 70, -1)
    with pytest.raises(InsufficientPoints) as refused:
        async with database.transaction():
            await hold(member.id, program.unit, 100, reason="redeem", ref_type="redemption", ref_id=uuid4())
    assert refused.value.facts == {"required": 100, "available": 50, "missing": 50}
    assert await database.value("SELECT count(*) FROM points_hold") == 0


async def test_an_unfunded_program_is_refused() -> None:
    program = await builders.a_program()
    async with database.transaction():
        await fund(program, 10_00, accounts.house(Purpose.BANK, "EUR"), ref_type="top_up", ref_id=uuid4())
    async with database.transaction():
        await hold_funding(program, 9_00, ref_type="redemption", ref_id=uuid4())
    with pytest.raises(ProgramUnfunded):
        async with database.transaction():
            await hold_funding(program, 1_01, ref_type="redemption", ref_id=uuid4())
    assert await queries.fund(accounts.funding_slices(program.id, "EUR")) == 1_00


async def test_released_and_given_points_keep_their_dates() -> None:
    program = await builders.a_program()
    giver, friend = await builders.a_member(program), await builders.a_member(program)
    lot = await give(giver, program, 300, 30)
    async with database.transaction():
        first = await hold(giver.id, program.unit, 100, reason="gift", ref_type="gift", ref_id=uuid4())
        await release(first, program.unit)
        second = await hold(giver.id, program.unit, 200, reason="gift", ref_type="gift", ref_id=uuid4())
        await hand_over(second, program.unit, friend.id, origin_type="gift", origin_id=second.ref_id)
    await lot.refresh_from_db()
    assert lot.remaining == 100
    given = await Lot.get(member_id=friend.id)
    assert (given.points, given.expires_at) == (200, lot.expires_at)
    assert (await wallet(giver, program), await wallet(friend, program)) == (100, 200)


async def test_codes_are_taken_in_order_and_a_returned_one_again_last() -> None:
    item = await builders.a_voucher(["A", "B"])
    refs = [uuid4(), uuid4(), uuid4()]
    async with database.transaction():
        assert await take_stock(item, ref_type="redemption", ref_id=refs[0]) == 1
        assert await take_stock(item, ref_type="redemption", ref_id=refs[1]) == 2
        with pytest.raises(OfferSoldOut):
            await take_stock(item, ref_type="redemption", ref_id=refs[2])
        await put_back(item, 1, ref_type="redemption", ref_id=refs[0])
        assert await take_stock(item, ref_type="redemption", ref_id=refs[2]) == 1
    assert (await Stock.get(item_id=item.id)).taken == 2


async def test_a_partner_in_another_currency_is_owed_at_the_days_rate_over_fx_accounts() -> None:
    program = await builders.a_program(home_currency="SEK")
    partner = await builders.a_partner(commission_bp=800, vat_bp=2100)
    await builders.a_rate("EUR", "SEK", "11.5")
    ref = uuid4()
    async with database.transaction():
        await fund(program, 500_00, accounts.house(Purpose.BANK, "SEK"), ref_type="top_up", ref_id=uuid4())
        await hold_funding(program, 115_00, ref_type="redemption", ref_id=ref)
        source = accounts.program(program.id, Purpose.FUNDING_HELD, "SEK")
        row = await accrue(partner.id, Cause(AccrualKind.SALE, "redemption", ref, "x"), source, 115_00)
    assert (row.gross_minor, row.commission_minor, row.vat_minor, row.net_minor) == (10_00, 80, 17, 9_03)
    assert await queries.balance(accounts.house(Purpose.FX, "SEK")) == 115_00
    assert await queries.balance(accounts.house(Purpose.FX, "EUR")) == -10_00
    total = "SELECT sum(amount) FROM transfer t JOIN account a ON a.id = t.credit_account_id WHERE a.unit = 'EUR'"
    assert await database.value(total) == 10_00
