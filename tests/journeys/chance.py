"""A world of two programs, three members and three partners, and a plain model of what wallets must hold."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from marketplace.catalog.models import Item, OfferKind, Stock
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.members.models import Member, PointValue, Program, TierLevel
from marketplace.members.steps import fund
from marketplace.partners.models import Partner
from marketplace.payments.models import ConnectedAccount, PayeeKind
from tests import builders
from tests.client import as_member, as_partner, as_program

CODES = 40


@dataclass
class Lot:
    """Points with one date. What is taken from it and comes back keeps the date."""

    expires_at: datetime
    left: int
    origin: UUID | None = None


@dataclass
class Wallet:
    """What a wallet must be, kept with lists and additions alone."""

    lots: list[Lot] = field(default_factory=list[Lot])
    held: dict[UUID, list[tuple[Lot, int]]] = field(default_factory=dict[UUID, list[tuple[Lot, int]]])
    spent: dict[UUID, list[tuple[Lot, int]]] = field(default_factory=dict[UUID, list[tuple[Lot, int]]])

    def available(self) -> int:
        return sum(lot.left for lot in self.lots if lot.expires_at > clock.now())

    def hold(self, cause: UUID, points: int) -> None:
        """Earliest-expiring first; among equals, the first that came."""
        assert self.available() >= points
        taken: list[tuple[Lot, int]] = []
        for lot in sorted(self.lots, key=lambda each: each.expires_at):
            part = min(points, lot.left) if lot.expires_at > clock.now() else 0
            if part:
                lot.left -= part
                points -= part
                taken.append((lot, part))
        self.held[cause] = taken

    def spend(self, cause: UUID) -> None:
        self.spent[cause] = self.held.pop(cause)

    def give_back(self, cause: UUID) -> None:
        """What was held or spent goes back to the very lots; one whose date has passed expires with it."""
        for lot, part in self.held.pop(cause, None) or self.spent.pop(cause, []):
            lot.left = lot.left + part if lot.expires_at > clock.now() else 0

    def give_back_part(self, cause: UUID, points: int) -> None:
        """So many of what was spent, into the later-expiring lots first: the mirror of spending."""
        kept: list[tuple[Lot, int]] = []
        for lot, part in reversed(self.spent[cause]):
            back = min(part, points)
            points -= back
            if back:
                lot.left = lot.left + back if lot.expires_at > clock.now() else 0
            kept.insert(0, (lot, part - back))
        assert not points
        self.spent[cause] = kept

    def take_back(self, origin: UUID, points: int) -> int:
        """What an award brought, as far as it is still there: of its own lot first; how much it was."""
        taken, own = 0, sorted(self.lots, key=lambda each: (each.origin != origin, each.expires_at))
        for lot in own:
            part = min(points - taken, lot.left) if lot.expires_at > clock.now() else 0
            lot.left -= part
            taken += part
        return taken

    def expire(self) -> None:
        for lot in self.lots:
            lot.left = lot.left if lot.expires_at > clock.now() else 0

    def in_lots(self) -> int:
        return sum(lot.left for lot in self.lots)

    def on_hold(self) -> int:
        return sum(part for taken in self.held.values() for _, part in taken)


@dataclass
class Person:
    """A member with a phone and the wallet they should have."""

    member: Member
    program: Program
    actor: Actor
    server: Actor
    wallet: Wallet = field(default_factory=Wallet)


@dataclass
class World:
    """Everybody and everything that can be taken.

    `currencies` are those of the partners' contracts; `units` is what must be on the shelves, by item.
    `scarce` are those items of which there are one or two.
    """

    people: list[Person]
    partners: dict[UUID, Actor]
    items: list[Item]
    charity: Partner
    currencies: dict[UUID, str] = field(default_factory=dict[UUID, str])
    units: dict[UUID, int] = field(default_factory=dict[UUID, int])
    scarce: list[Item] = field(default_factory=list[Item])


def actor_of(caller: object) -> Actor:
    actor = getattr(caller, "actor", None)
    assert isinstance(actor, Actor)
    return actor


async def a_world() -> World:
    await builders.a_rate("EUR", "NOK", "11.37")
    euro = await _a_program("EUR", "0.01")
    krone = await _a_program("NOK", "0.10")
    people = [await _a_person(program) for program in (euro, euro, krone)]
    shop, airline = await builders.a_partner(return_window_days=3), await builders.a_partner(currency="NOK")
    charity = await builders.a_charity()
    for partner in (shop, airline, charity):
        await _an_account(PayeeKind.PARTNER, partner.id)
    items, scarce = await _items(shop, airline, charity), await _scarce(shop, airline)
    return World(
        people=people,
        partners={each.id: actor_of(as_partner(each.id)) for each in (shop, airline, charity)},
        items=[*items, *scarce],
        scarce=scarce,
        charity=charity,
        currencies={shop.id: "EUR", airline.id: "NOK", charity.id: "EUR"},
        units={row.item_id: row.loaded for row in await Stock.filter(loaded__gt=0)},
    )


async def _a_program(currency: str, value: str) -> Program:
    program = await builders.a_program(home_currency=currency, cash_min_points=10, gift_days=5)
    await PointValue.create(program=program, valid_from=date(2020, 1, 2), value=Decimal(value))
    await TierLevel.create(program=program, code="free", name="Free", rank=2, discount_bp=10_000)
    async with database.transaction():
        bank = accounts.house(Purpose.BANK, currency)
        await fund(program, 5_000_00, bank, ref_type="top_up", ref_id=new_id())
    return program


async def _a_person(program: Program) -> Person:
    member = await builders.a_member(program)
    await _an_account(PayeeKind.MEMBER, member.id)
    actor, server = actor_of(as_member(member.id, program.id)), actor_of(as_program(program.id))
    return Person(member, program, actor, server)


async def _an_account(kind: PayeeKind, owner_id: UUID) -> None:
    moment = clock.now()
    await ConnectedAccount.create(
        owner_kind=kind.value, owner_id=owner_id, country="NL", stripe_id=f"acct_{owner_id.hex}",
        payouts_enabled=True, requirements=[], created_at=moment, updated_at=moment,
    )  # fmt: skip


async def _items(shop: Partner, airline: Partner, charity: Partner) -> list[Item]:
    shop_brand, air_brand = await builders.a_brand(shop), await builders.a_brand(airline)
    starts = builders.LONG_AGO.replace(year=clock.now().year + 2)
    kinds = OfferKind
    miles = await builders.an_offer(kinds.BRAND_CURRENCY, brand=air_brand)
    mug = await builders.an_offer(kinds.MERCHANDISE, brand=air_brand)
    class_ = await builders.an_offer(kinds.EXPERIENCE, brand=shop_brand)
    sea = await builders.an_offer(kinds.DONATION, brand=await builders.a_brand(charity))
    return [
        await builders.a_voucher([f"CODE-{n}" for n in range(CODES)], brand=shop_brand, price_minor=333),
        await builders.an_item(miles, units=100, price_minor=101),
        await builders.an_item(mug, stock=20, price_minor=799, max_per_member=4),
        await builders.an_item(class_, stock=10, starts_at=starts, ends_at=starts, price_minor=1250),
        await builders.an_item(sea, price_minor=500),
    ]


async def _scarce(shop: Partner, airline: Partner) -> list[Item]:
    mug = await builders.an_offer(OfferKind.MERCHANDISE, brand=await builders.a_brand(airline))
    class_ = await builders.an_offer(OfferKind.EXPERIENCE, brand=await builders.a_brand(shop))
    starts = builders.LONG_AGO.replace(year=clock.now().year + 2)
    return [
        await builders.an_item(mug, stock=2, price_minor=210),
        await builders.an_item(class_, stock=1, starts_at=starts, ends_at=starts, price_minor=330),
        await builders.a_voucher(["ONLY"], brand=await builders.a_brand(shop), price_minor=120),
    ]
