"""What finance did in the demo's month: an account at a bank, partners that are paid there, a file there and back.

Played through the doors within the month: `history` does each step at its moment. All of it is in the currency of
our account; the bank is `bank`.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from stdnum.iso7064 import mod_97_10

from marketplace.app.demo import bank
from marketplace.app.demo.cast import Cast
from marketplace.banking.models import BankBatch, BankEntry, BankStatement, BatchState
from marketplace.banking.operations import (
    ChangeBankDetails,
    CloseBankDay,
    DecideBankBatch,
    DecideBankDetails,
    ExplainBankEntry,
    OwnPurpose,
    PrepareBankBatch,
    ReadBankFile,
    RegisterBankAccount,
    agree_to_bank_details,
    approve_bank_batch,
    change_bank_details,
    close_bank_day,
    explain_bank_entry,
    prepare_bank_batch,
    propose_bank_details,
    read_bank_file,
    register_bank_account,
)
from marketplace.banking.steps import batches
from marketplace.billing.operations import (
    DecideCreditLine,
    ProposeCreditLine,
    SetCoalitionRate,
    approve_credit_line,
    propose_credit_line,
    set_coalition_rate,
)
from marketplace.billing.references import Pays, creditor_reference
from marketplace.kit import clock, database
from marketplace.kit.money import Money
from marketplace.kit.rails import SEPA_AREA
from marketplace.members.models import Program
from marketplace.partners.models import Partner
from marketplace.settlement.operations import (
    DecideAdjustment,
    ProposeAdjustment,
    approve_adjustment,
    propose_adjustment,
)

PROGRAM: Final = "ATLAS"
"""Whose home currency is that of our account."""
OPENING: Final = Decimal("250000.00")
BY_FILE, BY_HAND, MOVING = 5, "macmillan-cancer-support", 2
"""How many are paid by a file, who is paid by hand in its own currency, and how many change their account."""
BELOW_ZERO: Final = "new-balance"
"""Whose first statement is below zero, and whose next one begins with that."""
_OWED = """
SELECT p.id, p.name FROM accrual a JOIN partner p ON p.id = a.partner_id
WHERE a.currency = $1 AND a.payable_on <= $2 AND p.country = ANY ($3)
GROUP BY p.id HAVING sum(a.net_minor) > 0 ORDER BY sum(a.net_minor) DESC, p.slug LIMIT $4"""


def key(*what: object) -> str:
    """The idempotency key of a step: the same on every play."""
    return ":".join(["demo", "finance", *map(str, what)])


def euros(amount: str) -> Money:
    """An amount in the currency of our account."""
    return Money.of(amount, bank.CURRENCY)


def account_number(number: int) -> str:
    """An example account in Germany, whose check digits fit."""
    bban = f"37040044{number:010}"
    return f"DE{mod_97_10.calc_check_digits(f'{bban}DE')}{bban}"


async def opens(company: Cast) -> None:
    """Our account is counted; a program gets a line of credit and sells points."""
    account = RegisterBankAccount(
        idempotency_key=key("account"), iban=bank.IBAN, bic=bank.BIC, holder=bank.HOLDER,
        opening=euros(str(OPENING)), opened_on=clock.today(),
    )  # fmt: skip
    await register_bank_account(company.operator, account)
    program = company.programs[PROGRAM]
    limit = ProposeCreditLine(
        idempotency_key=key("credit"), program_id=program.id, limit=euros("20000.00"), payment_days=14,
        reason="Has paid in time for three years",
    )  # fmt: skip
    asked = await propose_credit_line(company.operator, limit)
    await approve_credit_line(
        company.controller, DecideCreditLine(idempotency_key=key("credit", "yes"), change_id=asked.id)
    )
    rate = SetCoalitionRate(idempotency_key=key("rate"), per_thousand=euros("11.00"), minimum_points=1_000)
    await set_coalition_rate(program, rate)


async def _paid_by_file() -> list[dict[str, Any]]:
    """Who is owed most in our account's currency."""
    facts = (bank.CURRENCY, clock.today() - timedelta(days=2), sorted(SEPA_AREA), BY_FILE)
    return await database.rows(_OWED, *facts)


async def corrects(company: Cast) -> None:
    """A correction by two people, of more than a partner has sold: its statement ends below zero."""
    proposed = await propose_adjustment(
        company.operator,
        ProposeAdjustment(
            idempotency_key=key("below-zero"), partner_id=company.partners[BELOW_ZERO].id, amount=euros("-60.00"),
            reason="Paid twice for the fair in October",
        ),
    )  # fmt: skip
    decided = DecideAdjustment(idempotency_key=key("below-zero", "yes"), adjustment_id=proposed.id)
    await approve_adjustment(company.controller, decided)


async def names_accounts(company: Cast) -> None:
    """Partners are asked for their accounts: one person notes them, another one agrees."""
    for number, row in enumerate(await _paid_by_file()):
        await _named(company, row["id"], row["name"], account_number(number + 1))
    charity = await Partner.get(slug=BY_HAND)
    await _named(company, charity.id, charity.name, "GB29NWBK60161331926819")


async def _named(company: Cast, partner_id: UUID, holder: str, iban: str) -> None:
    named = ChangeBankDetails(
        idempotency_key=key("details", partner_id), partner_id=partner_id, holder=holder[:70], iban=iban, bic=None,
        other_account=None,
    )  # fmt: skip
    await agreed(company, (await propose_bank_details(company.operator, named)).id)


async def agreed(company: Cast, details_id: UUID) -> None:
    """A second person agrees to bank details."""
    decided = DecideBankDetails(idempotency_key=key("details", details_id, "yes"), details_id=details_id)
    await agree_to_bank_details(company.controller, decided)


async def change_accounts(company: Cast) -> None:
    """Some of them change their account: until that is over, nothing is paid to them."""
    for number, row in enumerate((await _paid_by_file())[1 : MOVING + 1]):
        partner = next(actor for actor in company.partners.values() if actor.id == row["id"])
        moved = ChangeBankDetails(
            idempotency_key=key("moved", row["id"]), holder=row["name"][:70], iban=account_number(number + 101),
            bic=None, other_account=None,
        )  # fmt: skip
        await change_bank_details(partner, moved)


async def orders_first(company: Cast) -> None:
    """A first file is prepared, approved by another person, and taken by the bank."""
    prepared = await prepare_bank_batch(
        company.operator, PrepareBankBatch(idempotency_key=key("batch", 1), currency=bank.CURRENCY)
    )
    approved = DecideBankBatch(idempotency_key=key("batch", 1, "yes"), batch_id=prepared.id)
    await approve_bank_batch(company.controller, approved)
    await reads(company, "answer", bank.answer(await _first_file()))


async def _first_file() -> bytes:
    batch = await BankBatch.filter(state=BatchState.APPROVED.value).order_by("id").first()
    assert batch is not None
    return batches.content_of(batch)


async def reads(company: Cast, what: str, content: bytes) -> None:
    """Finance reads a message of the bank."""
    file = ReadBankFile(idempotency_key=key("file", what), filename=f"{what}.xml", content=content)
    await read_bank_file(company.operator, file)


async def stands_at() -> Decimal:
    """What the account closed with by its last statement."""
    last = await BankStatement.all().order_by("-closing_on", "-id").first()
    return Money(last.closing_minor, bank.CURRENCY).amount if last else OPENING


async def hears_of_first(company: Cast) -> None:
    """The bank has paid all of it, one came back and of one a part; a fee is explained, and the day closed."""
    paid = bank.orders(await _first_file())
    told = [order.debit() for order in paid]
    told += [paid[-1].returned("AC04")]
    told += [order.returned("MS03", Decimal("1.00")) for order in paid[-2:-1]]
    told += [bank.Entry(Decimal("-12.50"), "FEE-1", words="Fee for the month")]
    day = clock.today()
    await reads(company, "statement-1", bank.statement(told, str(day), OPENING))
    fee = await BankEntry.get(reference="FEE-1")
    explained = ExplainBankEntry(
        idempotency_key=key("fee"), entry_id=fee.id, own=OwnPurpose.GAIN_OR_LOSS, note="The bank's monthly fee"
    )
    await explain_bank_entry(company.operator, explained)
    await close_bank_day(
        company.controller, CloseBankDay(idempotency_key=key("day", 1), currency=bank.CURRENCY, day=day)
    )


async def hears_more(company: Cast) -> None:
    """A credit comes that nobody knows yet, and one that funds a program by its reference."""
    program = await Program.get(code=PROGRAM)
    reference = creditor_reference(Pays.PROGRAM, program.id)
    told = [
        bank.Entry(Decimal("480.00"), "IN-1", words="Autumn campaign, second instalment"),
        bank.Entry(Decimal("5000.00"), "IN-2", words=f"Funding {reference}"),
    ]
    await reads(company, "statement-2", bank.statement(told, str(clock.today()), await stands_at()))
