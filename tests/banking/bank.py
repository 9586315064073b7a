"""What tests of banking set up and look at."""

from typing import Any

from marketplace.banking.checks import CHECKS
from marketplace.banking.models import BankAccount
from marketplace.kit.checks import Violation
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from tests.banking.messages import OURS
from tests.client import Caller, as_operator

FINANCE = as_operator(new_id(), "finance")
COLLEAGUE = as_operator(new_id(), "finance")
ACCOUNT = "... on BankAccount { id iban bic currency opening { amount currency } openedOn }"
FILE = "... on BankFile { id kind messageId page name entries newEntries skipped }"
ENTRIES = """query($explained: Boolean) { bankEntries(explained: $explained, first: 100) { nodes {
    id direction amount { amount currency } bookedOn reference endToEndId remittance creditorReference returned
    returnReason explainedAt counterparty counterpartyAccount statement { bankId closing { amount } }
    account { iban } matches { amount { amount } note journal { reason } } } } }"""


async def an_account(opening: str = "1000.00", *, opened_on: str = "2026-11-01", **facts: Any) -> Any:
    """Our account in EUR, with this much on it."""
    given = {"iban": OURS, "bic": "ABNANL2A", "holder": "The Marketplace", "openedOn": opened_on} | facts
    money = {"amount": opening, "currency": "EUR"}
    return await FINANCE.do("registerBankAccount", ACCOUNT, opening=money, **given)


async def the_account() -> BankAccount:
    return await BankAccount.get(currency="EUR")


async def read(content: bytes, caller: Caller = FINANCE, name: str = "statement.xml", **facts: Any) -> Any:
    """Bring a bank's file."""
    return await caller.send("readBankFile", FILE, (name, content), **facts)


async def entries(explained: bool | None = None) -> Any:
    """The bank's entries, newest first."""
    return (await FINANCE.get(ENTRIES, explained=explained))["bankEntries"]["nodes"]


async def bank(currency: str = "EUR") -> int:
    """What the books say stands at the bank, in minor units."""
    return -await queries.balance(accounts.house(Purpose.BANK, currency))


async def clearing(currency: str = "EUR") -> int:
    """What of the bank's entries nobody has explained, in minor units: above zero came, below zero went."""
    return await queries.balance(accounts.house(Purpose.BANK_CLEARING, currency))


async def violations() -> list[Violation]:
    return [found for check in CHECKS async for found in check()]
