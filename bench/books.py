"""Books of any size, made by SQL: consistent with every check, like those of members who earn and redeem.

Each member earns LOTS times and redeems REDEMPTIONS times, each time 800 points of one lot for 8.00 EUR, over a
year. An earning is one transfer; a redemption is six: points held and redeemed, money held, and what the partner,
the commission and its VAT get.
"""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from marketplace.kit import database
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.accounts import AccountKey
from marketplace.ledger.models import FUNDING_SLICES, Purpose
from marketplace.ledger.steps import open_accounts
from marketplace.members.models import Program
from tests import builders

LOTS: Final = 20
REDEMPTIONS: Final = 13
TRANSFERS_A_MEMBER: Final = LOTS + 6 * REDEMPTIONS
PARTNERS: Final = 50
CURRENCY: Final = "EUR"

_SETUP = """
CREATE FUNCTION pg_temp.v7(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0')
        || '8' || lpad(to_hex(n / 4096 % 4096), 3, '0') || lpad(to_hex(n / 16777216), 12, '0'))::uuid $$;
CREATE TEMP TABLE person (n int PRIMARY KEY, id uuid, wallet uuid, held uuid);
CREATE TEMP TABLE shop (n int PRIMARY KEY, id uuid, contract uuid, offer uuid, item uuid, payable uuid);
CREATE TEMP TABLE act (n bigint PRIMARY KEY, person int, turn int, at timestamptz, id uuid)"""
_MEMBERS = """
INSERT INTO member (id, program_id, reference, subject, country, languages, segments, status, enrolled_at)
SELECT id, $1, 'bench-' || n, 'bench-' || n, 'NL', '["en"]', '[]', 'ACTIVE', now() - interval '400 days'
FROM person"""
_SHOP = """
INSERT INTO shop (n, id, contract, offer, item, payable)
SELECT $1, partner_id, id, $3, $4, $5 FROM contract WHERE partner_id = $2"""
_ACTS = """
INSERT INTO act SELECT n, p, turn, at, pg_temp.v7(at, n) FROM (
    SELECT (p::bigint - 1) * $2 + turn AS n, p, turn,
        now() - interval '366 days' + interval '363 days' * (turn - 1) / $2 + interval '1 day' * (p % (360 / $2))
            + interval '1 second' * (p % 80000) AS at
    FROM generate_series(1, $1::int) p, generate_series(1, $2::int) turn
) each"""

_LOTS = f"""
INSERT INTO lot (id, member_id, origin_type, origin_id, points, remaining, earned_at, expires_at)
SELECT a.id, p.id, 'award', a.id, 1000, CASE WHEN a.turn <= {REDEMPTIONS} THEN 200 ELSE 1000 END, a.at,
    a.at + interval '2 years'
FROM act a JOIN person p ON p.n = a.person WHERE a.turn <= {LOTS}"""
_EARNED = (
    """INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    SELECT id, 'points.earned', 'award', id, at, at::date FROM act""",
    """INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
    SELECT a.id, a.id, $1, p.wallet, $2, 1000 FROM act a JOIN person p ON p.n = a.person""",
)
_HOLDS = """
INSERT INTO points_hold (id, member_id, points, state, reason, ref_type, ref_id, held_at, closed_at)
SELECT a.id, p.id, 800, 'POSTED', 'redeem', 'redemption', a.id, a.at, a.at
FROM act a JOIN person p ON p.n = a.person"""
_ALLOCATED = """
INSERT INTO lot_allocation (id, hold_id, lot_id, points, returned)
SELECT a.id, a.id, l.id, 800, 0 FROM act a JOIN person p ON p.n = a.person
JOIN (SELECT id, member_id, row_number() OVER (PARTITION BY member_id ORDER BY id) AS turn FROM lot) l
    ON l.member_id = p.id AND l.turn = a.turn"""
_REDEMPTIONS = """
INSERT INTO redemption (id, member_id, program_id, offer_id, item_id, partner_id, kind, state, quantity, hold_id,
    points, list_points, discount_bp, price_minor, currency, home_minor, home_currency, point_value, fx_rate,
    worth_bp, card_minor, discount_minor, partner_discount_minor, partner_share_bp, redeemed_at, fulfilled_at)
SELECT a.id, p.id, $1, s.offer, s.item, s.id, 'VOUCHER', 'FULFILLED', 1, a.id, 800, 800, 0, 800, 'EUR', 800, 'EUR',
    0.01, 1, 10000, 0, 0, 0, 0, a.at, a.at
FROM act a JOIN person p ON p.n = a.person JOIN shop s ON s.n = (a.n % $2)"""
_JOURNALS = """
INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
SELECT pg_temp.v7(at, n * 4 + k), r.reason, r.ref_type, id, at, at::date
FROM act, (VALUES (0, 'points.held', 'hold'), (1, 'funding.held', 'redemption'), (2, 'points.redeemed', 'hold'),
    (3, 'accrual.sale', 'redemption')) AS r (k, reason, ref_type)"""
_MOVED = """
INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
SELECT pg_temp.v7(a.at, a.n * 8 + m.k), pg_temp.v7(a.at, a.n * 4 + m.journal), m.debit, m.credit, m.unit, m.amount
FROM act a JOIN person p ON p.n = a.person JOIN shop s ON s.n = (a.n % $1)
CROSS JOIN LATERAL (VALUES
    (0, 0, p.wallet, p.held, $2, 800),
    (1, 1, ($4::uuid[])[1 + a.n % 8], $5::uuid, 'EUR', 800),
    (2, 2, p.held, $3::uuid, $2, 800),
    (3, 3, $5::uuid, s.payable, 'EUR', 723),
    (4, 3, $5::uuid, $6::uuid, 'EUR', 64),
    (5, 3, $5::uuid, $7::uuid, 'EUR', 13)
) AS m (k, journal, debit, credit, unit, amount)"""
_ACCRUALS = """
INSERT INTO accrual (id, partner_id, contract_id, journal_id, kind, ref_type, ref_id, description, currency,
    gross_minor, commission_minor, vat_minor, net_minor, source_minor, source_currency, fx_rate, effective_on,
    payable_on, booked_at, ordinal)
SELECT a.id, s.id, s.contract, pg_temp.v7(a.at, a.n * 4 + 3), 'SALE', 'redemption', a.id, 'Voucher', 'EUR', 800,
    64, 13, 723, 800, 'EUR', 1, a.at::date, a.at::date, a.at, nextval('accrual_ordinal')
FROM act a JOIN shop s ON s.n = (a.n % $1)"""
_PAID_IN = (
    """INSERT INTO journal (id, reason, ref_type, ref_id, booked_at, effective_on)
    VALUES ($1, 'funding.paid_in', 'bench', $1, now() - interval '367 days', current_date - 367)""",
    """INSERT INTO transfer (id, journal_id, debit_account_id, credit_account_id, unit, amount)
    SELECT pg_temp.v7(now() - interval '367 days', n), $1, $2, slice, 'EUR', 1000000000
    FROM unnest($3::uuid[]) WITH ORDINALITY AS s (slice, n)""",
)
_BALANCES = """
INSERT INTO balance (account_id, balance)
SELECT a.id, coalesce(sum(m.amount), 0) FROM account a LEFT JOIN (
    SELECT credit_account_id AS id, amount FROM transfer UNION ALL SELECT debit_account_id, -amount FROM transfer
) m ON m.id = a.id WHERE a.guarded GROUP BY a.id
ON CONFLICT (account_id) DO UPDATE SET balance = excluded.balance"""

LARGE: Final = ("lot", "journal", "transfer", "points_hold", "lot_allocation", "redemption", "accrual")
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS held, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE contype IN ('f', 'p', 'u') AND conparentid = 0
    AND (conrelid = ANY ($1::text[]::regclass[]) OR confrelid = ANY ($1::text[]::regclass[]))
ORDER BY contype = 'f' DESC, oid"""
_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid AND c.contype IN ('p', 'u', 'x')
WHERE i.indrelid = ANY ($1::text[]::regclass[]) AND c.oid IS NULL"""


async def fill(transfers: int) -> None:
    """Books with at least so many transfers, in a database that has none yet; as its owner.

    Indexes and constraints are put back when the rows are there, so that every row is held to them all the same.
    """
    people = -(-transfers // TRANSFERS_A_MEMBER)
    program = await builders.a_program(code="BENCH")
    async with database.transaction():
        for statement in _SETUP.split(";\n"):
            await database.execute(statement)
        await database.execute("SET LOCAL statement_timeout = 0")
        await database.execute("SET LOCAL maintenance_work_mem = '512MB'")
        await database.execute("SET LOCAL work_mem = '256MB'")
        await _people(program, people)
        await _shops()
        async with _bare():
            await _earn(program, people)
            await _redeem(program, people)
        await database.execute(_BALANCES)
        await database.execute("DROP TABLE person, shop, act")


@asynccontextmanager
async def _bare() -> AsyncGenerator[None]:
    """The large tables without triggers, constraints and indexes while the block fills them."""
    constraints = await database.rows(_CONSTRAINTS, list(LARGE))
    indexes = await database.rows(_INDEXES, list(LARGE))
    for row in constraints:
        await database.execute(f"ALTER TABLE {row['held']} DROP CONSTRAINT {row['name']}")
    for row in indexes:
        await database.execute(f"DROP INDEX {row['name']}")
    await database.execute("SET LOCAL session_replication_role = replica")
    yield
    await database.execute("SET LOCAL session_replication_role = DEFAULT")
    for row in indexes:
        await database.execute(row["definition"])
    for row in reversed(constraints):
        await database.execute(f"ALTER TABLE {row['held']} ADD CONSTRAINT {row['name']} {row['definition']}")


async def _people(program: Program, count: int) -> None:
    ids = [new_id() for _ in range(count)]
    wallets = [accounts.member(id, Purpose.WALLET, program.unit) for id in ids]
    held = [accounts.member(id, Purpose.HELD, program.unit) for id in ids]
    await database.execute(
        "INSERT INTO person SELECT n, id, wallet, held FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) "
        "WITH ORDINALITY AS p (id, wallet, held, n)",
        ids, [key.id for key in wallets], [key.id for key in held],
    )  # fmt: skip
    await database.execute(_MEMBERS, program.id)
    await _open([*wallets, *held])


async def _shops() -> None:
    for n in range(PARTNERS):
        brand = await builders.a_brand()
        offer = await builders.an_offer(brand=brand)
        item = await builders.an_item(offer, price_minor=800)
        payable = accounts.partner(brand.partner_id, Purpose.PAYABLE, CURRENCY)
        await _open([payable])
        await database.execute(_SHOP, n, brand.partner_id, offer.id, item.id, payable.id)


async def _earn(program: Program, people: int) -> None:
    issued = accounts.program(program.id, Purpose.ISSUED, program.unit)
    await _open([issued])
    await database.execute(_ACTS, people, LOTS)
    await database.execute(_LOTS)
    await database.execute(_EARNED[0])
    await database.execute(_EARNED[1], issued.id, program.unit)


async def _redeem(program: Program, people: int) -> None:
    funding = [accounts.program(program.id, Purpose.FUNDING, CURRENCY, slice) for slice in range(FUNDING_SLICES)]
    redeemed = accounts.program(program.id, Purpose.REDEEMED, program.unit)
    held = accounts.program(program.id, Purpose.FUNDING_HELD, CURRENCY)
    bank, commission, vat = (
        accounts.house(purpose, CURRENCY) for purpose in (Purpose.BANK, Purpose.COMMISSION, Purpose.COMMISSION_VAT)
    )
    await _open([*funding, redeemed, held, bank, commission, vat])
    slices: list[Any] = [key.id for key in funding]
    cause: UUID = new_id()
    await database.execute(_PAID_IN[0], cause)
    await database.execute(_PAID_IN[1], cause, bank.id, slices)
    await database.execute("TRUNCATE act")
    await database.execute(_ACTS, people, REDEMPTIONS)
    await database.execute(_HOLDS)
    await database.execute(_ALLOCATED)
    await database.execute(_REDEMPTIONS, program.id, PARTNERS)
    await database.execute(_JOURNALS)
    await database.execute(_MOVED, PARTNERS, program.unit, redeemed.id, slices, held.id, commission.id, vat.id)
    await database.execute(_ACCRUALS, PARTNERS)


async def _open(keys: Iterable[AccountKey]) -> None:
    found = list(keys)
    for start in range(0, len(found), 5_000):
        await open_accounts(found[start : start + 5_000])
