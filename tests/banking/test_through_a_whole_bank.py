"""A bank that we did not write takes our file, and what it answers, notifies and states reconciles to zero."""

import random
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from dirty_equals import IsPartialDict
from starlette.applications import Starlette

from marketplace.app.downloads import Downloads
from marketplace.app.rates import Rates
from marketplace.banking.models import BankFile
from marketplace.ledger.models import Purpose
from tests.banking.bank import FINANCE, an_account, bank, clearing, entries, read, violations
from tests.banking.mock_bank import Bank, open_bank
from tests.banking.payees import end_to_end, ordered, payees
from tests.client import Caller, context_of
from tests.settlement.books import standing
from tests.settlement.books import violations as of_settlement

pytestmark = pytest.mark.usefixtures("db")
FRENCH, GERMAN = "FR1420041010050500013M02606", "DE89370400440532013000"


async def fetch(batch: Any, caller: Caller = FINANCE) -> httpx.Response:
    """The file of a batch, over HTTP."""
    app = Starlette(routes=Downloads(context_of, Rates()).routes())
    headers = {"authorization": f"Bearer {caller.token}"} if caller.actor else {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        return await client.get(batch["filePath"])


async def _ours(mock: Bank) -> None:
    facts = mock.account("ACME")
    today = str(datetime.now(UTC).date())
    await an_account("125000.00", iban=facts["iban"], bic=facts["bic"], opened_on=today)


async def test_everything_a_bank_does_reconciles_to_zero() -> None:
    with open_bank() as mock:
        await _ours(mock)
        good, closed, comes_back, other = await payees(GERMAN, mock.account("INITECH")["iban"], FRENCH, GERMAN)
        late = {"days": 2, "reason": "AC04", "end_to_end_id": await end_to_end(comes_back)}
        mock.change("ACME", behaviour="return-later", parameters=late)
        batch = await ordered()
        file = (await fetch(batch)).content

        first, again = mock.receive(file), mock.receive(file)
        answers = mock.mail("pain.002")
        for answer in reversed(answers):
            await read(answer)

        assert (first["accepted"], first["rejected"], again["reason"]) == (3, 1, "DUPL")
        assert len(answers) == 2
        assert [await payee.where() for payee in (good, closed, comes_back, other)] == [
            ("SENT", None), ("FAILED", "BANK_REJECTED"), ("SENT", None), ("SENT", None),
        ]  # fmt: skip
        mock.credit(account="ACME", amount=25_000, debtor={"name": "Northern Rewards"}, note="NORTH-17")
        mock.advance(1)
        early = mock.mail("camt.054")
        mock.advance(6)
        told = [*early, *mock.mail("camt.054"), *mock.mail("camt.053")]
        random.Random(7).shuffle(told)
        for message in (*told, *answers, *told):
            assert (await read(message))["__typename"] == "BankFile"

        assert [await payee.where() for payee in (good, closed, comes_back, other)] == [
            ("IN_BANK", None), ("FAILED", "BANK_REJECTED"), ("FAILED", "BANK_RETURNED"), ("IN_BANK", None),
        ]  # fmt: skip
        assert (await comes_back.payout()).detail == "AC04"
        assert await bank() == mock.account("ACME")["balance"]
        (unknown,) = await entries(explained=False)
        assert unknown == IsPartialDict(direction="CREDIT", amount={"amount": "250.00", "currency": "EUR"})
        assert await clearing() == 250_00
        assert await standing(good.partner) == {}
        assert await standing(comes_back.partner) == {Purpose.DUE.value: 90_32}
        assert await BankFile.all().count() == len(told) + 2
        assert await violations() == await of_settlement() == []
