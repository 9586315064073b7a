"""What waits for somebody in the demo's finance: each list has something in it when a person first looks.

A file to approve, bank details, a limit, a top-up and a payment by hand that one person has said, a correction, a
disputed line, an invoice, and a statement of our bank that nobody has read.
"""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from marketplace.app.demo import bank
from marketplace.app.demo.cast import Cast
from marketplace.app.demo.finance import PROGRAM, agreed, euros, key, stands_at
from marketplace.banking.models import BankAccount, BankDetails, BankStatement, BankTransfer
from marketplace.banking.operations import (
    ChangeBankDetails,
    PayByHand,
    PrepareBankBatch,
    change_bank_details,
    pay_by_hand,
    prepare_bank_batch,
)
from marketplace.billing.models import CoalitionPayment, Invoice, TopUpMethod
from marketplace.billing.operations import (
    ConfirmTopUp,
    IssueProgramStatement,
    OrderCoalitionPoints,
    ProposeCreditLine,
    SetFundingAlert,
    TopUpProgram,
    confirm_top_up,
    issue_program_statement,
    order_coalition_points,
    propose_credit_line,
    set_funding_alert,
    top_up_program,
)
from marketplace.billing.references import Pays, creditor_reference
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor
from marketplace.kit.rails import Rail
from marketplace.kit.settings import settings
from marketplace.members.models import Program
from marketplace.settlement.operations import DisputeLine, ProposeAdjustment, dispute_line, propose_adjustment

DISPUTED_BY, CORRECTED, BUYER, ASKS = "puma", "sephora", "puma", "wateraid"
_LINE = """
SELECT l.id, s.partner_id FROM statement_line l JOIN statement s ON s.id = l.statement_id
JOIN partner p ON p.id = s.partner_id WHERE l.kind = 'SALES' AND p.slug = $1 ORDER BY l.id LIMIT 1"""


async def leave(company: Cast) -> None:
    """Afterwards something waits in every list."""
    program = company.programs[PROGRAM]
    for details in await BankDetails.filter(state="PROPOSED").order_by("id"):
        if details.proposed_by != company.operator.id:
            await agreed(company, details.id)
    await prepare_bank_batch(
        company.operator, PrepareBankBatch(idempotency_key=key("batch", 2), currency=bank.CURRENCY)
    )
    await _names_account(company)
    await _paid_by_hand(company)
    await _program_waits(company, program)
    await _partners_wait(company)


async def _names_account(company: Cast) -> None:
    named = ChangeBankDetails(
        idempotency_key=key("details", ASKS), holder="WaterAid", iban="GB33BUKB20201555555555", bic=None,
        other_account=None,
    )  # fmt: skip
    await change_bank_details(company.partners[ASKS], named)


async def _paid_by_hand(company: Cast) -> None:
    transfer = await BankTransfer.filter(rail=Rail.MANUAL.value).order_by("id").first()
    if transfer is not None:
        paid = PayByHand(
            idempotency_key=key("by-hand"), transfer_id=transfer.id, reference="FT-20417", paid_on=clock.today(),
            evidence="Confirmation of the bank, page 1",
        )  # fmt: skip
        await pay_by_hand(company.operator, paid)


async def _program_waits(company: Cast, program: Actor) -> None:
    raised = ProposeCreditLine(
        idempotency_key=key("credit", "more"), program_id=program.id, limit=euros("35000.00"), payment_days=14,
        reason="Expects a busy December",
    )  # fmt: skip
    await propose_credit_line(company.operator, raised)
    top_up = TopUpProgram(
        idempotency_key=key("top-up"), amount=euros("40000.00"), method=TopUpMethod.BANK_TRANSFER,
        reference=f"{PROGRAM}-december",
    )  # fmt: skip
    asked = await top_up_program(program, top_up)
    seen = ConfirmTopUp(
        idempotency_key=key("seen"), top_up_id=asked.id, evidence="Told by telephone by their bank"
    )
    await confirm_top_up(company.operator, seen)
    alert = SetFundingAlert(idempotency_key=key("alert"), below=euros("500000.00"), days=30)
    await set_funding_alert(program, alert)
    stated = IssueProgramStatement(
        idempotency_key=key("stated"), program_id=program.id, until=clock.today() - timedelta(days=2)
    )
    await issue_program_statement(company.operator, stated)


async def _partners_wait(company: Cast) -> None:
    line = await database.row(_LINE, DISPUTED_BY)
    if line is not None:
        disputed = DisputeLine(
            idempotency_key=key("dispute"), line_id=line["id"], note="Two of these were paid back in the shop",
            evidence="Till roll 17",
        )  # fmt: skip
        await dispute_line(company.partners[DISPUTED_BY], disputed)
    corrected = ProposeAdjustment(
        idempotency_key=key("correction"), partner_id=company.partners[CORRECTED].id, amount=euros("18.00"),
        reason="A box of samples that was sent twice",
    )  # fmt: skip
    await propose_adjustment(company.operator, corrected)
    bought = OrderCoalitionPoints(
        idempotency_key=key("points"), program_id=company.programs[PROGRAM].id, points=5_000,
        expected_price=euros("55.00"), payment=CoalitionPayment.INVOICE,
    )  # fmt: skip
    await order_coalition_points(company.partners[BUYER], bought)


async def leave_a_file(company: Cast) -> None:
    """A statement lies in `var/bank` that nobody has read: it pays the invoice, funds a program, and has a fee."""
    invoice = await Invoice.filter(partner_id=company.partners[BUYER].id).order_by("id").first()
    program = await Program.get(code=PROGRAM)
    told = [
        bank.Entry(Decimal("1250.00"), "IN-4", words=creditor_reference(Pays.PROGRAM, program.id)),
        bank.Entry(Decimal("-3.50"), "FEE-2", words="Fee for a telephone call"),
    ]
    if invoice is not None:
        told.append(bank.Entry(Decimal("55.00"), "IN-3", words=invoice.creditor_reference))
    path = waiting_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bank.statement(told, str((await _newest_day()) + timedelta(days=1)), await stands_at()))


async def _newest_day() -> date:
    last = await BankStatement.all().order_by("-closing_on").first()
    return last.closing_on if last else (await BankAccount.get(iban=bank.IBAN)).opened_on


def waiting_file() -> Path:
    """Where the file lies that nobody has read."""
    return settings().var_dir / "bank" / "camt053-to-read.xml"
