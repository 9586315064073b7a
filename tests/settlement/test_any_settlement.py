"""Whatever happens between partners and runs: statements and what is open are the ledger's payable, to the cent.

Hypothesis chooses sales in two currencies (some with a part of a tier's discount that the partner bears), refunds
of all or parts, rates, contracts (also in another currency, with fees, reserves, rebates and caps), corrections,
days that pass, runs, and runs that are cut off at some write and begun again. What a sale is owed as is worked out
a second time here, and at the end everything is refunded: then nothing may be left of any sale. The long run is
marked `faults`.
"""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.kit import clock, database, memory
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money, minor_digits
from marketplace.ledger.models import FxRate
from marketplace.members.models import Program
from marketplace.members.steps import any_slice
from marketplace.partners.models import Accrual, Contract, ContractRate, ContractTier, Partner
from marketplace.partners.rules import part_of
from marketplace.partners.steps import Remainder, accrue_adjustment, left_of, reverse_accrual
from marketplace.settlement.cases import EVERY_CASE, EVERY_CASE_AT_ONCE
from tests import builders
from tests.conftest import EMPTY
from tests.settlement.books import a_funded_program, sell, settle, violations, yesterday

RATES = (("EUR", "SEK", "11.5"), ("EUR", "JPY", "163.27"), ("SEK", "JPY", "14.125"))
FIRST_DAY = datetime(2027, 1, 4, 12, tzinfo=UTC)
CRASH = """
CREATE SEQUENCE cut_line; GRANT USAGE, SELECT ON SEQUENCE cut_line TO PUBLIC;
CREATE TABLE cut_at (line bigint); GRANT SELECT ON cut_at TO PUBLIC;
CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('cut_line') = (SELECT line FROM cut_at) THEN RAISE EXCEPTION 'cut off'; END IF;
    RETURN NULL; END $$"""
TABLES = (
    "settlement_run draft_line accrual journal statement_line statement payout payout_event commission_invoice"
)
# Each figure of the ledger beside the rows that it must be the sum of, per partner and currency.
SUMS = """
WITH told AS (
    SELECT partner_id, currency, sum(net_minor) AS net, sum(commission_minor) AS commission, sum(vat_minor) AS vat,
        -sum(net_minor) FILTER (WHERE kind IN ('RESERVE_HELD', 'RESERVE_RELEASED')) AS held
    FROM accrual GROUP BY 1, 2
), stated AS (
    SELECT partner_id, currency, sum(closing_minor - opening_minor) AS net, sum(accruals) AS accruals
    FROM statement GROUP BY 1, 2
), lined AS (
    SELECT s.partner_id, s.currency, count(*) AS accruals, count(DISTINCT k.accrual_id) AS once,
        sum(a.net_minor) AS net
    FROM line_accrual k JOIN accrual a ON a.id = k.accrual_id JOIN statement_line l ON l.id = k.line_id
    JOIN statement s ON s.id = l.statement_id GROUP BY 1, 2
), open AS (
    SELECT a.partner_id, a.currency, sum(a.net_minor) AS net FROM accrual a
    WHERE NOT EXISTS (SELECT FROM line_accrual k WHERE k.accrual_id = a.id) GROUP BY 1, 2
), booked AS (
    SELECT a.owner_id AS partner_id, a.unit AS currency, a.purpose,
        sum(CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE -t.amount END) AS balance
    FROM account a JOIN transfer t ON a.id IN (t.debit_account_id, t.credit_account_id) GROUP BY 1, 2, 3
)
SELECT t.partner_id, t.currency, t.net AS told, coalesce(s.net, 0) AS stated, coalesce(o.net, 0) AS open,
    coalesce(l.net, 0) AS lined, coalesce(l.accruals, 0) AS taken, coalesce(l.once, 0) AS once,
    coalesce(s.accruals, 0) AS counted, coalesce(p.balance, 0) AS payable, coalesce(d.balance, 0) AS due,
    coalesce(t.held, 0) AS held, coalesce(r.balance, 0) AS reserve
FROM told t LEFT JOIN stated s USING (partner_id, currency) LEFT JOIN lined l USING (partner_id, currency)
LEFT JOIN open o USING (partner_id, currency)
LEFT JOIN booked p ON p.partner_id = t.partner_id AND p.currency = t.currency AND p.purpose = 'PAYABLE'
LEFT JOIN booked d ON d.partner_id = t.partner_id AND d.currency = t.currency AND d.purpose = 'DUE'
LEFT JOIN booked r ON r.partner_id = t.partner_id AND r.currency = t.currency AND r.purpose = 'RESERVE'"""
REDEEMED = """
INSERT INTO redemption (id, member_id, program_id, offer_id, item_id, partner_id, kind, state, quantity, points,
    list_points, discount_bp, price_minor, currency, home_minor, home_currency, point_value, fx_rate, worth_bp,
    card_minor, discount_minor, partner_discount_minor, partner_share_bp, redeemed_at, fulfilled_at)
SELECT $1, m.id, m.program_id, i.offer_id, i.id, $2, 'VOUCHER', 'FULFILLED', 1, 0, 0, 0, $3, $4, $3, $4, 0.01, 1,
    10000, 0, $5, $5, 10000, $6, $6
FROM member m, item i WHERE m.program_id = $7 LIMIT 1"""
# What is left of each sale after everything was given back, and of what caps gave back of it: nothing.
LEFT = """
SELECT s.id::text AS of, s.gross_minor + sum(r.gross_minor) AS gross, s.commission_minor + sum(r.commission_minor)
    AS commission, s.vat_minor + sum(r.vat_minor) AS vat, s.net_minor + sum(r.net_minor) AS net,
    s.source_minor + sum(r.source_minor) AS source
FROM accrual s JOIN accrual r ON r.reverses_id = s.id GROUP BY s.id
UNION ALL SELECT 'cap of ' || contract_id, sum(gross_minor), 0, 0, sum(net_minor), 0 FROM accrual
WHERE kind = 'DISCOUNT_CAP' GROUP BY contract_id"""
# FX accounts hold what was taken in one currency less what was owed for it in another: told by the accruals alone.
EXCHANGED = """
WITH told AS (
    SELECT unit, sum(minor) AS minor FROM (
        SELECT source_currency AS unit, source_minor AS minor FROM accrual
        WHERE source_currency <> currency AND kind IN ('SALE', 'DONATION', 'REFUND')
        UNION ALL SELECT currency, -gross_minor FROM accrual
        WHERE source_currency <> currency AND kind IN ('SALE', 'DONATION', 'REFUND')
    ) x GROUP BY unit
)
SELECT t.unit, t.minor AS told, coalesce((
    SELECT sum(CASE WHEN x.credit_account_id = a.id THEN x.amount ELSE -x.amount END)
    FROM account a JOIN transfer x ON a.id IN (x.debit_account_id, x.credit_account_id)
    WHERE a.purpose = 'FX' AND a.unit = t.unit), 0) AS booked FROM told t"""
SHARES = """
SELECT a.unit, a.purpose, sum(CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE -t.amount END) AS booked,
    (SELECT coalesce(sum(CASE a.purpose WHEN 'COMMISSION' THEN commission_minor ELSE vat_minor END), 0)
     FROM accrual WHERE currency = a.unit) AS told
FROM account a JOIN transfer t ON a.id IN (t.debit_account_id, t.credit_account_id)
WHERE a.purpose IN ('COMMISSION', 'COMMISSION_VAT') GROUP BY 1, 2"""


class AnySettlement(RuleBasedStateMachine):
    """A story of two partners and two programs, told on the test's own loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Any) -> None:
        super().__init__()
        self.loop, self.owner, self.moment = loop, owner, FIRST_DAY
        self.programs: list[Program] = []
        self.partners: list[Partner] = []
        self.sales: list[Accrual] = []
        self.rates: dict[tuple[str, str], Fraction] = {}

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        """Do it at the moment it is in the story."""
        with clock.at(self.moment):
            return asyncio.run_coroutine_threadsafe(doing, self.loop).result(120)

    @initialize()
    def begin(self) -> None:
        async def made() -> None:
            await self.owner.execute(EMPTY)
            memory.forget()
            for base, quote, rate in RATES:
                await builders.a_rate(base, quote, rate)
            self.rates = {(base, quote): Fraction(rate) for base, quote, rate in RATES}
            self.programs = [await a_funded_program(), await a_funded_program(home_currency="SEK")]
            self.partners = [
                await builders.a_partner(),
                await builders.a_partner(currency="SEK", schedule="WEEKLY"),
            ]
            for program in self.programs:
                await builders.a_member(program)
            await builders.a_voucher(["A"])

        self.run(made())

    @rule(
        who=st.integers(0, 1),
        where=st.integers(0, 1),
        minor=st.integers(1, 300_00),
        what=st.integers(0, 2),
        borne=st.integers(0, 900),
    )
    def sale(self, who: int, where: int, minor: int, what: int, borne: int) -> None:
        async def sold() -> Accrual:
            kind = "EXPERIENCE" if what == 2 else "VOUCHER"
            program, partner = self.programs[where], self.partners[who]
            sale = await sell(program, partner, minor, f"Offer {what}", days_ago=0, offer_kind=kind)
            if what == 1 and borne:
                await database.execute(
                    REDEEMED, sale.ref_id, partner.id, minor, program.home_currency, borne, clock.now(), program.id
                )
            self.is_owed_as_it_should_be(sale)
            return sale

        self.sales.append(self.run(sold()))

    def is_owed_as_it_should_be(self, sale: Accrual) -> None:
        """A second way to the figures of a sale: fractions, rounded half-even once each."""
        rate = self.rates.get((sale.source_currency, sale.currency))
        if sale.source_currency == sale.currency:
            assert sale.gross_minor == sale.source_minor
        elif rate:
            digits = Fraction(10) ** (minor_digits(sale.currency) - minor_digits(sale.source_currency))
            assert sale.gross_minor == round(sale.source_minor * rate * digits), (sale.gross_minor, rate)
        assert sale.commission_bp is not None
        assert sale.commission_minor == round(Fraction(sale.gross_minor * sale.commission_bp, 10_000))
        assert sale.vat_minor == round(Fraction(sale.commission_minor * 2100, 10_000))

    @rule(which=st.integers(0, 99), part=st.integers(1, 100))
    def refund(self, which: int, part: int) -> None:
        async def back() -> None:
            sale = self.sales[which % len(self.sales)]
            async with database.transaction():
                left = await left_of(sale)
                gross = -(-left.shares.gross * part // 100)
                if not gross:
                    return
                source = left.source_minor * gross // left.shares.gross
                some = Remainder(part_of(left.shares, gross), source)
                program = next(each for each in self.programs if each.home_currency == sale.source_currency)
                await reverse_accrual(
                    sale, any_slice(program), ref_type="refund", ref_id=new_id(), part=some if part < 100 else left
                )

        if self.sales:
            self.run(back())

    async def everything_goes_back(self) -> None:
        for sale in self.sales:
            async with database.transaction():
                left = await left_of(sale)
                if left.shares.gross or left.source_minor:
                    program = next(each for each in self.programs if each.home_currency == sale.source_currency)
                    await reverse_accrual(sale, any_slice(program), ref_type="refund", ref_id=new_id(), part=left)

    @rule(rate=st.decimals("5", "20", places=4))
    def rate_changes(self, rate: Any) -> None:
        async def stated() -> None:
            await FxRate.create(base="EUR", quote="SEK", source="test", rate=rate, as_of=clock.now())
            self.rates["EUR", "SEK"] = Fraction(rate)

        self.moment += timedelta(minutes=1)
        self.run(stated())

    @rule(
        who=st.integers(0, 1),
        commission=st.integers(0, 3000),
        fee=st.sampled_from([0, 7_77]),
        reserve=st.sampled_from([0, 1234]),
        rebate=st.booleans(),
        window=st.sampled_from([0, 3]),
        cap=st.sampled_from([None, 0, 3_00]),
        currency=st.sampled_from([None, None, "EUR", "SEK", "JPY"]),
    )
    def contract_changes(
        self,
        who: int,
        commission: int,
        fee: int,
        reserve: int,
        rebate: bool,
        window: int,
        cap: int | None,
        currency: str | None,
    ) -> None:
        async def agreed() -> None:
            partner, day = self.partners[who], clock.today("Europe/Amsterdam")
            last = await Contract.filter(partner_id=partner.id).order_by("-valid_from").first()
            assert last is not None
            if last.valid_from >= day:
                return
            await Contract.filter(id=last.id).update(valid_until=day)
            contract = await Contract.create(
                partner=partner, valid_from=day, commission_bp=commission, vat_bp=2100, discount_cap_minor=cap,
                currency=currency or last.currency,
                schedule=last.schedule, timezone=last.timezone, return_window_days=window, fee_minor=fee,
                reserve_bp=reserve, reserve_days=5 if reserve else 0, volume_period="MONTH",
            )  # fmt: skip
            await ContractRate.create(contract=contract, offer_kind="EXPERIENCE", commission_bp=commission // 2)
            if rebate:
                await ContractTier.create(contract=contract, above_minor=100_00, rebate_bp=commission // 3)

        self.moment += timedelta(days=1)
        self.run(agreed())

    @rule(who=st.integers(0, 1), minor=st.integers(-50_00, 50_00).filter(bool))
    def corrected(self, who: int, minor: int) -> None:
        async def booked() -> None:
            last = await Contract.filter(partner_id=self.partners[who].id).order_by("-valid_from").first()
            assert last is not None
            async with database.transaction():
                amount = Money(minor, last.currency)
                await accrue_adjustment(self.partners[who].id, amount, "By chance", ref_id=new_id())

        self.run(booked())

    @rule(days=st.integers(1, 20))
    def days_pass(self, days: int) -> None:
        self.moment += timedelta(days=days)

    @rule()
    def runs(self) -> None:
        self.run(settle())

    @rule(back=st.integers(0, 5), again=st.integers(0, 2))
    def two_run_at_once(self, back: int, again: int) -> None:
        async def both() -> None:
            days = (yesterday() - timedelta(days=back), yesterday() - timedelta(days=again))
            await asyncio.gather(*(settle(day) for day in days))

        self.run(both())

    @rule(line=st.integers(1, 40))
    def runs_and_is_cut_off(self, line: int) -> None:
        async def cut() -> None:
            await self.owner.execute(f"ALTER SEQUENCE cut_line RESTART; INSERT INTO cut_at VALUES ({line})")
            try:
                await settle()
            except Exception as error:  # noqa: BLE001 - whatever way the cut shows itself
                assert "cut off" in repr(error) or isinstance(error, ExceptionGroup), error  # noqa: PT017
            finally:
                await self.owner.execute("DELETE FROM cut_at")

        self.run(cut())

    @invariant()
    def statements_and_what_is_open_are_the_ledgers(self) -> None:
        if not self.partners:
            return
        for row in self.run(database.rows(SUMS)):
            assert row["told"] == row["stated"] + row["open"], row
            assert row["lined"] == row["stated"], row
            assert row["taken"] == row["once"] == row["counted"], row
            assert (row["payable"], row["due"]) == (row["open"], row["stated"]), row
            assert row["held"] == row["reserve"], row
        for row in [*self.run(database.rows(SHARES)), *self.run(database.rows(EXCHANGED))]:
            assert row["booked"] == row["told"], row

    @invariant()
    def both_ways_of_looking_see_the_same_open(self) -> None:
        async def looked(sql: str) -> list[Any]:
            return [await database.rows(sql, yesterday() + timedelta(days=ahead)) for ahead in (0, 20)]

        if self.partners:
            assert self.run(looked(EVERY_CASE)) == self.run(looked(EVERY_CASE_AT_ONCE))

    def teardown(self) -> None:
        async def clean() -> None:
            self.moment += timedelta(days=40)
            await settle()
            assert await violations() == []
            await self.everything_goes_back()
            with clock.at(self.moment + timedelta(days=40)):
                await settle()
                assert await violations() == []
            for row in await database.rows(LEFT):
                assert not any(value for name, value in row.items() if name != "of"), row

        if self.partners:
            self.run(clean())


async def told(owner: Any, *, many: int, deeds: int) -> None:
    """Let hypothesis tell so many stories of so many deeds."""
    await owner.execute(CRASH)
    for table in TABLES.split():
        each = f"AFTER INSERT OR UPDATE ON {table} FOR EACH STATEMENT"
        await owner.execute(f"CREATE TRIGGER cut {each} EXECUTE FUNCTION cut()")
    machine: Any = partial(AnySettlement, asyncio.get_running_loop(), owner)
    given = settings(
        max_examples=many, stateful_step_count=deeds, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    try:
        await asyncio.to_thread(run_state_machine_as_test, machine, settings=given)
    finally:
        for table in TABLES.split():
            await owner.execute(f"DROP TRIGGER cut ON {table}")
        await owner.execute("DROP FUNCTION cut; DROP SEQUENCE cut_line; DROP TABLE cut_at")


async def test_any_sequence_adds_up_to_the_ledger(db: None, opened_database: Any) -> None:
    await told(opened_database, many=4, deeds=14)


@pytest.mark.faults
@pytest.mark.timeout(1800)
async def test_many_sequences_add_up_to_the_ledger(db: None, opened_database: Any) -> None:
    await told(opened_database, many=120, deeds=30)
