"""People who can redeem, and what must stay as it was when they are refused."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from marketplace.catalog.models import Item
from marketplace.kit import clock, database, ids
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.members.models import Member, Program
from marketplace.members.steps import fund
from marketplace.points.models import Lot
from marketplace.points.steps import earn
from tests import builders
from tests.client import Caller, as_member, as_operator, as_partner, as_program, new_key

REDEMPTION = "... on Redemption { id state points }"
ADDRESS = {"name": "Ada", "line1": "Damrak 1", "city": "Amsterdam", "postalCode": "1012 LG", "country": "NL"}


@dataclass(frozen=True, slots=True)
class Shopper:
    """A member of a funded program, with points in two lots and a phone."""

    member: Member
    program: Program
    phone: Caller

    async def redeem(self, item: Item, selection: str = REDEMPTION, **fields: object) -> Any:
        """Redeem one of an item; the price that was seen is 1,000 points unless said otherwise."""
        fields = {"itemId": ids.public("item", item.id), "expectedPoints": 1000} | fields
        return await self.phone.do("redeemOffer", selection, **fields)

    async def wallet(self, purpose: Purpose = Purpose.WALLET) -> int:
        """Points in the member's wallet, or held."""
        return await queries.balance(accounts.member(self.member.id, purpose, self.program.unit))

    async def lots(self) -> list[int]:
        """What is left of each lot, oldest first."""
        return [lot.remaining for lot in await Lot.filter(member_id=self.member.id).order_by("id")]


async def give_points(member: Member, program: Program, points: int, days: int | None = None) -> Lot:
    """A lot in the member's wallet."""
    now = clock.now()
    async with database.transaction():
        return await earn(
            member.id,
            program.id,
            program.unit,
            points,
            origin_type="award",
            origin_id=uuid4(),
            earned_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )


async def pay_in(program: Program, minor: int) -> None:
    """Funding for a program."""
    async with database.transaction():
        bank = accounts.house(Purpose.BANK, program.home_currency)
        await fund(program, minor, bank, ref_type="top_up", ref_id=uuid4())


async def a_shopper(
    program: Program | None = None, *, points: int = 3000, funding: int = 500_00, **facts: Any
) -> Shopper:
    """A member with points, half of them expiring in ten days, in a program that is funded when it is new."""
    if program is None:
        program = await builders.a_program()
        if funding:
            await pay_in(program, funding)
    member = await builders.a_member(program, **facts)
    if points:
        await give_points(member, program, points - points // 2)
        await give_points(member, program, points // 2, days=10)
    return Shopper(member, program, as_member(member.id, program.id))


async def support() -> Caller:
    """An operator of the support desk."""
    return as_operator(uuid4(), "support")


async def partner_of(item: Item) -> Caller:
    """The partner that delivers an item."""
    brand = await (await item.offer).brand
    return as_partner(brand.partner_id)


def server_of(program: Program) -> Caller:
    """The program's own server."""
    return as_program(program.id)


async def payable(item: Item) -> int:
    """What the partner of an item is owed, in EUR cents."""
    brand = await (await item.offer).brand
    return await queries.balance(accounts.partner(brand.partner_id, Purpose.PAYABLE, "EUR"))


async def money_of(program: Program) -> tuple[int, int]:
    """The program's funding and what of it is held."""
    currency = program.home_currency
    held = await queries.balance(accounts.program(program.id, Purpose.FUNDING_HELD, currency))
    return await queries.fund(accounts.funding_slices(program.id, currency)), held


_EVERYTHING = """
SELECT (SELECT count(*) FROM redemption) AS redemptions,
    (SELECT coalesce(json_agg(r.state ORDER BY r.id), '[]') FROM redemption r)::text AS states,
    (SELECT count(*) FROM cash_redemption) AS cash,
    (SELECT count(*) FROM points_hold) AS holds,
    (SELECT count(*) FROM journal) AS journals,
    (SELECT count(*) FROM accrual) AS accruals,
    (SELECT count(*) FROM stock_movement) AS movements,
    (SELECT count(*) FROM code_reveal) AS reveals,
    (SELECT count(*) FROM outbound_transfer) AS transfers,
    (SELECT coalesce(sum(remaining), 0) FROM lot)::bigint AS remaining,
    (SELECT coalesce(sum(taken), 0) FROM stock)::bigint AS taken,
    (SELECT coalesce(sum(balance), 0) FROM balance)::bigint AS balances"""


@asynccontextmanager
async def nothing_happens() -> AsyncGenerator[None]:
    """Wallets, lots, stock, books and redemptions are after the block what they were before it."""
    before = await database.row(_EVERYTHING)
    yield
    assert await database.row(_EVERYTHING) == before


def key(answer: Any) -> UUID:
    """The key of a redemption that was answered."""
    return ids.parse("redemption", answer["id"])


async def forbidden(caller: Caller, mutation: str, **fields: object) -> None:
    """The token does not let its bearer do this: an error, not data."""
    name = mutation[0].upper() + mutation[1:]
    text = f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename }} }}"
    answer = await caller.ask(text, input={"idempotencyKey": new_key()} | fields)
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN", answer
