"""Members who redeem, give and donate at random, and know from the answers alone what they must have left."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import KeyOwner
from marketplace.catalog.models import OfferKind
from marketplace.kit import ids
from marketplace.members.models import Program
from marketplace.payments import gateway
from marketplace.payments.models import PayeeKind
from tests import builders
from tests.app.application import AUDIENCE, operator_token, owner_token
from tests.faults.clients import Client
from tests.faults.stripe import onboarded
from tests.payments.stand_in import StandIn
from tests.redemptions.world import give_points, pay_in

CODES = 200
PIECES = 80
MEMBERS = 12
PAYEES = 5
"""So many of the members have an account to be paid to."""
REDEMPTION = "... on Redemption { id state points }"
REDEMPTIONS = """query Mine($after: String) { redemptions(first: 100, after: $after) {
    nodes { id state } pageInfo { endCursor hasNextPage } } }"""
ADDRESS = {"name": "Ada", "line1": "Damrak 1", "city": "Amsterdam", "postalCode": "1012 LG", "country": "NL"}


@dataclass(frozen=True)
class World:
    """What the drill plays with, by global ids and tokens."""

    program: Program
    voucher: str
    mug: str
    charity: str
    tokens: dict[str, str]
    members: dict[str, tuple[str, str]]
    """Reference -> (global id, token)."""


async def build(issuer: DevIssuer, stand_in: StandIn) -> World:
    """A funded program, members with points in several lots, codes, stock and a charity."""
    program = await builders.a_program(code="FAULTS", issuer=issuer.issuer("FAULTS"))
    await pay_in(program, 1_000_000_00)
    voucher = await builders.a_voucher([f"CODE-{number:04}" for number in range(CODES)])
    partner = (await (await voucher.offer).brand).partner_id
    brand = await (await voucher.offer).brand
    mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE, brand=brand), stock=PIECES)
    charity = await builders.a_charity()
    members: dict[str, tuple[str, str]] = {}
    for number in range(MEMBERS):
        member = await builders.a_member(program)
        if number < PAYEES:
            await onboarded(stand_in, PayeeKind.MEMBER, member.id)
        for days in (10, 200, None):
            await give_points(member, program, 6_000 + 100 * number, days)
        token = issuer.mint("FAULTS", member.subject, audience=AUDIENCE)
        members[member.reference] = (ids.public("member", member.id), token)
    await gateway.close()
    tokens = {
        "partner": await owner_token(KeyOwner.PARTNER, partner),
        "program": await owner_token(KeyOwner.PROGRAM, program.id),
        "operator": await operator_token("admin"),
    }
    item = {"voucher": ids.public("item", voucher.id), "mug": ids.public("item", mug.id)}
    return World(program, item["voucher"], item["mug"], ids.public("charity", charity.id), tokens, members)


@dataclass
class Shopper:
    """One member's app, the desks it meets, and what it must be worth by the answers so far."""

    reference: str
    world: World
    app: Client
    partner: Client
    program: Client
    available: int
    held: int = 0
    vouchers: list[str] = field(default_factory=list[str])
    codes: list[str] = field(default_factory=list[str])
    cash: dict[str, int] = field(default_factory=dict[str, int])
    """Cash redemption -> its points, while they are held."""
    paid_minor: int = 0
    results: set[str] = field(default_factory=set[str])

    @property
    def id(self) -> str:
        return self.world.members[self.reference][0]

    async def play(self, others: list["Shopper"], over: asyncio.Event) -> None:
        """One thing after the other until it is over."""
        while not over.is_set():
            acts = (self._voucher, self._voucher, self._mug, self._donate, self._award, self._cash)
            act = self.app.random.choice(acts)
            if self.app.random.random() < 0.25:
                await self._gift(self.app.random.choice([other for other in others if other is not self]))
            else:
                await act()
            await asyncio.sleep(self.app.random.uniform(0, 0.1))

    async def _redeem(self, item: str, **more: object) -> Any:
        answer = await self.app.do("redeemOffer", REDEMPTION, itemId=item, expectedPoints=1000, **more)
        if answer["__typename"] != "Redemption":
            assert answer["__typename"] in {"OfferSoldOut", "InsufficientPoints"}, answer
            return None
        self._note(answer)
        self.available -= int(answer["points"])
        return answer

    def _note(self, answer: Any) -> None:
        assert answer["id"] not in self.results, "two commands were answered with one thing"
        self.results.add(answer["id"])

    async def _voucher(self) -> None:
        answer = await self._redeem(self.world.voucher)
        if answer is not None:
            assert answer["state"] == "FULFILLED"
            self.vouchers.append(answer["id"])
            if self.app.random.random() < 0.3:
                await self.reveal()

    async def reveal(self) -> None:
        """See the codes of all vouchers that were not looked at yet."""
        while self.vouchers:
            seen = await self.app.do(
                "revealCode", "... on RevealedCode { code }", redemptionId=self.vouchers.pop()
            )
            assert seen["__typename"] == "RevealedCode", seen
            self.codes.append(seen["code"])

    async def _mug(self) -> None:
        answer = await self._redeem(self.world.mug, address=ADDRESS)
        if answer is None:
            return
        points = int(answer["points"])
        self.held += points
        if self.app.random.random() < 0.7:
            await self._cancel_or_ship(answer["id"], points)

    async def _cancel_or_ship(self, id: str, points: int) -> None:
        """Both at once: one of them wins."""
        cancelled, shipped = await asyncio.gather(
            self.app.do("cancelRedemption", REDEMPTION, redemptionId=id),
            self.partner.do("shipRedemption", REDEMPTION, redemptionId=id, carrier="Post", tracking="T-1"),
        )
        kinds = (cancelled["__typename"], shipped["__typename"])
        assert kinds.count("Redemption") == 1, (cancelled, shipped)
        self.held -= points
        if kinds[0] == "Redemption":
            self.available += points

    async def _donate(self) -> None:
        points = self.app.random.randint(50, 400)
        answer = await self.app.do(
            "donatePoints", "... on Pledge { id }", charityId=self.world.charity, points=points
        )
        if answer["__typename"] != "Pledge":
            assert answer["__typename"] == "InsufficientPoints", answer
            return
        self._note(answer)
        self.available -= points

    async def _cash(self) -> None:
        answer = await self.app.do(
            "redeemForCash",
            "... on CashRedemption { id points }",
            points=self.app.random.randint(500, 900),
        )
        if answer["__typename"] != "CashRedemption":
            assert answer["__typename"] in {"InsufficientPoints", "PayoutAccountMissing"}, answer
            return
        self._note(answer)
        points = int(answer["points"])
        self.available -= points
        self.held += points
        self.cash[answer["id"]] = points

    async def cash_has_left(self) -> None:
        """Once all is drained, every cash redemption is paid out."""
        query = "query($id: ID!) { node(id: $id) { ... on CashRedemption { state amount { amount } } } }"
        for id, points in self.cash.items():
            found = (await self.app.ask(query, id=id))["node"]
            assert found["state"] == "FULFILLED", (id, found)
            self.held -= points
            self.paid_minor += int(Decimal(found["amount"]["amount"]) * 100)

    async def _award(self) -> None:
        points = self.app.random.randint(100, 900)
        reference = f"{self.app.random.getrandbits(64):016x}"
        answer = await self.program.do(
            "awardPoints",
            "... on Award { id }",
            memberId=self.id,
            reference=reference,
            points=points,
            reason="visit",
        )
        assert answer["__typename"] == "Award", answer
        self._note(answer)
        self.available += points

    async def _gift(self, other: "Shopper") -> None:
        """Offered to another member, who claims it while the giver takes it back: one of them wins."""
        points = self.app.random.randint(10, 300)
        gift = await self.app.do(
            "givePoints",
            "... on Gift { id }",
            points=points,
            recipientReference=other.reference,
            message="For you",
        )
        if gift["__typename"] != "Gift":
            assert gift["__typename"] == "InsufficientPoints", gift
            return
        self._note(gift)
        self.available -= points
        self.held += points
        recalled, claimed = await asyncio.gather(
            self.app.do("recallGift", "... on Gift { id }", giftId=gift["id"]),
            other.app.do("claimGift", "... on Gift { id }", gift={"giftId": gift["id"]}),
        )
        kinds = (recalled["__typename"], claimed["__typename"])
        assert kinds.count("Gift") == 1, (recalled, claimed)
        self.held -= points
        (self if kinds[0] == "Gift" else other).available += points

    async def states(self) -> dict[str, str]:
        """How the API says that each redemption stands."""
        found: dict[str, str] = {}
        after, more = None, True
        while more:
            page = (await self.app.ask(REDEMPTIONS, after=after))["redemptions"]
            found |= {node["id"]: node["state"] for node in page["nodes"]}
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def wallet(self) -> tuple[int, int]:
        """What the API says there is: available and held."""
        found = (await self.app.ask("{ me { wallet { available held } } }"))["me"]["wallet"]
        return int(found["available"]), int(found["held"])
