"""Banks answer late, twice, out of order and at once: every payout happens exactly once, and the books agree."""

import asyncio
import random
from collections.abc import Iterator

import pytest

from marketplace.banking.models import BankAttempt, BankEntry, BankTransfer
from marketplace.kit import clock
from marketplace.settlement.models import Payout
from tests.banking.answers import answer, group_accepted, group_refused
from tests.banking.bank import FINANCE, an_account, bank, clearing, read, violations
from tests.banking.messages import THEIRS, Booked, notification, statement
from tests.banking.payees import BATCH, Payee, end_to_end, ordered, payees
from tests.settlement.books import settle, standing
from tests.settlement.books import violations as of_settlement

pytestmark = pytest.mark.usefixtures("db")
OUTCOMES = ("booked", "rejected", "returned", "partly", "silent")
OWED, PART = 90_32, 40_00
GONE = {"booked": OWED, "partly": OWED - PART}
"""What is away in the end."""


async def _told(
    chance: random.Random, paid: list[Payee], attempt: int, message_id: str
) -> tuple[dict[str, str], list[bytes]]:
    """What the bank decides for each, and all that it ever says of it, in any order and partly twice."""
    names = [await end_to_end(payee, attempt) for payee in paid]
    decided = {name: chance.choice(OUTCOMES) for name in names}
    refused = {
        name: ("RJCT", chance.choice(["AC04", "AC01", "MS03"])) for name in names if decided[name] == "rejected"
    }
    taken = {
        name: (chance.choice(["ACCP", "ACSP", "ACSC"]), None) for name in names if decided[name] != "rejected"
    }
    day = str(clock.today())
    debits = [
        Booked("-90.32", f"{chance.choice(['D', f'D-{name}'])}", day=day, end_to_end=name)
        for name in names
        if decided[name] in {"booked", "returned", "partly"}
    ]
    returns = [
        Booked(
            "90.32" if decided[name] == "returned" else "40.00",
            f"R-{name}",
            day=day,
            end_to_end=name,
            reason="AC04",
        )
        for name in names
        if decided[name] in {"returned", "partly"}
    ]
    messages = [answer(message_id, taken), answer(message_id, refused), answer(message_id, refused | taken)]
    messages += [notification([row]) for row in chance.sample(debits + returns, len(debits + returns) // 2)]
    messages += [statement(debits + returns, day=day), group_refused(message_id, "DUPL")]
    if not refused:
        messages.append(group_accepted(message_id))
    told = messages + chance.choices(messages, k=4)
    chance.shuffle(told)
    return decided, told


async def _drill(seed: int) -> None:
    chance = random.Random(seed)
    await an_account("5000.00")
    paid = await payees(*[THEIRS] * 4)
    batch = await ordered()
    attempt = 1
    if chance.random() < 0.3:
        await read(group_refused(batch["messageId"], "FF01"))
        batch, attempt = await ordered(), 2
    decided, told = await _told(chance, paid, attempt, batch["messageId"])
    told = [message.replace(b">1000.00<", b">5000.00<") for message in told]
    for some in _in_groups(chance, _with_right_balances(told, decided)):
        answers = await asyncio.gather(*(read(message) for message in some))
        assert {row["__typename"] for row in answers} <= {"BankFile", "InProgress"}, answers
        if "InProgress" in {row["__typename"] for row in answers}:
            for message in some:
                assert (await read(message))["__typename"] == "BankFile"

    assert await bank() == 5000_00 - sum(GONE.get(outcome, 0) for outcome in decided.values())
    assert await clearing() == 0
    for payee in paid:
        outcome = decided[await end_to_end(payee, attempt)]
        state = {"booked": "IN_BANK", "partly": "IN_BANK", "silent": "SENT"}.get(outcome, "FAILED")
        assert (await payee.where())[0] == state, outcome
        owed = {"IN_BANK": {}, "SENT": {"IN_TRANSIT": OWED}, "FAILED": {"DUE": OWED}}[state]
        assert await standing(payee.partner) == owed | ({"PAYABLE": PART} if outcome == "partly" else {})
    assert await BankTransfer.all().count() == len(paid)
    assert await BankAttempt.all().count() == len(paid) * attempt
    assert not await BankEntry.exists(explained_at=None)
    assert (await FINANCE.do("prepareBankBatch", BATCH, currency="EUR"))["__typename"] == "NothingToPay"
    assert await violations() == await of_settlement() == []
    assert await settle() == []
    assert await Payout.all().count() == len(paid)


def _with_right_balances(told: list[bytes], decided: dict[str, str]) -> list[bytes]:
    """The statements of this account, which holds more than those of other tests."""
    booked = sum(GONE.get(outcome, 0) for outcome in decided.values())
    wrong, right = f"{(1000_00 - booked) / 100:.2f}".encode(), f"{(5000_00 - booked) / 100:.2f}".encode()
    return [message.replace(b">" + wrong + b"<", b">" + right + b"<") for message in told]


def _in_groups(chance: random.Random, told: list[bytes]) -> Iterator[list[bytes]]:
    """One after the other, or several at once."""
    while told:
        size = chance.choice([1, 1, 2, 3])
        yield told[:size]
        told = told[size:]


@pytest.mark.parametrize("seed", range(4))
async def test_every_payout_happens_once(seed: int) -> None:
    await _drill(seed)


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(100, 160))
async def test_every_payout_happens_once_whatever_the_bank_does(seed: int) -> None:
    await _drill(seed)
