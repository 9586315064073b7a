"""A statement in several pages: its entries count at once and once, and it stands when all pages are there."""

import random
from typing import Any

import pytest

from marketplace.banking.models import BankEntry, BankFile, BankPage, BankStatement
from tests.banking.bank import FINANCE, an_account, bank, entries, read, violations
from tests.banking.messages import Booked, notification, page, statement

pytestmark = pytest.mark.usefixtures("db")
FEE = Booked("-1.00", remittance="Fee")
ONE = page([Booked("100.00", "B-1"), FEE], 1, opening="1000.00")
TWO = page([Booked("20.00", "B-2"), FEE], 2)
THREE = page([Booked("3.00", "B-3")], 3, closing="1121.00")
CLOSE = "... on BankDay { day } ... on BankDayUnknown { statedUntil }"


async def close() -> str:
    done = await FINANCE.do("closeBankDay", CLOSE, currency="EUR", day="2026-11-20")
    return done["__typename"]


@pytest.mark.parametrize("seed", range(4))
async def test_pages_come_in_any_order_and_twice_and_with_notifications(seed: int) -> None:
    await an_account()
    told = [ONE, TWO, THREE, ONE, notification([Booked("20.00", "B-2")]), page([Booked("20.00", "B-2"), FEE], 2)]
    random.Random(seed).shuffle(told)

    for message in told:
        assert (await read(message))["__typename"] == "BankFile"

    assert await bank() == 1121_00
    assert (await BankEntry.all().count(), await BankStatement.all().count()) == (5, 1)
    assert all(entry["statement"] for entry in await entries())
    assert await violations() == []


async def test_until_the_last_page_is_there_no_statement_stands_and_no_day_closes() -> None:
    await an_account()

    await read(THREE)
    await read(ONE)
    assert (await bank(), await BankStatement.all().count(), await close()) == (1102_00, 0, "BankDayUnknown")
    await read(TWO)

    stated = await BankStatement.get()
    assert (stated.opening_minor, stated.closing_minor) == (1000_00, 1121_00)
    rows = [Booked("100.00", "B-1"), FEE, Booked("20.00", "B-2"), FEE, Booked("3.00", "B-3")]
    again = await read(statement(rows, bank_id="PAGED"))
    assert again["newEntries"] == 0
    assert await violations() == []


async def test_pages_of_one_message_share_its_id_and_may_all_say_the_same_balances() -> None:
    await an_account()
    balances: dict[str, Any] = {
        "opening": "1000.00",
        "closing": "1119.00",
        "message_id": "M-1",
        "of_message": True,
    }
    first = page([Booked("100.00", "B-1"), FEE], 1, **balances)
    second = page([Booked("20.00", "B-2")], 2, is_last=True, **balances)

    answers = [await read(each) for each in (second, first, second, first)]

    assert [answer["page"] for answer in answers] == [2, 1, 2, 1]
    assert (await BankFile.all().count(), await BankPage.all().count(), await BankStatement.all().count()) == (
        2,
        2,
        1,
    )
    other = await read(page([Booked("9.00", "B-9")], 2, is_last=True, **balances))
    assert other["__typename"] == "BankMessageReused"
    assert await bank() == 1119_00
    assert await violations() == []


async def test_pages_that_contradict_themselves_or_each_other_are_not_kept() -> None:
    await an_account()
    await read(ONE)

    other = await read(page([Booked("7.00", "B-7")], 1, opening="1000.00"))
    off = await read(page([Booked("3.00", "B-3")], 2, closing="1.00"))
    number = await read(TWO.replace(b"<PgNb>2<", b"<PgNb>two<"))
    one = statement([Booked("1.00", "B-8")], bank_id="S-1", day="2026-11-21")
    body = one[one.index(b"<Stmt>") : one.index(b"</BkToCstmrStmt>")]
    twice = await read(one.replace(body, body + body))

    assert "page 1 of the statement PAGED was read before with other entries" in other["problems"][0]["message"]
    assert "the closing balance is €-1,101.00 off" in off["problems"][0]["message"].replace("-€", "€-")
    assert "two is no number of a page" in number["problems"][0]["message"]
    assert "the statement S-1 stands twice in this message" in twice["problems"][0]["message"]
    assert (await bank(), await BankPage.all().count(), await BankStatement.all().count()) == (1099_00, 1, 0)
    assert await violations() == []


async def test_an_entry_that_stands_twice_in_one_message_counts_once() -> None:
    await an_account()
    one = notification([Booked("5.00", "B-1")])
    body = one[one.index(b"<Ntfctn>") : one.index(b"</BkToCstmrDbtCdtNtfctn>")]

    await read(one.replace(body, body + body))

    assert (await bank(), await BankEntry.all().count()) == (1005_00, 1)
    assert await violations() == []
