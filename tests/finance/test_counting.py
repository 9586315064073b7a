"""Counting days: the kept days say what every lot says, whenever they are counted, and read what is new alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.finance import counting, liability, standing
from marketplace.finance.models import CountedDay, PointsChange
from marketplace.gifts.jobs import expire_gifts
from marketplace.kit import clock, ids
from marketplace.points.jobs import expire_lots
from tests.books import violations
from tests.client import as_program
from tests.redemptions.world import Shopper, a_shopper, give_points

pytestmark = pytest.mark.usefixtures("db")

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def told(moment: datetime) -> Any:
    known = await standing.at(moment)
    run_offs = await standing.run_offs(known, DAY)
    return await standing.groups(known), {id: (each.shares, each.tail) for id, each in run_offs.items()}


async def a_member_whose_points_roll(returned: str) -> Shopper:
    shopper = await a_shopper(points=0)
    stated = await as_program(shopper.program.id).do(
        "setExpiryPolicy",
        "... on ExpiryPolicy { kind }",
        programId=ids.public("program", shopper.program.id),
        kind="ROLLING",
        months=1,
        returned=returned,
        **({"graceDays": 20} if returned == "GRACE" else {}),
    )
    assert stated["kind"] == "ROLLING"
    return shopper


async def award(shopper: Shopper, points: int) -> None:
    await as_program(shopper.program.id).do(
        "awardPoints", "... on Award { points }", points=points, reason="bought", reference=f"{clock.now()}",
        memberId=ids.public("member", shopper.member.id),
    )  # fmt: skip


@pytest.mark.parametrize("returned", ["GRACE", "RENEW", "KEEP"])
async def test_days_counted_one_by_one_say_what_all_of_them_say_together(returned: str) -> None:
    """Rolling points are given away, come back when their date has passed, and expire."""
    counted: list[tuple[datetime, Any]] = []
    with clock.at(START):
        shopper = await a_member_whose_points_roll(returned)
        await award(shopper, 300)
    for days, what in ((10, "award"), (15, "give"), (55, "back"), (60, "award"), (95, "expire")):
        with clock.at(START + days * DAY):
            match what:
                case "award":
                    await award(shopper, 50)
                case "give":
                    await shopper.phone.do("givePoints", "... on Gift { id }", points=200)
                case "back":
                    await expire_gifts()
                case _:
                    await expire_lots()
        with clock.at(START + days * DAY + timedelta(hours=1)):
            await counting.count_days()
            counted.append((clock.now(), await points_by(clock.now())))
            assert await violations() == []
    assert len({points for _, points in counted}) > 2
    kept = await CountedDay.all().count()

    with clock.at(START + 95 * DAY + timedelta(hours=2)):
        assert await counting.count_days() == 0
        for moment, then in counted:
            assert await points_by(moment) == then, moment
    assert kept == 95


async def points_by(moment: datetime) -> tuple[int, ...]:
    """Available, held, and lots of all programs, and how many groups are not what they should be."""
    found = [group for groups in (await standing.groups(await standing.at(moment))).values() for group in groups]
    assert all(group.available >= 0 and group.held >= 0 and group.lots > 0 for group in found), found
    return tuple(sum(getattr(group, each) for group in found) for each in ("available", "held", "lots"))


async def test_rolling_points_break_by_the_dates_that_their_clocks_had_when_days_were_counted() -> None:
    with clock.at(START):
        shopper = await a_member_whose_points_roll("KEEP")
        await award(shopper, 1000)
    with clock.at(START + 10 * DAY):
        await shopper.phone.do("givePoints", "... on Gift { id }", points=200)
    with clock.at(START + 20 * DAY):
        [before] = await liability.liability(clock.now(), program=shopper.program)
        await counting.count_days()
        [found] = await liability.liability(clock.now(), program=shopper.program)
    assert (before.total, before.buckets, before.cohorts) == (found.total, found.buckets, found.cohorts)
    assert found.total.breakage == 800
    assert (found.total.available, found.total.held, found.overdue) == (800, 200, 0)
    with clock.at(START + 70 * DAY):
        [late] = await liability.liability(clock.now(), program=shopper.program)
    assert late.overdue == 800
    assert late.total.breakage == 800


async def test_a_day_is_counted_once_whoever_counts_and_not_before_it_has_settled() -> None:
    with clock.at(START):
        shopper = await a_shopper(points=0)
        await give_points(shopper.member, shopper.program, 100)
    with clock.at(datetime(2026, 1, 16, 0, 10, tzinfo=UTC)):
        assert await counting.count_days() == 0
    with clock.at(datetime(2026, 1, 16, 0, 16, tzinfo=UTC)):
        assert sorted([await counting.count_days(), await counting.count_days()]) == [0, 1]
    assert await PointsChange.all().count() == 1


async def test_a_kept_day_that_was_changed_shows(opened_database: Any) -> None:
    with clock.travel(-3 * DAY):
        await a_shopper(points=3000)
    await counting.count_days()
    await opened_database.execute("UPDATE points_change SET points = points + 1 WHERE points > 0")
    assert {"lots of any moment are the books"} == {violation.check for violation in await violations()}
