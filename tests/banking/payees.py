"""Partners that are paid through a bank, and what tests look at."""

from dataclasses import dataclass
from typing import Any

from marketplace.banking.models import BankDetails, BankTransfer
from marketplace.kit import clock, database, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Program
from marketplace.members.steps import fund
from marketplace.partners.models import Partner
from marketplace.settlement.models import Payout, Statement
from tests import builders
from tests.banking.bank import COLLEAGUE, FINANCE
from tests.banking.messages import THEIRS
from tests.client import as_partner
from tests.settlement.books import sell, settle

DETAILS = "... on BankDetails { id state account country pending usableFrom namedByOthers }"
BATCH = """... on BankBatch { id state messageId transfers controlSum { amount currency } executeOn sha256 filePath
    answer
    orders { nodes { state remittance endToEndId amount { amount } } } }"""
TRANSFER = "... on BankTransfer { id state rail hold attempts reasonCode awaitsSecondPerson }"


@dataclass(frozen=True)
class Payee:
    """A partner with a planned payout through a bank."""

    partner: Partner
    statement: Statement

    async def payout(self) -> Payout:
        return await Payout.get(statement_id=self.statement.id)

    async def transfer(self) -> BankTransfer:
        return await BankTransfer.get(ref_id=(await self.payout()).id)

    async def where(self) -> tuple[str, str | None]:
        """Where the payout stands, and why."""
        payout = await self.payout()
        return payout.state, payout.reason


async def name_account(partner: Partner, iban: str | None = THEIRS, **facts: Any) -> Any:
    """The partner says where it is paid."""
    given = {"holder": partner.name, "iban": iban} | facts
    return await as_partner(partner.id).do("changeBankDetails", DETAILS, **given)


async def agree(details: Any, by: Any = COLLEAGUE) -> Any:
    """Finance agrees to it."""
    return await by.do("agreeToBankDetails", DETAILS, bankDetailsId=details["id"])


async def a_program_with_funds() -> Program:
    """A program whose funding did not come through the bank of these tests."""
    program = await builders.a_program()
    async with database.transaction():
        await fund(
            program, 1_000_000_00, accounts.house(Purpose.OWN_FUNDS, "EUR"), ref_type="test", ref_id=new_id()
        )
    return program


async def payees(*accounts: str | None, minor: int = 100_00, **facts: Any) -> list[Payee]:
    """Partners with these accounts, each with a statement of 90.32 (of 100.00) to be paid."""
    program = await a_program_with_funds()
    partners: list[Partner] = []
    for account in accounts:
        partner = await builders.a_partner(**facts)
        named = await name_account(
            partner, account, **({} if account else {"otherAccount": "MUFG 0005-123-4567890"})
        )
        await agree(named)
        await sell(program, partner, minor)
        partners.append(partner)
    made = {statement.partner_id: statement for statement in await settle()}
    return [Payee(partner, made[partner.id]) for partner in partners]


async def prepared(by: Any = FINANCE) -> Any:
    return await by.do("prepareBankBatch", BATCH, currency="EUR")


async def approved(batch: Any, by: Any = COLLEAGUE) -> Any:
    too_old = "... on BatchTooOld { executeOn }"
    return await by.do("approveBankBatch", f"{BATCH} {too_old}", bankBatchId=batch["id"])


async def ordered() -> Any:
    """A batch of all that is planned, approved."""
    return await approved(await prepared())


async def end_to_end(payee: Payee, attempt: int = 1) -> str:
    return f"{(await payee.payout()).id.hex}-{attempt}"


async def wait_over(partner: Partner) -> None:
    """As if the wait of a change had begun long ago."""
    await BankDetails.filter(partner_id=partner.id).update(usable_from=clock.now())


def public(payee_transfer: BankTransfer) -> str:
    return ids.public("bankTransfer", payee_transfer.id)
