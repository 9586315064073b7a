"""What the settlement's tests set up and look at."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from marketplace.kit import clock, database, ids
from marketplace.kit.checks import Violation
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.ledger.steps import open_accounts
from marketplace.members.models import Program
from marketplace.members.steps import any_slice, fund, hold_funding
from marketplace.partners.checks import CHECKS as PARTNER_CHECKS
from marketplace.partners.models import Accrual, AccrualKind, Contract, Partner
from marketplace.partners.steps import Cause, accrue, reverse_accrual
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.payments.steps import open_account
from marketplace.settlement.checks import CHECKS
from marketplace.settlement.jobs import settle_until
from marketplace.settlement.models import Payout, Statement
from tests import builders
from tests.client import Caller, as_operator
from tests.payments.outbound import Payments, run_jobs

FINANCE = as_operator(new_id(), "finance")
COLLEAGUE = as_operator(new_id(), "finance")
MONEY = "{ amount currency }"
STATEMENT = f"""... on Statement {{
    id number periodFrom periodUntil accruals digest
    opening {MONEY} gross {MONEY} commission {MONEY} vat {MONEY} adjustments {MONEY} closing {MONEY}
    payout {{ state reason detail requirements triedAgainOn amount {MONEY} sentAt inBankAt
        history {{ state reason }} carriedInto {{ number }} }}
    carriedFrom {{ number }}
    fees {MONEY} reserve {MONEY}
    lines {{ nodes {{ position kind description quantity arithmetic
        gross {MONEY} commission {MONEY} vat {MONEY} net {MONEY} }} }} }}"""
EVERY_TABLE = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'tortoise_migrations'"""


def yesterday() -> date:
    """The last day that is over everywhere."""
    return clock.today("Etc/GMT+12") - timedelta(days=1)


def euros(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


async def a_funded_program(minor: int = 1_000_000_00, **facts: Any) -> Program:
    program = await builders.a_program(**facts)
    async with database.transaction():
        source = accounts.house(Purpose.BANK, program.home_currency)
        await fund(program, minor, source, ref_type="test", ref_id=new_id())
    return program


async def sell(
    program: Program,
    partner: Partner,
    minor: int,
    description: str = "Coffee voucher",
    *,
    kind: AccrualKind = AccrualKind.SALE,
    days_ago: int = 3,
    **what: Any,
) -> Accrual:
    """A fulfilled redemption's part in the books, some days ago."""
    ref = new_id()
    source = accounts.program(program.id, Purpose.FUNDING_HELD, program.home_currency)
    with clock.travel(-timedelta(days=days_ago)):
        async with database.transaction():
            await hold_funding(program, minor, ref_type="redemption", ref_id=ref)
            return await accrue(partner.id, Cause(kind, "redemption", ref, description, **what), source, minor)


async def refund(program: Program, accrual: Accrual, *, days_ago: int = 3) -> Accrual:
    with clock.travel(-timedelta(days=days_ago)):
        async with database.transaction():
            return await reverse_accrual(accrual, any_slice(program), ref_type="refund", ref_id=new_id())


async def give_account(partner: Partner, *, ready: bool = True) -> ConnectedAccount:
    """An account at Stripe, as payments would have noted it."""
    moment = clock.now()
    return await ConnectedAccount.create(
        owner_kind=PayeeKind.PARTNER.value,
        owner_id=partner.id,
        country=partner.country,
        stripe_id=f"acct_{partner.id.hex}",
        payouts_enabled=ready,
        requirements=[] if ready else ["external_account"],
        created_at=moment,
        updated_at=moment,
    )


async def onboard(payments: Payments, partner: Partner) -> ConnectedAccount:
    """An account that the partner has finished at Stripe."""
    async with database.transaction():
        account = await open_account(PayeeKind.PARTNER, partner.id, "NL")
    await run_jobs()
    account = await ConnectedAccount.get(id=account.id)
    await payments.stand_in.order(f"accounts/{account.stripe_id}/onboard")
    await payments.webhooks(1)
    return await ConnectedAccount.get(id=account.id)


async def settle(until: date | None = None) -> list[Statement]:
    """Run the settlement as the command line does."""
    return await settle_until(until or yesterday())


async def shown(statement: Statement, caller: Caller = FINANCE) -> Any:
    """The statement as the API shows it."""
    text = f"query($id: ID!) {{ node(id: $id) {{ __typename {STATEMENT} }} }}"
    return (await caller.get(text, id=ids.public("statement", statement.id)))["node"]


async def payout_of(statement: Statement) -> Payout:
    return await Payout.get(statement_id=statement.id)


async def standing(partner: Partner, currency: str = "EUR") -> dict[str, int]:
    """The partner's accounts that are not zero."""
    purposes = (Purpose.PAYABLE, Purpose.DUE, Purpose.IN_TRANSIT, Purpose.STRIPE_CONNECTED)
    found = {
        purpose.value: await queries.balance(accounts.partner(partner.id, purpose, currency))
        for purpose in purposes
    }
    return {purpose: balance for purpose, balance in found.items() if balance}


async def house(purpose: Purpose, currency: str = "EUR") -> int:
    return await queries.balance(accounts.house(purpose, currency))


async def violations() -> list[Violation]:
    """What the checks of settlement and partners find."""
    return [found for check in (*CHECKS, *PARTNER_CHECKS) async for found in check()]


async def settled() -> int:
    """How many accruals are on lines of statements; one that was on two would count twice."""
    return int(await database.value("SELECT count(*) FROM line_accrual"))


async def rows() -> dict[str, int]:
    """How many rows each table has; a refusal leaves this as it was."""
    names = sorted(row["table_name"] for row in await database.rows(EVERY_TABLE))
    counts = " UNION ALL ".join(f"SELECT '{name}' AS name, count(*) AS n FROM \"{name}\"" for name in names)
    return {row["name"]: row["n"] for row in await database.rows(counts) if row["n"]}


def partner_id(partner: Partner | UUID) -> str:
    return ids.public("partner", partner if isinstance(partner, UUID) else partner.id)


_MANY = """
WITH n AS (SELECT gen_random_uuid() AS journal, gen_random_uuid() AS ref, i FROM generate_series(1, $1) AS i),
journals AS (
    INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    SELECT journal, 'accrual.sale', 'redemption', ref, $2, $3 FROM n RETURNING id
), moved AS (
    INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
    SELECT gen_random_uuid(), n.journal, $4, k.account, 'EUR', k.amount
    FROM n CROSS JOIN (VALUES ($5::uuid, 903), ($6, 80), ($7, 17)) AS k (account, amount)
)
INSERT INTO accrual (id, partner_id, contract_id, journal_id, kind, ref_type, ref_id, description, currency,
    gross_minor, commission_minor, vat_minor, net_minor, source_minor, source_currency, fx_rate,
    effective_on, payable_on, booked_at)
SELECT (lpad(to_hex((extract(epoch FROM $2::timestamptz) * 1000)::bigint), 12, '0') || '7'
    || substr(md5(n.ref::text), 1, 19))::uuid, $8, $9, n.journal, 'SALE', 'redemption', n.ref,
    'Offer ' || n.i % $10, 'EUR', 1000, 80, 17, 903, 1000, 'EUR', 1, $3, $3, $2
FROM n"""


async def sell_many(partner: Partner, count: int, *, offers: int = 10) -> None:
    """So many sales of 10.00 EUR each, in bulk, as `sell` would book them, but from the bank."""
    contract = await Contract.get(partner_id=partner.id)
    goals = [
        accounts.partner(partner.id, Purpose.PAYABLE, "EUR"),
        accounts.house(Purpose.COMMISSION, "EUR"),
        accounts.house(Purpose.COMMISSION_VAT, "EUR"),
    ]
    source = accounts.house(Purpose.BANK, "EUR")
    moment = clock.now() - timedelta(days=3)
    async with database.transaction():
        await open_accounts([source, *goals])
        await database.execute(
            _MANY, count, moment, moment.date(), source.id, *(goal.id for goal in goals),
            partner.id, contract.id, offers,
        )  # fmt: skip
