"""A bank's files: each entry once, whatever is sent twice, late or in another order; a bad file not at all."""

import asyncio
from uuid import uuid4

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.banking import facts as told
from marketplace.banking import steps
from marketplace.banking.models import BankEntry, BankFile
from marketplace.banking.refusals import EntryExplained
from marketplace.kit import database, facts
from marketplace.ledger import accounts
from marketplace.ledger.models import Journal, Purpose
from tests.banking.bank import FINANCE, an_account, bank, clearing, entries, read, violations
from tests.banking.messages import OURS, THEIRS, Booked, notification, statement

pytestmark = pytest.mark.usefixtures("db")
PAID_IN = Booked("250.00", "B-1", remittance="Top-up NORTH-17", creditor_reference="RF18539007547034")
FEE = Booked("-3.50", "B-2", remittance="Fee", name="Bank")


async def test_a_statement_is_read_once_and_stands_in_the_books() -> None:
    await an_account()
    file = statement([PAID_IN, FEE, Booked("9.00", "B-3", status="PDNG")])

    first = await read(file)
    again = await read(file)

    assert first == IsPartialDict(__typename="BankFile", kind="CAMT053", entries=2, newEntries=2, skipped=1)
    assert again == first
    assert (await bank(), await clearing()) == (1246_50, 246_50)
    assert await BankFile.all().count() == 1
    fee, paid_in = await entries(explained=False)
    assert paid_in == {
        "id": IsStr(regex="bankEntry_.*"),
        "direction": "CREDIT",
        "amount": {"amount": "250.00", "currency": "EUR"},
        "bookedOn": "2026-11-20",
        "reference": "B-1",
        "endToEndId": None,
        "remittance": "Top-up NORTH-17",
        "creditorReference": "RF18539007547034",
        "returned": False,
        "returnReason": None,
        "explainedAt": None,
        "counterparty": "Northern Rewards B.V.",
        "counterpartyAccount": "DE" + "•" * 16 + "3000",
        "statement": {"bankId": IsStr, "closing": {"amount": "1246.50"}},
        "account": {"iban": OURS},
        "matches": [],
    }
    assert fee["direction"] == "DEBIT"
    assert await violations() == []


async def test_who_paid_is_not_kept_in_clear() -> None:
    await an_account()
    await read(statement([PAID_IN]))

    kept = await database.rows("SELECT * FROM bank_entry")

    assert "Northern" not in str(kept)
    assert THEIRS not in str(kept)


async def test_an_entry_told_by_a_notification_is_confirmed_by_the_statement() -> None:
    await an_account()

    early = await read(notification([PAID_IN]))
    assert (await entries())[0]["statement"] is None
    late = await read(statement([PAID_IN, FEE]))
    again = await read(notification([FEE, PAID_IN]))

    assert [early["newEntries"], late["newEntries"], again["newEntries"]] == [1, 1, 0]
    assert all(entry["statement"] for entry in await entries())
    assert (await bank(), await clearing()) == (1246_50, 246_50)
    assert await violations() == []


async def test_a_sum_and_its_parts_are_one_entry_in_either_order() -> None:
    await an_account()
    in_parts = Booked("-30.00", "S-1", details=("10.00", "20.00"))
    in_one = Booked("-30.00", "S-1", batch="OUR-BATCH")

    await read(notification([in_parts]))
    await read(statement([in_one]))
    other = Booked("-5.00", "S-2", batch="OUR-BATCH")
    await read(statement([other], opening="970.00", day="2026-11-21"))
    await read(notification([Booked("-5.00", "S-2", details=("2.00", "3.00"))]))

    assert sorted(entry["amount"]["amount"] for entry in await entries()) == ["10.00", "20.00", "5.00"]
    assert await bank() == 965_00
    assert await violations() == []


async def test_entries_without_a_reference_are_told_apart_by_what_they_say() -> None:
    await an_account()
    twins = [
        Booked("1.00", remittance="Same"),
        Booked("1.00", remittance="Same"),
        Booked("1.00", remittance="Other"),
    ]

    await read(notification(twins[:1]))
    await read(statement(twins))
    await read(notification(twins))

    assert len(await entries()) == 3
    assert await bank() == 1003_00


async def test_two_readings_at_once_keep_an_entry_once() -> None:
    await an_account()

    answers = await asyncio.gather(*(read(file) for file in (statement([PAID_IN]), notification([PAID_IN])) * 2))

    assert {answer["__typename"] for answer in answers} == {"BankFile"}
    assert await BankEntry.all().count() == 1
    assert await bank() == 1250_00
    assert await violations() == []


async def test_a_message_whose_content_changed_is_refused() -> None:
    await an_account()
    await read(statement([PAID_IN], message_id="M-1"))

    answer = await read(statement([FEE], message_id="M-1", opening="1250.00"))

    assert answer == IsPartialDict(__typename="BankMessageReused", code="BANK_MESSAGE_REUSED")
    assert await bank() == 1250_00


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Line 1: this is not well-formed XML (no element found)."),
        (
            b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
            "A document type or an entity is not allowed in a bank's file.",
        ),
        (b"<Document><a/></Document>", "Line 1: this is no camt.053, camt.054 or pain.002."),
        (statement([PAID_IN], closing="1.00"), "Line 3: the closing balance is"),
        (statement([PAID_IN], iban=THEIRS), f"Line 3: {THEIRS} is no account of ours. Register it first."),
        (statement([PAID_IN]).replace(b"250.00</Amt>\n", b"2,5</Amt>\n"), "Line 4, Amt: 2,5 is no amount."),
        (statement([PAID_IN]).replace(b'"EUR">250', b'"USD">250'), "Line 4, Amt: the currency is USD"),
        (
            statement([PAID_IN]).replace(b"<CdtDbtInd>CRDT</CdtDbtInd>\n", b"\n"),
            "Line 3: Ntry/CdtDbtInd is missing.",
        ),
        (statement([PAID_IN]).replace(b"2026-11-20</Dt></BookgDt>", b"20.11.</Dt></BookgDt>"), "is no day."),
        (statement([Booked("1.00", "B", day="2020-01-01")]), "Line 6: this was booked before"),
        (statement([Booked("-3.00", "B", details=("1.00", "1.00"))]), "do not add up to its amount."),
        (statement([PAID_IN]).replace(b"OPBD", b"ITBD"), "Line 3: Bal/Tp OPBD is missing."),
        (statement([PAID_IN], message_id="x" * 36), "give 1 to 35 printable characters."),
    ],
)
async def test_a_bad_file_names_line_and_element_and_leaves_nothing(content: bytes, said: str) -> None:
    await an_account()

    answer = await read(content)

    assert answer == IsPartialDict(__typename="InvalidInput")
    assert said in answer["problems"][0]["message"]
    assert await BankFile.all().count() == await BankEntry.all().count() == 0
    assert await bank() == 1000_00


async def test_what_was_told_differently_before_is_refused() -> None:
    await an_account()
    await read(statement([PAID_IN], bank_id="ST-9"))

    other_amount = await read(notification([Booked("251.00", "B-1")]))
    other_balance = await read(statement([Booked("1.00", "B-9")], bank_id="ST-9"))

    assert "told before with another amount" in other_amount["problems"][0]["message"]
    assert "read before with other balances" in other_balance["problems"][0]["message"]
    assert await bank() == 1250_00


async def test_each_new_entry_is_told_once_and_explained_once() -> None:
    await an_account()
    heard: list[facts.Fact] = []

    async def hear(fact: told.BankCreditReceived | told.BankDebitBooked | told.BankPaymentReturned) -> None:
        heard.append(fact)
        if isinstance(fact, told.BankCreditReceived):
            fees = accounts.house(Purpose.STRIPE_FEES, "EUR")
            await steps.explain(fact.entry, "test.explained", ("bank_entry", fact.entry.id), [(fees, 250_00)])

    kinds = (told.BankCreditReceived, told.BankDebitBooked, told.BankPaymentReturned)
    for kind in kinds:
        facts.on(kind, hear)
    try:
        await read(notification([PAID_IN, FEE, Booked("7.00", "B-4", reason="AC04")]))
        await read(statement([PAID_IN, FEE, Booked("7.00", "B-4", reason="AC04")]))
    finally:
        for kind in kinds:
            facts.off(kind, hear)

    assert [type(fact) for fact in heard] == [*kinds]
    assert await clearing() == -3_50 + 7_00
    (explained,) = await entries(explained=True)
    assert explained["matches"] == [
        {"amount": {"amount": "250.00"}, "note": None, "journal": {"reason": "test.explained"}}
    ]
    returned = next(entry for entry in await entries() if entry["returned"])
    assert returned["returnReason"] == "AC04"
    entry = await BankEntry.get(reference="B-1")
    with pytest.raises(EntryExplained):
        async with database.transaction():
            await steps.explain(entry, "test.again", ("x", uuid4()), [(accounts.house(Purpose.FX, "EUR"), 1)])
    assert not await Journal.exists(reason="test.again")
    assert await violations() == []


async def test_an_account_is_registered_once_and_must_be_one() -> None:
    opened = await an_account("12.34")
    again = await an_account(iban="DE89370400440532013000")
    bad = await an_account(iban="NL00", bic="?", holder=" ", opened_on="2999-01-01")

    assert opened == IsPartialDict(__typename="BankAccount", currency="EUR", openedOn="2026-11-01")
    assert await bank() == 12_34
    assert again == IsPartialDict(__typename="BankAccountKnown")
    paths = [problem["path"] for problem in bad["problems"]]
    assert paths == ["iban", "bic", "holder", "openedOn"]
    shown = (await FINANCE.get("{ bankAccounts { iban opening { amount } } }"))["bankAccounts"]
    assert shown == [{"iban": OURS, "opening": {"amount": "12.34"}}]
