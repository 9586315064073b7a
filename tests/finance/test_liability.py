"""Points liability at any moment: what the books say, by lot, at the worth of the day, with expected breakage."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from marketplace.finance import backtest, counting, liability, lots, standing
from marketplace.finance.checks import points_by_program
from marketplace.kit import clock, database, ids
from marketplace.ledger import accounts, steps
from marketplace.ledger.models import Purpose
from marketplace.members.models import PointValue, Program
from marketplace.points.jobs import expire_lots
from tests import builders
from tests.books import violations
from tests.client import as_operator, as_program
from tests.redemptions.world import Shopper, a_shopper, give_points

pytestmark = pytest.mark.usefixtures("db")

FINANCE = as_operator(UUID(int=7), "finance")
ADMIN = as_operator(UUID(int=6), "admin")
DAY = timedelta(days=1)
LIABILITY = """query($asOf: DateTime, $programId: ID, $currency: CurrencyCode) {
  pointsLiability(asOf: $asOf, programId: $programId, currency: $currency) {
    programCode pointValue overdue rate worthInCurrency { amount currency }
    total { lots available held points worth { amount currency } expectedBreakage }
    buckets { fromDays untilDays part { points worth { amount } } }
    cohorts { month part { points } } usedByAge } }"""
LOTS = """query($asOf: DateTime, $after: String) { liabilityLots(asOf: $asOf, first: 2, after: $after) {
    nodes { id memberId earned available held expiresAt } pageInfo { hasNextPage endCursor } } }"""


async def by_lot(moment: datetime) -> dict[UUID, tuple[int, int]]:
    rows = await lots.page(moment, None, UUID(int=0), 100)
    return {row.id: (row.available, row.held) for row in rows}


async def told(moment: datetime) -> Any:
    """All that the liability is made of: the groups of lots, and how points ran off."""
    known = await standing.at(moment)
    run_offs = await standing.run_offs(known, DAY)
    return await standing.groups(known), {id: (each.shares, each.tail) for id, each in run_offs.items()}


async def now_by_lot(shopper: Shopper) -> dict[UUID, tuple[int, int]]:
    """What the rows say now: the measure for what is put together for a past moment later."""
    sql = """SELECT l.id, l.remaining, coalesce((SELECT sum(a.points) FROM lot_allocation a
        JOIN points_hold h ON h.id = a.hold_id WHERE a.lot_id = l.id AND h.state = 'OPEN'), 0)::bigint AS held
        FROM lot l WHERE l.remaining > 0 OR EXISTS (SELECT FROM lot_allocation a JOIN points_hold h
            ON h.id = a.hold_id WHERE a.lot_id = l.id AND h.state = 'OPEN')"""
    return {row["id"]: (row["remaining"], row["held"]) for row in await database.rows(sql)}


async def refund(shopper: Shopper, redemption: Any, amount: str | None = None) -> Any:
    more: dict[str, Any] = {"part": {"amount": {"amount": amount, "currency": "EUR"}}} if amount else {}
    return await as_program(shopper.program.id).do(
        "refundRedemption", "... on Redemption { state }", redemptionId=redemption["id"], reason="Broken", **more
    )


async def test_every_past_moment_is_put_together_as_it_was():
    with clock.travel(-20 * DAY):
        shopper = await a_shopper(points=3000)
    goods = await builders.an_item(await builders.an_offer(builders.OfferKind.MERCHANDISE), stock=5)
    voucher = await builders.a_voucher(["A", "B", "C"])
    address = {"name": "Ada", "line1": "Damrak 1", "city": "Amsterdam", "postalCode": "1012 LG", "country": "NL"}
    seen: list[tuple[datetime, dict[UUID, tuple[int, int]]]] = []

    async def look() -> None:
        seen.append((clock.now(), await now_by_lot(shopper)))

    async def at(days_ago: int, what: Any) -> Any:
        with clock.travel(-days_ago * DAY):
            answer = await what()
        with clock.travel(-days_ago * DAY + timedelta(minutes=1)):
            await look()
        return answer

    taken = await at(18, lambda: shopper.redeem(voucher))
    ordered = await at(16, lambda: shopper.redeem(goods, address=address))
    assert (taken["state"], ordered["state"]) == ("FULFILLED", "PENDING")
    await at(15, lambda: refund(shopper, taken, "4.00"))
    await at(14, lambda: refund(shopper, taken))
    twice = await at(13, lambda: shopper.redeem(voucher))
    assert await at(12, lambda: refund(shopper, twice, "7.00")) == {
        "__typename": "Redemption",
        "state": "FULFILLED",
    }
    await at(11, lambda: refund(shopper, twice, "1.00"))
    charity = ids.public("charity", (await builders.a_charity()).id)
    pledge = "... on Pledge { id state }"
    given = await at(10, lambda: shopper.phone.do("donatePoints", pledge, charityId=charity, points=300))
    await at(9, expire_lots)
    await at(8, lambda: ADMIN.do("cancelPledge", pledge, pledgeId=given["id"], reason="By mistake"))
    await at(
        7, lambda: shopper.phone.do("cancelRedemption", "... on Redemption { state }", redemptionId=ordered["id"])
    )
    await at(5, lambda: give_points(shopper.member, shopper.program, 700))

    assert len({tuple(sorted(each.items())) for _, each in seen}) >= 5
    for moment, then in seen:
        assert await by_lot(moment) == then, moment
    uncounted = [await told(moment) for moment, _ in seen]
    assert await counting.count_days() in {19, 20}
    assert await counting.count_days() == 0
    assert [await told(moment) for moment, _ in seen] == uncounted
    assert await violations() == []


async def test_it_is_what_the_books_say_and_worth_what_it_was_worth_that_day():
    with clock.travel(-100 * DAY):
        shopper = await a_shopper(points=0)
        await give_points(shopper.member, shopper.program, 1001)
    with clock.travel(-10 * DAY):
        await give_points(shopper.member, shopper.program, 333)
    await PointValue.create(program=shopper.program, valid_from=clock.today() - 20 * DAY, value=Decimal("0.015"))
    await builders.a_rate("EUR", "USD", "1.25")

    async def ask(days_ago: int, **more: Any) -> Any:
        as_of = (clock.now() - days_ago * DAY).isoformat()
        found = (await FINANCE.get(LIABILITY, asOf=as_of, **more))["pointsLiability"]
        return next(each for each in found if each["programCode"] == shopper.program.code)

    before, now = await ask(50), await ask(0, currency="USD")

    assert before["total"]["points"] == 1001
    assert before["total"]["worth"] == {"amount": "10.01", "currency": "EUR"}
    assert now["total"]["points"] == 1334
    assert now["total"]["worth"]["amount"] == "20.01"
    assert now["worthInCurrency"] == {"amount": "25.01", "currency": "USD"}
    assert Decimal(now["rate"]) == Decimal("1.25")
    parts = [bucket["part"] for bucket in now["buckets"]]
    assert [part["points"] for part in parts] == [333, 0, 1001, 0, 0, 0]
    assert sum(Decimal(part["worth"]["amount"]) for part in parts) == Decimal("20.01")
    assert sum(cohort["part"]["points"] for cohort in now["cohorts"]) == 1334
    assert before["worthInCurrency"] is None


async def test_its_lots_are_listed_page_by_page():
    shopper = await a_shopper(points=3000)
    await give_points(shopper.member, shopper.program, 5)

    first = (await FINANCE.get(LOTS))["liabilityLots"]
    rest = (await FINANCE.get(LOTS, after=first["pageInfo"]["endCursor"]))["liabilityLots"]

    assert [lot["available"] for lot in first["nodes"] + rest["nodes"]] == [1500, 1500, 5]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert first["nodes"][0]["memberId"] == ids.public("member", shopper.member.id)
    past = (await FINANCE.get(LOTS, asOf=(clock.now() - DAY).isoformat()))["liabilityLots"]
    assert past["nodes"] == []


@pytest.mark.parametrize(
    "asked",
    [
        {"programId": "nobody"},
        {"programId": f"member_{UUID(int=1).hex}"},
        {"programId": f"program_{UUID(int=1).hex}"},
    ],
)
async def test_what_is_no_program_is_said_so(asked: dict[str, str]):
    answer = await FINANCE.ask(LIABILITY, **asked)
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    answer = await FINANCE.ask(LOTS, after="nonsense")
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


_COHORTS = """
WITH months AS (SELECT m, gen_random_uuid() AS lot, gen_random_uuid() AS origin, $2::timestamptz
    + m * interval '30 days' AS at FROM generate_series(0, 23) m),
lots AS (INSERT INTO lot (id, member_id, origin_type, origin_id, points, remaining, earned_at, expires_at)
    SELECT lot, $1, 'award', origin, 1000000, 1000000, at, at + interval '180 days' FROM months),
told AS (INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    SELECT gen_random_uuid(), 'points.earned', 'award', origin, at, at::date FROM months),
uses AS (SELECT lot, gen_random_uuid() AS hold, at + age * interval '30 days' + interval '15 days' AS at,
    (1000000 * (0.8 ^ age) * 0.2)::bigint AS points
    FROM months, generate_series(0, 5) age WHERE at + age * interval '30 days' + interval '15 days' <= $3),
holds AS (INSERT INTO points_hold (id, member_id, points, state, reason, ref_type, ref_id, held_at, closed_at)
    SELECT hold, $1, points, 'POSTED', 'redeem', 'redemption', hold, at, at FROM uses),
taken AS (INSERT INTO lot_allocation (id, hold_id, lot_id, points, returned)
    SELECT gen_random_uuid(), hold, lot, points, 0 FROM uses)
INSERT INTO lot_expiry (id, lot_id, points, expired_at)
SELECT gen_random_uuid(), lot, 1000000 - (SELECT sum(points) FROM uses u WHERE u.lot = m.lot),
    at + interval '180 days' FROM months m WHERE at + interval '180 days' <= $3"""


async def test_the_expectation_is_tested_on_a_history_of_two_years():
    """Each month a fifth of what is left is used; after six months the rest expires: 26.2 % of what was earned."""
    member = await builders.a_member()
    until = clock.now()
    await database.execute(_COHORTS, member.id, until - 720 * DAY, until)

    (tested,) = await backtest.back_test(until, step=liability.MONTH)

    assert len(tested.steps) == 8
    assert abs(tested.error_used) < 0.01
    assert abs(tested.error_expired) < 0.01
    assert sum(step.expired for step in tested.steps[:5]) > 1_000_000
    (found,) = await liability.liability(until, step=liability.MONTH)
    assert found.run_off.shares[:5] == pytest.approx([0.2] * 5, abs=0.005)
    youngest = found.cohorts[-1].part
    assert youngest.breakage == pytest.approx(youngest.points * 0.8**5, rel=0.03)


async def test_without_points_there_is_nothing_to_test():
    assert await backtest.back_test(clock.now()) == []
    program = await builders.a_program()
    (found,) = await liability.liability(clock.now(), program=program)
    assert found.total.points == 0
    assert (await points_by_program(clock.now())).get(program.id) is None


async def test_ages_are_counted_in_shorter_steps_while_history_is_short():
    now = clock.now()
    steps_of = [liability.default_step(now - days * DAY, now).days for days in (0, 5, 30, 120, 800)]
    assert steps_of == [30, 1, 2, 10, 30]


async def test_points_in_the_books_that_no_lot_has_show():
    shopper = await a_shopper(points=100)
    wallet = accounts.member(shopper.member.id, Purpose.WALLET, shopper.program.unit)
    issued = accounts.program(shopper.program.id, Purpose.ISSUED, shopper.program.unit)
    async with database.transaction():
        await steps.post("test.invented", "test", shopper.member.id, [steps.Entry(issued, wallet, 1)])
    assert "lots of any moment are the books" in {violation.check for violation in await violations()}


async def test_a_program_without_a_point_value_yet_is_left_out():
    program = await Program.get(id=(await builders.a_program()).id)
    found = await liability.liability(datetime.combine(date(2019, 1, 1), datetime.min.time(), clock.now().tzinfo))
    assert [each.program.id for each in found] == []
    assert [each.program.id for each in await liability.liability(clock.now())] == [program.id]
