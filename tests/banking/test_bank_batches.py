"""Batches: previewed, prepared, approved by two people, fetched over HTTP; what they order happens once."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from dirty_equals import IsPartialDict, IsStr

from marketplace.banking import xml
from marketplace.banking.models import BankAttempt, BankTransfer
from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from tests.banking.answers import answer, group_refused
from tests.banking.bank import COLLEAGUE, FINANCE, an_account, bank, clearing, read, violations
from tests.banking.messages import THEIRS, Booked, notification, statement
from tests.banking.payees import (
    BATCH,
    TRANSFER,
    approved,
    end_to_end,
    name_account,
    ordered,
    payees,
    prepared,
    public,
)
from tests.banking.test_through_a_whole_bank import fetch
from tests.client import Caller, as_operator, as_partner, as_program
from tests.settlement.books import settle, standing
from tests.settlement.books import violations as of_settlement

pytestmark = pytest.mark.usefixtures("db")
FRENCH = "FR1420041010050500013M02606"
TODAY = str(clock.today())


async def nothing_wrong() -> None:
    assert await violations() == await of_settlement() == []


async def test_a_file_is_what_was_approved() -> None:
    await an_account()
    first, second = await payees(THEIRS, FRENCH)
    preview = await FINANCE.get('{ bankBatchPreview(currency: "EUR") { hold transfer { amount { amount } } } }')
    batch = await prepared()
    early = await fetch(batch | {"filePath": f"/bank/batches/{batch['id']}.xml"})
    done = await approved(batch, FINANCE)
    file = await fetch(done)

    assert [row["hold"] for row in preview["bankBatchPreview"]] == [None, None]
    assert batch == IsPartialDict(
        state="PREPARED", transfers=2, controlSum={"amount": "180.64", "currency": "EUR"}, filePath=None
    )
    assert early.status_code == 404
    assert (done["state"], file.status_code) == ("APPROVED", 200)
    assert hashlib.sha256(file.content).hexdigest() == batch["sha256"]
    body = xml.read(file.content).needed("CstmrCdtTrfInitn")
    assert body.needed("GrpHdr/CtrlSum").text == body.needed("PmtInf/CtrlSum").text == "180.64"
    names = [node.text for node in body.all("PmtInf/CdtTrfTxInf/PmtId/EndToEndId")]
    assert names == [await end_to_end(first), await end_to_end(second)]
    assert [node.text for node in body.all("PmtInf/CdtTrfTxInf/RmtInf/Ustrd")] == [
        first.statement.number,
        second.statement.number,
    ]
    assert await first.where() == ("PLANNED", "WITH_BANK")
    assert file.headers["cache-control"] == "no-store"
    await nothing_wrong()


async def test_much_takes_two_people() -> None:
    await an_account("50000.00")
    await payees(THEIRS, minor=20_000_00)
    batch = await prepared()

    alone = await approved(batch, FINANCE)
    both = await approved(batch)
    again = await approved(batch)

    assert alone == IsPartialDict(__typename="SamePerson")
    assert both["state"] == "APPROVED"
    assert again == IsPartialDict(__typename="BatchDecided", code="BATCH_DECIDED")


async def test_a_file_asks_for_a_day_on_which_banks_settle_euro_and_not_for_one_that_is_over() -> None:
    await an_account()
    await payees(THEIRS)
    with clock.at(datetime(2027, 3, 25, 23, 30, tzinfo=UTC)):  # Good Friday has begun in Frankfurt
        batch = await prepared()
    with clock.at(datetime(2027, 3, 30, 22, 30, tzinfo=UTC)):
        late = await approved(batch)
        await FINANCE.do("discardBankBatch", BATCH, bankBatchId=batch["id"])
        fresh = await ordered()

    assert batch["executeOn"] == "2027-03-30"
    assert late == IsPartialDict(__typename="BatchTooOld", code="BATCH_TOO_OLD", executeOn="2027-03-30")
    assert (fresh["state"], fresh["executeOn"]) == ("APPROVED", "2027-03-31")
    body = xml.read((await fetch(fresh)).content).needed("CstmrCdtTrfInitn")
    assert body.needed("PmtInf/ReqdExctnDt/Dt").text == "2027-03-31"
    await nothing_wrong()


async def test_what_cannot_be_paid_says_why() -> None:
    await an_account("100.00")
    _, dear, suspended = await payees(THEIRS, THEIRS, THEIRS)
    await Partner.filter(id=suspended.partner.id).update(status="SUSPENDED")

    batch = await prepared()

    assert batch["transfers"] == 1
    assert await dear.where() == ("PLANNED", "WAITING_FOR_FUNDS")
    assert await suspended.where() == ("PLANNED", "PARTNER_SUSPENDED")
    await read(statement([Booked("500.00", "IN", day=TODAY)], opening="100.00", day=TODAY))
    second = await prepared()
    assert second["orders"]["nodes"][0]["endToEndId"] == await end_to_end(dear)
    assert await dear.where() == ("PLANNED", "AWAITS_BATCH")
    await nothing_wrong()


async def test_two_who_prepare_at_once_take_each_transfer_once() -> None:
    await an_account()
    await payees(THEIRS, FRENCH)

    answers = await asyncio.gather(prepared(), prepared(COLLEAGUE))

    assert sorted(row["__typename"] for row in answers) == ["BankBatch", "NothingToPay"]
    assert await BankAttempt.all().count() == 2
    none = await FINANCE.do("prepareBankBatch", BATCH, currency="USD")
    assert none == IsPartialDict(__typename="NoBankAccount", code="NO_BANK_ACCOUNT")


async def test_a_discarded_batch_is_made_again_under_another_number() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    batch = await prepared()
    await FINANCE.do("discardBankBatch", BATCH, bankBatchId=batch["id"])
    gone = await approved(batch)
    second = await prepared()

    assert gone["__typename"] == "BatchDecided"
    assert second["orders"]["nodes"][0]["endToEndId"] == await end_to_end(payee, 2)
    await nothing_wrong()


async def test_a_file_that_the_bank_refused_whole_is_tried_again_and_a_closed_account_is_not() -> None:
    await an_account()
    first, second = await payees(THEIRS, FRENCH)
    batch = await ordered()

    await read(group_refused(batch["messageId"], "FF01"))
    assert await first.where() == ("PLANNED", "AWAITS_BATCH")
    again = await ordered()
    closed, good = await end_to_end(first, 2), await end_to_end(second, 2)
    await read(answer(again["messageId"], {closed: ("RJCT", "AC04"), good: ("ACSC", None)}))
    await read(answer(again["messageId"], {closed: ("ACCP", None), good: ("RJCT", "AM05")}))
    await read(group_refused(batch["messageId"], "DUPL"))

    assert await first.where() == ("FAILED", "BANK_REJECTED")
    assert (await first.payout()).detail == "AC04"
    assert await second.where() == ("SENT", None)
    assert await standing(second.partner) == {"IN_TRANSIT": 90_32}
    await nothing_wrong()


async def test_a_debit_is_enough_and_a_second_one_is_no_payout_of_ours() -> None:
    await an_account()
    first, second = await payees(THEIRS, FRENCH)
    batch = await ordered()
    debit = Booked("-90.32", "D-1", day=TODAY, end_to_end=await end_to_end(first))

    await read(notification([debit]))
    assert await first.where() == ("IN_BANK", None)
    await read(answer(batch["messageId"], {await end_to_end(first): ("RJCT", "AC04")}))
    twice = Booked("-90.32", "D-2", day=TODAY, end_to_end=await end_to_end(first))
    other = Booked("-10.00", "D-3", day=TODAY, end_to_end=await end_to_end(second))
    await read(statement([debit, twice, other], day=TODAY))

    assert await first.where() == ("IN_BANK", None)
    assert await second.where() == ("PLANNED", "WITH_BANK")
    assert await clearing() == -100_32
    assert await bank() == 1000_00 - 190_64
    await nothing_wrong()


async def test_a_sum_for_the_whole_batch_books_each_of_it() -> None:
    await an_account()
    first, second = await payees(THEIRS, FRENCH)
    await ordered()
    attempt = await BankAttempt.all().prefetch_related("batch").first()
    assert attempt is not None

    await read(statement([Booked("-180.64", "S", day=TODAY, batch=attempt.batch.payment_id)], day=TODAY))

    assert [await payee.where() for payee in (first, second)] == [("IN_BANK", None)] * 2
    assert await clearing() == 0
    await nothing_wrong()


async def test_a_return_that_comes_before_its_debit_waits_for_it() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    await ordered()
    name = await end_to_end(payee)
    back = Booked("90.32", "R", day=TODAY, end_to_end=name, reason="AC04")

    await read(notification([back]))
    assert await payee.where() == ("PLANNED", "WITH_BANK")
    await read(notification([Booked("-90.32", "D", day=TODAY, end_to_end=name)]))

    assert await payee.where() == ("FAILED", "BANK_RETURNED")
    assert (await payee.payout()).detail == "AC04"
    assert await clearing() == 0
    assert await standing(payee.partner) == {"DUE": 90_32}
    await nothing_wrong()


async def test_what_may_be_at_the_bank_is_not_given_up_and_what_was_given_up_can_still_arrive() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    batch = await ordered()
    give_up = {"bankBatchId": batch["id"], "evidence": "never uploaded"}

    early = await FINANCE.do("giveUpBankBatch", BATCH, **give_up)
    later = str(clock.today() + timedelta(days=20))
    await read(statement([], day=later))
    one = await FINANCE.do("giveUpBankBatch", BATCH, **give_up)
    same = await FINANCE.do("giveUpBankBatch", BATCH, **give_up)
    two = await COLLEAGUE.do("giveUpBankBatch", BATCH, **give_up)
    assert await payee.where() == ("PLANNED", "AWAITS_BATCH")
    second = await prepared()
    await read(notification([Booked("-90.32", "D", day=later, end_to_end=await end_to_end(payee))]))

    assert early == IsPartialDict(__typename="BatchMayBeAtBank", code="BATCH_MAY_BE_AT_BANK")
    assert [one["state"], same["__typename"], two["state"]] == ["APPROVED", "SecondPersonNeeded", "GIVEN_UP"]
    assert await payee.where() == ("IN_BANK", None)
    assert (await approved(second))["__typename"] == "BatchDecided"
    assert (await prepared())["__typename"] == "NothingToPay"
    await nothing_wrong()


async def test_an_answer_to_nothing_of_ours_is_refused() -> None:
    await an_account()
    await payees(THEIRS)
    batch = await ordered()

    unknown = await read(answer("NOT-OURS", {}))
    strange = await read(answer(batch["messageId"], {"strange": ("ACCP", None)}))

    assert "no message that we have sent" in unknown["problems"][0]["message"]
    assert "is not in the message that this answers" in strange["problems"][0]["message"]


async def test_a_stopped_transfer_joins_the_next_statement() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    transfer = await payee.transfer()
    fields = {"bankTransferId": public(transfer), "reason": "wrong month"}

    stopped = await FINANCE.do("stopBankTransfer", TRANSFER, **fields)
    again = await FINANCE.do("stopBankTransfer", TRANSFER, **fields)

    assert stopped == IsPartialDict(state="REJECTED", reasonCode="STOPPED")
    assert again == IsPartialDict(__typename="TransferNotPlanned", code="TRANSFER_NOT_PLANNED")
    assert await payee.where() == ("FAILED", "STOPPED")
    await nothing_wrong()


async def test_by_hand_two_people_say_the_same() -> None:
    (payee,) = await payees(None, country="JP")
    transfer = await payee.transfer()
    said = {
        "bankTransferId": public(transfer), "reference": "MUFG-77", "paidOn": TODAY, "evidence": "the slip",
    }  # fmt: skip
    assert await payee.where() == ("PLANNED", "AWAITS_HAND")

    first = await FINANCE.do("payByHand", TRANSFER, **said)
    same = await FINANCE.do("payByHand", TRANSFER, **said)
    differs = await COLLEAGUE.do("payByHand", TRANSFER, **(said | {"reference": "MUFG-78"}))
    assert await payee.where() == ("PLANNED", "AWAITS_HAND")
    second = await COLLEAGUE.do("payByHand", TRANSFER, **said)
    third = await COLLEAGUE.do("payByHand", TRANSFER, **said)

    assert first == IsPartialDict(state="PLANNED", awaitsSecondPerson=True, rail="MANUAL")
    assert same["__typename"] == "SecondPersonNeeded"
    assert differs == IsPartialDict(__typename="EvidenceDiffers", code="EVIDENCE_DIFFERS")
    assert second == IsPartialDict(state="BOOKED", attempts=1)
    assert third["__typename"] == "TransferNotPlanned"
    assert await payee.where() == ("IN_BANK", None)
    await nothing_wrong()


async def test_by_hand_from_an_account_that_is_counted_waits_for_its_debit() -> None:
    await an_account()
    (payee,) = await payees(None, country="JP")
    said = {
        "bankTransferId": public(await payee.transfer()), "reference": "H-1", "paidOn": TODAY, "evidence": "slip",
    }  # fmt: skip
    changing = await name_account(payee.partner, THEIRS)
    unusable = await FINANCE.do("payByHand", TRANSFER, **said)
    await FINANCE.do("refuseBankDetails", "... on BankDetails { id }", bankDetailsId=changing["id"])
    await FINANCE.do("payByHand", TRANSFER, **said)
    await COLLEAGUE.do("payByHand", TRANSFER, **said)

    assert unusable == IsPartialDict(__typename="BankDetailsUnusable", code="BANK_DETAILS_UNUSABLE")
    assert await payee.where() == ("SENT", None)
    await read(statement([Booked("-90.32", "H-1", day=TODAY)], day=TODAY))
    assert await payee.where() == ("IN_BANK", None)
    assert await clearing() == 0
    (by_file,) = await payees(THEIRS)
    wrong = await FINANCE.do(
        "payByHand", TRANSFER, **(said | {"bankTransferId": public(await by_file.transfer())})
    )
    assert wrong == IsPartialDict(__typename="WrongRail", code="WRONG_RAIL")
    await nothing_wrong()


async def test_only_finance_sees_or_moves_anything() -> None:
    await an_account()
    (payee,) = await payees(THEIRS)
    batch, transfer = await ordered(), public(await payee.transfer())
    nodes = "query($batch: ID!, $transfer: ID!) { a: node(id: $batch) { id } b: node(id: $transfer) { id } }"
    strangers = [
        as_partner(payee.partner.id), as_program(new_id()), as_operator(new_id(), "support"),
        as_operator(new_id(), "catalogue"), as_operator(new_id(), "risk"),
    ]  # fmt: skip
    for caller in (*strangers, Caller()):
        file = await fetch(batch, caller)
        assert file.status_code in {401, 403}
        assert b"IBAN" not in file.content
        if caller.actor is None:
            continue
        assert await caller.get(nodes, batch=batch["id"], transfer=transfer) == {"a": None, "b": None}
        asked = await caller.ask(
            "mutation($i: PrepareBankBatchInput!) { prepareBankBatch(input: $i) { __typename } }",
            i={"idempotencyKey": "x", "currency": "EUR"},
        )
        assert asked["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await BankTransfer.all().count() == 1
    assert ids.split(batch["id"]) is not None
    shown = await FINANCE.get(nodes, batch=batch["id"], transfer=transfer)
    assert shown == {"a": {"id": batch["id"]}, "b": {"id": IsStr}}
    assert await settle() == []
