"""Two of everything: two programs, partners and members with a row of each kind, and everybody who may ask."""

from dataclasses import dataclass, field
from uuid import UUID

from marketplace.catalog.models import Item, OfferKind
from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.members.models import Member, Program
from marketplace.partners.models import Partner
from marketplace.payments.models import ConnectedAccount, PayeeKind
from marketplace.settlement.models import StatementLine
from tests import builders
from tests.client import Caller, as_member, as_operator, as_partner, as_program
from tests.house.authorisation import stories
from tests.house.authorisation.stories import done
from tests.redemptions.world import give_points
from tests.settlement.books import a_funded_program, give_account, sell, settle

ROLES = ("support", "catalogue", "finance", "admin")
OFFERS = """brand,sku,kind,category,title_en,delivery,country,currency,price
brand-{name},TEA-{name},VOUCHER,dining,Tea,CODE,NL,EUR,5.00"""


@dataclass(frozen=True, slots=True)
class Side:
    """One program and one partner that have dealt with each other, and with nobody of the other side."""

    program: Program
    partner: Partner
    charity: Partner
    member: Member
    friend: Member
    items: dict[OfferKind, Item] = field(default_factory=dict[OfferKind, Item])

    @property
    def principals(self) -> frozenset[UUID]:
        """Who is of this side."""
        return frozenset(each.id for each in (self.program, self.partner, self.charity, self.member, self.friend))

    @property
    def phone(self) -> Caller:
        """The member's."""
        return as_member(self.member.id, self.program.id)


@dataclass(frozen=True, slots=True)
class World:
    """Both sides, and the callers by the name of their column."""

    left: Side
    right: Side
    callers: dict[str, Caller]


async def a_world() -> World:
    """Everything there is, twice, settled up to yesterday."""
    left, right = await a_side("left"), await a_side("right")
    await settle()
    operators = {role: as_operator(new_id(), role) for role in ROLES}
    for side in (left, right):
        amount = {"amount": "1.00", "currency": "EUR"}
        partner_id = ids.public("partner", side.partner.id)
        await operators["finance"].do(
            "proposeAdjustment", "", partnerId=partner_id, amount=amount, reason=f"Goodwill to {side.partner.name}"
        )
        line = await StatementLine.filter(statement__partner_id=side.partner.id).first()
        if line is not None:
            of_line = {
                "lineId": ids.public("statementLine", line.id),
                "note": f"Not what {side.partner.name} sold",
            }
            await as_partner(side.partner.id).do("disputeLine", "", **of_line)
    await operators["finance"].do("closePeriod", "", until="2020-01-31")
    await stories.bank(operators["finance"], left.partner, right.partner)
    callers = {
        "nobody": Caller(),
        "member": left.phone,
        "partner": as_partner(left.partner.id),
        "program": as_program(left.program.id),
        **operators,
    }
    return World(left, right, callers)


async def a_side(name: str) -> Side:
    """A program whose member has done everything a member can do, with the partner of the same side."""
    program = await a_funded_program(name=f"Program on the {name}", cash_countries=["NL"])
    partner = await builders.a_partner(name=f"Partner on the {name}", return_window_days=14)
    member = await builders.a_member(program, reference=f"reference-of-the-{name}-member")
    friend = await builders.a_member(program, reference=f"reference-of-the-{name}-friend")
    charity = await builders.a_charity(name=f"Charity on the {name}")
    side = Side(program, partner, charity, member, friend, await _shelf(partner, charity, name))
    await give_points(member, program, 50_000)
    await _redeem(side)
    await _give(side, name)
    await _fund_and_sell(side, name)
    await _upload_and_key(side, name)
    await _deliver(side, name)
    await stories.earn(program, member, name)
    return side


async def _shelf(partner: Partner, charity: Partner, name: str) -> dict[OfferKind, Item]:
    brand = await builders.a_brand(partner, name=f"Brand on the {name}", slug=f"brand-{name}")
    cause = await builders.a_brand(charity, name=f"Cause on the {name}", slug=f"cause-{name}")
    items: dict[OfferKind, Item] = {}
    for kind in OfferKind:
        offer = await builders.an_offer(kind, brand=cause if kind is OfferKind.DONATION else brand)
        codes = [f"CODE-{name}-1", f"CODE-{name}-2"] if kind is OfferKind.VOUCHER else None
        units = 100 if kind is OfferKind.BRAND_CURRENCY else None
        items[kind] = await builders.an_item(offer, codes=codes, units=units)
    return items


async def _redeem(side: Side) -> None:
    voucher = ids.public("item", side.items[OfferKind.VOUCHER].id)
    await done(side.phone, "redeemOffer", itemId=voucher, expectedPoints=1000)
    await give_member_account(side.member)
    await done(side.phone, "redeemForCash", points=1000)


async def _deliver(side: Side, name: str) -> None:
    shop = as_partner(side.partner.id)
    await stories.send_and_want_back(side.phone, shop, side.items[OfferKind.MERCHANDISE])
    await stories.collect(side.phone, shop, side.items[OfferKind.BRAND_CURRENCY])
    brand = await (await side.items[OfferKind.VOUCHER].offer).brand
    await stories.freeze_and_plan(shop, brand, name)
    await stories.listen(side.program, shop, name)


async def _give(side: Side, name: str) -> None:
    charity = ids.public("charity", side.charity.id)
    await done(side.phone, "donatePoints", charityId=charity, points=500, message=f"From {name}")
    await done(side.phone, "givePoints", points=100, message=f"A gift on the {name}")
    await done(side.phone, "givePoints", points=100, recipientReference=side.friend.reference)


async def _fund_and_sell(side: Side, name: str) -> None:
    server = as_program(side.program.id)
    amount = {"amount": "100.00", "currency": "EUR"}
    await done(server, "topUpProgram", amount=amount, method="BANK_TRANSFER", reference=f"Invoice on the {name}")
    await stories.pay_and_lend(side.program, name)
    member = ids.public("member", side.member.id)
    await done(server, "awardPoints", memberId=member, reference=f"award-{name}", points=10, reason=f"For {name}")
    await give_account(side.partner)
    await sell(side.program, side.partner, 50_00, f"Sold on the {name}", days_ago=20)
    await stories.state_account(side.program)
    await stories.buy_points(side.program, as_partner(side.partner.id), side.member, name)


async def _upload_and_key(side: Side, name: str) -> None:
    shop = as_partner(side.partner.id)
    rows = OFFERS.format(name=name).encode()
    answer = await shop.send("uploadOffers", "... on UploadedFile { id }", (f"{name}.csv", rows))
    assert "id" in answer, answer
    for caller in (shop, as_program(side.program.id)):
        await done(caller, "issueApiKey", name=f"A key on the {name}")
        await done(caller, "addStaffMember", name=f"Somebody on the {name}", roles=["OWNER"])


async def give_member_account(member: Member) -> None:
    """An account that the member can be paid to, as payments would have noted it."""
    moment = clock.now()
    await ConnectedAccount.create(
        owner_kind=PayeeKind.MEMBER.value,
        owner_id=member.id,
        country=member.country,
        stripe_id=f"acct_{member.id.hex}",
        payouts_enabled=True,
        requirements=[],
        created_at=moment,
        updated_at=moment,
    )
