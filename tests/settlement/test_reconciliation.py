"""What bank, Stripe and books do not agree on stands in a list until somebody says what it was."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.banking.models import BankDay, BankEntry
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import Entry, post
from tests import builders
from tests.banking.bank import COLLEAGUE, FINANCE, an_account, bank, clearing, read, violations
from tests.banking.messages import THEIRS, Booked, notification, statement
from tests.banking.payees import end_to_end, ordered, payees, public
from tests.client import as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")
TODAY = clock.today()
LIST = """query($side: ReconciliationSide, $first: Int, $after: String) {
    reconciliationExceptions(side: $side, first: $first, after: $after) { totalCount
    pageInfo { endCursor hasNextPage }
    nodes { side amount { amount currency } day ageDays said bankEntry { id } journal { id reason } } } }"""
ENTRY = "... on BankEntry { id explainedAt matches { note journal { reason } } }"
DAY = "... on BankDay { day closing { amount } }"


async def apart(side: str | None = None, **page: Any) -> Any:
    return (await FINANCE.get(LIST, side=side, **page))["reconciliationExceptions"]


async def explain(entry: Any, note: str = "seen", by: Any = FINANCE, **was: str) -> Any:
    return await by.do("explainBankEntry", ENTRY, bankEntryId=entry["id"], was=was, note=note)


async def close(day: Any = TODAY, by: Any = FINANCE) -> Any:
    return await by.do("closeBankDay", DAY, currency="EUR", day=str(day))


async def paid_out_by_stripe(minor: int) -> None:
    """Stripe has sent us money, as its balance says: the books expect it at the bank."""
    async with database.transaction():
        moved = Entry(
            accounts.house(Purpose.BANK_CLEARING, "EUR"), accounts.house(Purpose.STRIPE_CLEARING, "EUR"), minor
        )
        await post("stripe_balance", "BalanceTransaction", new_id(), [moved])


async def test_what_the_books_expect_waits_for_the_bank_and_is_proposed_to_its_entry() -> None:
    await an_account()
    await paid_out_by_stripe(250_00)
    (waiting,) = (await apart())["nodes"]
    assert waiting == IsPartialDict(
        side="BOOKS", amount={"amount": "250.00", "currency": "EUR"}, ageDays=0, said="stripe_balance"
    )

    await read(
        statement([Booked("250.00", "B-1", day=str(TODAY)), Booked("7.00", "B-2", day=str(TODAY))], day=str(TODAY))
    )
    first = await apart("BANK")
    paid_in = next(node for node in first["nodes"] if node["amount"]["amount"] == "250.00")
    other = next(node for node in first["nodes"] if node["amount"]["amount"] == "7.00")
    assert paid_in["journal"] == waiting["journal"]
    assert other["journal"] is None
    wrong = await explain(other["bankEntry"], journalId=waiting["journal"]["id"])
    done = await explain(paid_in["bankEntry"], journalId=waiting["journal"]["id"])
    again = await explain(paid_in["bankEntry"], journalId=waiting["journal"]["id"])

    assert wrong == IsPartialDict(__typename="NotThatJournal", code="NOT_THAT_JOURNAL")
    assert done["matches"] == [{"note": "seen", "journal": {"reason": "stripe_balance"}}]
    assert again == IsPartialDict(__typename="EntryExplained")
    assert [node["side"] for node in (await apart())["nodes"]] == ["BANK"]
    assert await violations() == []


async def test_our_own_money_takes_two_people_when_it_is_much() -> None:
    await an_account("50000.00")
    day = str(TODAY)
    rows = [Booked("-3.50", "FEE", day=day), Booked("-20000.00", "OUT", day=day)]
    await read(statement(rows, opening="50000.00", day=day))
    fee, out = sorted((await apart())["nodes"], key=lambda node: -float(node["amount"]["amount"]))

    small = await explain(fee["bankEntry"], own="GAIN_OR_LOSS")
    first = await explain(out["bankEntry"], own="OWN_FUNDS")
    same = await explain(out["bankEntry"], own="OWN_FUNDS")
    unexplained = await close()
    second = await explain(out["bankEntry"], own="OWN_FUNDS", by=COLLEAGUE)

    assert small["explainedAt"] is not None
    assert first["explainedAt"] is None
    assert same["__typename"] == "SecondPersonNeeded"
    assert unexplained == IsPartialDict(__typename="BankDayUnexplained", code="BANK_DAY_UNEXPLAINED")
    assert second["explainedAt"] is not None
    assert await clearing() == 0
    assert await close() == IsPartialDict(day=day, closing={"amount": "29996.50"})


async def test_an_entry_without_our_reference_is_assigned_to_its_transfer() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    await ordered()
    day = str(TODAY)
    await read(statement([Booked("-90.32", "D", day=day), Booked("-1.00", "E", day=day)], day=day))
    entries = {node["amount"]["amount"]: node["bankEntry"] for node in (await apart("BANK"))["nodes"]}
    transfer = public(await payee.transfer())

    wrong = await explain(entries["-1.00"], bankTransferId=transfer)
    right = await explain(entries["-90.32"], bankTransferId=transfer)

    assert wrong == IsPartialDict(__typename="NotThatTransfer", code="NOT_THAT_TRANSFER")
    assert right["matches"] == [{"note": None, "journal": {"reason": "payout.in_bank"}}]
    assert await payee.where() == ("IN_BANK", None)


async def test_a_day_closes_once_when_both_sides_are_equal_and_nothing_is_booked_on_it_any_more() -> None:
    await an_account(opened_on=str(TODAY - timedelta(days=3)))
    (payee,) = await payees(THEIRS)
    await ordered()
    yesterday, day = str(TODAY - timedelta(days=1)), str(TODAY)
    debit = Booked("-90.32", "D", day=day, end_to_end=await end_to_end(payee))

    nothing = await close()
    await read(notification([debit]))
    await read(statement([], day=yesterday))
    early = await close()
    await read(statement([debit], day=day))
    closed = await asyncio.gather(close(), close(by=COLLEAGUE))
    late = await read(notification([Booked("1.00", "LATE", day=day)]))

    assert nothing == IsPartialDict(__typename="BankDayUnknown", code="BANK_DAY_UNKNOWN")
    assert early["__typename"] == "BankDayUnknown"
    assert sorted(row["__typename"] for row in closed) == ["BankDay", "BankDayClosed"]
    assert "that day is closed" in late["problems"][0]["message"]
    assert await BankEntry.all().count() == await BankDay.all().count() == 1
    shown = await FINANCE.get("{ bankDays { nodes { day closing { amount } account { currency } } } }")
    assert shown["bankDays"]["nodes"] == [
        {"day": day, "closing": {"amount": "909.68"}, "account": {"currency": "EUR"}}
    ]


async def test_a_missing_statement_or_money_booked_past_the_bank_keeps_a_day_open() -> None:
    await an_account()
    day, before = str(TODAY), str(TODAY - timedelta(days=1))
    fee = Booked("-5.00", "F", day=before)
    await read(statement([], opening="995.00", day=day))
    gap = await close()
    await read(statement([fee], day=before))
    ((entry),) = (await apart("BANK"))["nodes"]
    await explain(entry["bankEntry"], own="GAIN_OR_LOSS")
    async with database.transaction():
        moved = Entry(accounts.house(Purpose.BANK, "EUR"), accounts.house(Purpose.OWN_FUNDS, "EUR"), 1)
        await post("test.past_the_bank", "test", new_id(), [moved])
    differs = await close()

    assert gap["__typename"] == "BankDayUnknown"
    assert differs == IsPartialDict(__typename="BankDayNotEqual", code="BANK_DAY_NOT_EQUAL")
    assert await bank() == 995_01
    assert len(await violations()) == 1


async def test_what_stripe_has_and_nothing_of_ours_caused_is_listed() -> None:
    await database.execute(
        """INSERT INTO balance_transaction (id, stripe_id, type, amount_minor, fee_minor, net_minor, currency,
            source, created_at, available_on, counts_on) VALUES
            ($1, 'txn_1', 'transfer', -500, 0, -500, 'EUR', 'tr_unknown', $2, $2, $3)""",
        new_id(), clock.now() - timedelta(days=4), TODAY - timedelta(days=4),
    )  # fmt: skip

    found = await apart()

    assert found["totalCount"] == 1
    assert found["nodes"][0] == IsPartialDict(side="STRIPE", ageDays=4, said="transfer tr_unknown", bankEntry=None)


async def test_the_list_is_paged_oldest_first_and_for_finance_alone() -> None:
    await an_account()
    today = clock.today()  # not the one of the import: a suite may run past midnight
    rows = [Booked(f"{n}.00", f"B{n}", day=str(today - timedelta(days=n))) for n in (1, 2, 3)]
    await read(notification(rows))

    first = await apart(first=2)
    rest = await apart(first=2, after=first["pageInfo"]["endCursor"])

    assert [node["ageDays"] for node in first["nodes"] + rest["nodes"]] == [3, 2, 1]
    assert rest["pageInfo"]["hasNextPage"] is False
    bad = await FINANCE.ask(LIST, after="nonsense")
    assert bad["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    partner = await builders.a_partner()
    strangers = [
        as_partner(partner.id),
        as_program(new_id()),
        as_operator(new_id(), "support"),
        as_operator(new_id(), "risk"),
    ]
    entry = {"id": ids.public("bankEntry", (await BankEntry.all().order_by("id"))[0].id)}
    for caller in strangers:
        answer = await caller.ask(LIST)
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await caller.get("query($id: ID!) { node(id: $id) { id } }", id=entry["id"]))["node"] is None
    assert (await close(TODAY - timedelta(days=30)))["__typename"] == "BankDayUnknown"
