"""What members give reaches a charity by a bank's file, and they see it; when it comes back they see that, too."""

from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.app import wiring
from marketplace.banking import xml
from marketplace.kit import clock
from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from marketplace.settlement.models import Payout
from tests import builders
from tests.banking.answers import answer
from tests.banking.bank import an_account, clearing, read, violations
from tests.banking.messages import Booked, notification, statement
from tests.banking.payees import agree, name_account, ordered, wait_over
from tests.banking.test_through_a_whole_bank import fetch
from tests.books import violations as of_all
from tests.client import Caller, as_operator
from tests.donations.test_donate_points import a_giver, public
from tests.settlement.books import settle, standing
from tests.settlement.books import violations as of_settlement

pytestmark = pytest.mark.usefixtures("db")
FRENCH = "FR1420041010050500013M02606"
TODAY = str(clock.today())
PLEDGES = """{ pledges { nodes { id amount { amount } state remittedAt
    receipts { number amount { amount } voidedAt } } } }"""


async def given() -> tuple[Partner, list[Caller]]:
    """A charity that is paid through our bank, and two members who gave 4.00 and 6.00 a week ago."""
    wiring.wire()
    charity = await builders.a_charity(name="Sea Rescue")
    with clock.travel(-timedelta(days=7)):
        phones = [(await a_giver())[1] for _ in range(2)]
        for phone, points in zip(phones, (400, 600), strict=True):
            made = await phone.do(
                "donatePoints", "... on Pledge { state }", charityId=public(charity), points=points
            )
            assert made["state"] == "PLEDGED"
    await an_account()
    await agree(await name_account(charity))
    return charity, phones


async def remittance() -> tuple[Any, str, str]:
    """One batch of one transfer: the batch, its end-to-end id, and what the file orders."""
    await settle()
    batch = await ordered()
    orders = xml.read((await fetch(batch)).content).needed("CstmrCdtTrfInitn")
    (order,) = orders.all("PmtInf/CdtTrfTxInf")
    return batch, order.needed("PmtId/EndToEndId").text, order.needed("Amt/InstdAmt").text


async def seen(phones: list[Caller]) -> list[tuple[str, bool]]:
    """Where each member sees their donation, and whether with a day."""
    rows = [(await phone.get(PLEDGES))["pledges"]["nodes"][0] for phone in phones]
    return [(row["state"], row["remittedAt"] is not None) for row in rows]


async def receipts(phones: list[Caller]) -> list[list[tuple[int, str, bool]]]:
    """The receipts that each member sees: its number in the year, the amount, and whether it counts."""
    found = [(await phone.get(PLEDGES))["pledges"]["nodes"][0]["receipts"] for phone in phones]
    return [
        [(int(row["number"][-9:]), row["amount"]["amount"], row["voidedAt"] is None) for row in rows]
        for rows in found
    ]


async def nothing_wrong() -> None:
    assert await violations() == await of_settlement() == await of_all() == []


async def test_donations_reach_the_charity_come_back_and_reach_it_again() -> None:
    charity, phones = await given()

    batch, name, amount = await remittance()
    assert amount == "10.00"
    await read(answer(batch["messageId"], {name: ("ACSP", None)}))
    assert (await Payout.get()).state == "SENT"
    assert await seen(phones) == [("PLEDGED", False)] * 2
    await read(notification([Booked("-10.00", "D-1", day=TODAY, end_to_end=name)]))
    assert await seen(phones) == [("REMITTED", True)] * 2
    assert await receipts(phones) == [[(1, "4.00", True)], [(2, "6.00", True)]]
    assert (await standing(charity), await clearing()) == ({}, 0)
    await nothing_wrong()

    returned = Booked("10.00", "R-1", day=TODAY, end_to_end=name, reason="AC04")
    await read(statement([Booked("-10.00", "D-1", day=TODAY, end_to_end=name), returned], day=TODAY))
    assert (await Payout.get()).reason == "BANK_RETURNED"
    assert await seen(phones) == [("PLEDGED", False)] * 2
    assert await receipts(phones) == [[(1, "4.00", False)], [(2, "6.00", False)]]
    assert await standing(charity) == {"DUE": 10_00}
    await agree(await name_account(charity, FRENCH))
    await wait_over(charity)
    with clock.travel(timedelta(days=40)):
        _, again, amount = await remittance()
        assert (again == name, amount) == (False, "10.00")
        await read(notification([Booked("-10.00", "D-2", day=str(clock.today()), end_to_end=again)]))
    assert await seen(phones) == [("REMITTED", True)] * 2
    assert [row.state for row in await Payout.all().order_by("id")] == ["FAILED", "IN_BANK"]
    counting = [[row for row in rows if row[2]] for rows in await receipts(phones)]
    assert [len(rows) for rows in counting] == [1, 1]
    await nothing_wrong()


async def test_a_bank_that_will_not_pay_the_charity_leaves_the_donations_pledged_and_owed() -> None:
    charity, phones = await given()

    batch, name, _ = await remittance()
    await read(answer(batch["messageId"], {name: ("RJCT", "AC01")}))

    payout = await Payout.get()
    assert (payout.state, payout.reason, payout.detail) == ("FAILED", "BANK_REJECTED", "AC01")
    assert await seen(phones) == [("PLEDGED", False)] * 2
    assert await standing(charity) == {"DUE": 10_00}
    support, mine = as_operator(new_id(), "support"), (await phones[0].get(PLEDGES))["pledges"]["nodes"][0]["id"]
    undone = await support.do("cancelPledge", "... on Pledge { state }", pledgeId=mine, reason="Asked for it back")
    assert undone == IsPartialDict(state="CANCELLED")
    await nothing_wrong()
