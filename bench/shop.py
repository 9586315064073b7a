"""A shop to redeem in: members with points, a funded program, and vouchers with more codes than are ever taken."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.access.dev_issuer import DevIssuer
from marketplace.catalog.models import Item
from marketplace.kit import clock, database, ids, vault
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Member, Program
from marketplace.members.steps import fund
from marketplace.points.steps import earn
from tests import builders
from tests.app.application import AUDIENCE

PROGRAM: Final = "SHOP"
MEMBERS: Final = 96
ITEMS: Final = 48
CODES: Final = 20_000
HOT_CODES: Final = 400_000
POINTS: Final = 1_000_000_000
PRICE: Final = 1_000

_CODES = """
INSERT INTO voucher_code (id, item_id, position, ciphertext, fingerprint, loaded_at)
SELECT gen_random_uuid(), $1, n, $2, md5(n::text), $4 FROM generate_series(1, $3::bigint) n"""


@dataclass(frozen=True, slots=True)
class Shop:
    """Who redeems and what: global ids of the items, the hot one first, and a token for each member."""

    items: list[str]
    tokens: list[str]
    members: list[UUID]
    program: UUID


async def make(issuer: DevIssuer) -> None:
    """Fill an empty database with the shop."""
    program = await builders.a_program(code=PROGRAM, issuer=issuer.issuer(PROGRAM))
    async with database.transaction():
        bank = accounts.house(Purpose.BANK, program.home_currency)
        await fund(program, 10**14, bank, ref_type="top_up", ref_id=new_id())
    for _ in range(MEMBERS):
        await _a_member(program)
    for number in range(ITEMS):
        await _a_voucher(HOT_CODES if number == 0 else CODES)


async def _a_member(program: Program) -> None:
    member = await builders.a_member(program)
    for number in range(3):
        async with database.transaction():
            await earn(
                member.id,
                program.id,
                program.unit,
                POINTS,
                origin_type="award",
                origin_id=new_id(),
                earned_at=clock.now(),
                expires_at=clock.now().replace(year=clock.now().year + 1 + number),
            )


async def _a_voucher(codes: int) -> None:
    item = await builders.a_voucher([])
    await database.execute(_CODES, item.id, vault.seal("CODE-1234-5678"), codes, clock.now())
    await database.execute("UPDATE stock SET loaded = $2 WHERE item_id = $1", item.id, codes)


async def found(issuer: DevIssuer) -> Shop:
    """The shop of a database that has one."""
    program = await Program.get(code=PROGRAM)
    members = await Member.filter(program_id=program.id).order_by("id")
    items = await Item.filter(stock_mode="CODES", offer__sku__startswith="sku-").order_by("id").limit(ITEMS)
    return Shop(
        [ids.public("item", item.id) for item in items],
        [issuer.mint(PROGRAM, member.subject, audience=AUDIENCE) for member in members],
        [member.id for member in members],
        program.id,
    )
