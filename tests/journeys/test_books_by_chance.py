"""Whatever people do in whatever order: the books hold, and wallets are what plain additions say."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TypeVar
from uuid import UUID

import pytest

from marketplace.billing import operations as billing
from marketplace.billing.models import TopUpMethod
from marketplace.catalog.models import Item, OfferKind
from marketplace.donations import operations as donations
from marketplace.donations.models import Pledge, PledgeState
from marketplace.gifts import operations as gifts
from marketplace.gifts import rules as gift_rules
from marketplace.gifts.jobs import expire_gifts
from marketplace.gifts.models import Gift, GiftState
from marketplace.kit import clock, database
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal
from marketplace.ledger import accounts
from marketplace.ledger.models import Purpose
from marketplace.ledger.queries import balance
from marketplace.members import operations as members
from marketplace.payments import steps as payments
from marketplace.payments.answers import SentTransfer
from marketplace.payments.models import OutboundState, OutboundTransfer
from marketplace.points import operations as points
from marketplace.points import steps as point_steps
from marketplace.points.jobs import expire_lots
from marketplace.points.refusals import InsufficientPoints
from marketplace.redemptions import jobs as redemption_jobs
from marketplace.redemptions import operations as redemptions
from marketplace.redemptions.addresses import Address
from marketplace.redemptions.models import CashRedemption, CashState, Redemption, RedemptionState, Refund
from marketplace.settlement import operations as settlement
from marketplace.settlement.jobs import settle_until
from marketplace.settlement.models import Adjustment
from tests.books import violations
from tests.client import as_operator, new_key
from tests.journeys.buying import Buying, Debts, Purchase, start_rules
from tests.journeys.chance import Lot, Person, World, a_world, actor_of
from tests.journeys.lining import Lines, Lining
from tests.journeys.owing import Sale, must_be_owed

pytestmark = pytest.mark.usefixtures("db")
STEPS = 150
FIRST_DAY = datetime(2026, 1, 30, 21, 30, tzinfo=UTC)
"""Two midnights, a leap of the calendar and a change of the clocks lie ahead."""
ADDRESS = Address(name="Ada", line1="Damrak 1", city="Amsterdam", country="NL", postal_code="1012 LG")
ANY_PRICE = 10**12
R = TypeVar("R")
DONE = {OutboundState.FAILED, OutboundState.REVERSED}


_LEFT = """
SELECT s.loaded - s.taken + (SELECT count(*) FROM returned_code r WHERE r.item_id = s.item_id) FROM stock s
WHERE s.item_id = $1"""


class Story(Buying, Lining):
    """What chance makes of a world."""

    def __init__(self, seed: int, world: World) -> None:
        self.chance = Random(seed)
        self.world = world
        self.purchases: list[Purchase] = []
        self.debts: dict[UUID, Debts] = {}
        self.sales: dict[UUID, Sale] = {}
        self.lines = Lines()
        self.awards: set[UUID] = set()
        self.support = actor_of(as_operator(new_id(), "support"))
        self.finance = [actor_of(as_operator(new_id(), "finance")) for _ in range(2)]

    async def begin(self) -> None:
        """Everybody can buy and has points."""
        for person in {each.program.id: each for each in self.world.people}.values():
            await start_rules(person.server, person.program.home_currency)
        for _ in self.world.people * 2:
            await self.award()

    def person_of(self, member_id: UUID) -> Person:
        return next(person for person in self.world.people if person.member.id == member_id)

    async def award(self) -> None:
        person, many = self.someone(), self.chance.randint(1, 3000)
        expires = clock.now() + timedelta(hours=self.chance.randint(1, 24 * 20))
        award = await points.award_points(
            person.server,
            points.AwardPoints(
                idempotency_key=new_key(), member_id=person.member.id, reference=new_key(), points=many,
                reason="bought", expires_at=expires,
            ),
        )  # fmt: skip
        person.wallet.lots.append(Lot(expires, many, award.id))
        self.awards.add(award.id)

    async def take_back(self) -> None:
        """What was bought is returned, so its points are taken back as far as they are there."""
        person = self.someone()
        lots = [lot for lot in person.wallet.lots if lot.origin in self.awards]
        if not lots:
            return
        lot, many, cause = self.chance.choice(lots), self.chance.randint(1, 2000), new_id()
        program = person.program
        assert lot.origin is not None
        async with database.transaction():
            taken = await point_steps.take_back(
                person.member.id, program.id, program.unit, many, origin_id=lot.origin, ref_type="clawback",
                ref_id=cause,
            )  # fmt: skip
        if taken != person.wallet.take_back(lot.origin, many):
            pytest.fail(f"{taken} were taken back")

    async def refund_part(self) -> None:
        """A part of what was paid goes back to the very lots, the partner is owed less for it."""
        rows = await Redemption.filter(state="FULFILLED", kind__not="DONATION").order_by("id")
        if not rows:
            return
        row = self.chance.choice(rows)
        amount = Money(self.chance.randint(1, max(1, row.price_minor)), row.currency)
        command = redemptions.RefundRedemption(
            idempotency_key=new_key(), redemption_id=row.id, reason="a part of it", amount=amount
        )
        wallet = self.person_of(row.member_id).wallet
        with suppress(Refusal):
            await redemptions.refund_redemption(self.support, command)
            refund = await Refund.filter(redemption_id=row.id).order_by("-id").first()
            assert refund is not None
            if refund.points:
                wallet.give_back_part(row.id, refund.points)
            if row.id in self.sales:
                self.sales[row.id].give_back(amount.minor)
            if (await Redemption.get(id=row.id)).state == RedemptionState.REFUNDED:
                self.comes_back(row)

    async def move_tier(self) -> None:
        person, tier = self.someone(), self.chance.choice(("blue", "gold", "free"))
        command = members.ChangeMember(idempotency_key=new_key(), member_id=person.member.id, tier=tier)
        await members.change_member(person.server, command)

    async def redeem(self) -> None:
        await self.redeem_one_of(self.world.items)

    async def redeem_scarce(self) -> None:
        await self.redeem_one_of(self.world.scarce)

    async def redeem_together(self) -> None:
        """Some people at the same instant, whose commands share a transaction where they can."""
        crowd = self.chance.sample(self.world.people, self.chance.randint(2, len(self.world.people)))
        items = [*self.world.items, *self.world.scarce]
        await asyncio.gather(*(self.redeem_one_of(items, person) for person in crowd))

    async def redeem_one_of(self, items: list[Item], person: Person | None = None) -> None:
        person, item = person or self.someone(), self.chance.choice(items)
        with suppress(Refusal):
            row = await self.redeems(person, item)
            if row.item_id in self.world.units:
                self.world.units[row.item_id] -= row.quantity

    async def redeems(
        self, person: Person, item: Item, quantity: int | None = None, reservation_id: UUID | None = None
    ) -> Redemption:
        """Somebody takes a reward; its units are counted by who calls."""
        lots = self.chance.randint(1, 3)
        kind = OfferKind((await item.offer).kind)
        command = redemptions.RedeemOffer(
            idempotency_key=new_key(),
            item_id=item.id,
            expected_points=ANY_PRICE,
            lots=lots if kind is OfferKind.BRAND_CURRENCY else None,
            membership_number="12345" if kind is OfferKind.BRAND_CURRENCY else None,
            address=ADDRESS if kind is OfferKind.MERCHANDISE else None,
            quantity=quantity,
            reservation_id=reservation_id,
        )
        row = await self.paid_by(person, redemptions.redeem_offer(person.actor, command))
        self.took(person, row.id, row.points, spent=row.state == RedemptionState.FULFILLED)
        self.sold(row, row.state)
        self.lines.got[row.id] = (person.member.id, item.id, clock.now())
        return row

    async def paid_by(self, person: Person, doing: Awaitable[R]) -> R:
        """What somebody pays for; that they have too little agrees with the model."""
        available = person.wallet.available()
        try:
            return await doing
        except InsufficientPoints as refusal:
            if not refusal.available == available < refusal.required:
                pytest.fail(f"{refusal.available} of {refusal.required} said, {available} there")
            raise

    def took(self, person: Person, cause: UUID, many: int, *, spent: bool) -> None:
        person.wallet.hold(cause, many)
        if spent:
            person.wallet.spend(cause)

    async def answer(self) -> None:
        """The partner or the member does something about a reward."""
        rows = await Redemption.filter(state__in=("PENDING", "FULFILLED")).order_by("id")
        if not rows:
            return
        row = self.chance.choice(rows)
        person, partner = self.person_of(row.member_id), self.world.partners[row.partner_id]
        key, id, reason = new_key(), row.id, "as chance will have it"
        ways = [
            lambda: redemptions.cancel_redemption(
                person.actor, redemptions.CancelRedemption(idempotency_key=key, redemption_id=id)
            ),
            lambda: redemptions.confirm_credit(
                partner, redemptions.ConfirmCredit(idempotency_key=key, redemption_id=id)
            ),
            lambda: redemptions.ship_redemption(
                partner,
                redemptions.ShipRedemption(idempotency_key=key, redemption_id=id, carrier="PostNL", tracking="3S"),
            ),
            lambda: redemptions.fail_redemption(
                partner, redemptions.FailRedemption(idempotency_key=key, redemption_id=id, reason=reason)
            ),
            lambda: redemptions.refund_redemption(
                self.support, redemptions.RefundRedemption(idempotency_key=key, redemption_id=id, reason=reason)
            ),
            lambda: redemptions.reveal_code(
                person.actor, redemptions.RevealCode(idempotency_key=key, redemption_id=id)
            ),
            lambda: redemptions.reissue_code(
                self.support, redemptions.ReissueCode(idempotency_key=key, redemption_id=id, reason=reason)
            ),
        ]
        way = self.chance.choice(ways)
        with suppress(Refusal):
            await way()
            if way is ways[-1]:
                self.world.units[row.item_id] -= 1  # another code; the one that did not work is gone
        await self.follow(row)

    async def follow(self, row: Redemption) -> None:
        """Let the model go where a redemption went."""
        now, wallet = (await Redemption.get(id=row.id)).state, self.person_of(row.member_id).wallet
        if now == RedemptionState.FULFILLED != row.state:
            wallet.spend(row.id)
            self.sold(row, now)
        elif now != row.state:
            wallet.give_back(row.id)
            self.comes_back(row)
            if sale := self.sales.get(row.id):
                sale.give_back(sale.price - sale.back)

    def sold(self, row: Redemption, state: str) -> None:
        """Its partner is owed for a reward from when it is fulfilled."""
        if state == RedemptionState.FULFILLED and row.kind != OfferKind.DONATION and row.home_minor:
            self.sales[row.id] = Sale.of(row, self.world.currencies[row.partner_id])

    def comes_back(self, row: Redemption) -> None:
        """What was undone stands on the shelf again, if it can be sold again; `row` is as it was before."""
        unseen = row.kind == OfferKind.EXPERIENCE or (row.kind == OfferKind.VOUCHER and row.revealed_at is None)
        if row.item_id in self.world.units and (row.state == RedemptionState.PENDING or unseen):
            self.back_on_the_shelf(row.item_id, row.quantity)
        self.lines.got.pop(row.id, None)  # who gives one back does not wait for that one

    async def cash(self) -> None:
        person = self.someone()
        command = redemptions.RedeemForCash(idempotency_key=new_key(), points=self.chance.randint(1, 1500))
        with suppress(Refusal):
            row = await self.paid_by(person, redemptions.redeem_for_cash(person.actor, command))
            self.took(person, row.id, row.points, spent=False)

    async def transfer(self) -> None:
        """Something becomes of money on its way out, to a member or to a partner."""
        found = await OutboundTransfer.exclude(state__in=DONE).order_by("id")
        if not found:
            return
        row = self.chance.choice(found)
        before = await CashRedemption.get_or_none(outbound_id=row.id)
        async with database.transaction():
            await self.happens_to(row)
        if before is not None:
            wallet, now = self.person_of(before.member_id).wallet, await CashRedemption.get(id=before.id)
            if before.state != now.state:
                wallet.spend(now.id) if now.state == CashState.FULFILLED else wallet.give_back(now.id)

    async def happens_to(self, row: OutboundTransfer) -> None:
        if row.state == OutboundState.PLANNED:
            await payments.take_off(row.id)
            if self.chance.random() < 0.3:
                await payments.record_refused(row.id, "account_closed", "Not any more.")
            else:
                await payments.record_sent(row.id, as_sent(row, 0))
        elif self.chance.random() < 0.3:
            await payments.record_sent(row.id, as_sent(row, row.amount_minor))
        elif row.state == OutboundState.SENT:
            await payments.record_in_bank(row.id, f"po_{row.id.hex}")
        else:
            await payments.record_payout_failed(str(row.stripe_payout_id), "account_closed")

    async def give(self) -> None:
        person, other = self.someone(), self.someone()
        command = gifts.GivePoints(
            idempotency_key=new_key(),
            points=self.chance.randint(1, 800),
            recipient_reference=self.chance.choice((None, other.member.reference)),
        )
        with suppress(Refusal):
            row = await self.paid_by(person, gifts.give_points(person.actor, command))
            self.took(person, row.id, row.points, spent=False)

    async def open_gift(self) -> None:
        rows = await Gift.filter(state=GiftState.OFFERED.value).order_by("id")
        if not rows:
            return
        row, person, key = self.chance.choice(rows), self.someone(), new_key()
        if row.recipient_id and self.chance.random() < 0.7:
            person = self.person_of(row.recipient_id)
        token = gift_rules.claim_token(row)
        ways = [
            lambda: gifts.claim_gift(person.actor, gifts.ClaimGift(idempotency_key=key, token=token)),
            lambda: gifts.recall_gift(person.actor, gifts.RecallGift(idempotency_key=key, gift_id=row.id)),
            lambda: gifts.decline_gift(person.actor, gifts.DeclineGift(idempotency_key=key, gift_id=row.id)),
        ]
        with suppress(Refusal):
            done = await self.chance.choice(ways)()
            giver = self.person_of(row.sender_id).wallet
            if done.state == GiftState.CLAIMED:
                giver.spend(row.id)
                on_time = [each for each in giver.spent.pop(row.id) if each[0].expires_at > clock.now()]
                person.wallet.lots += [Lot(lot.expires_at, part) for lot, part in on_time]
            else:
                giver.give_back(row.id)

    async def donate(self) -> None:
        person = self.someone()
        command = donations.DonatePoints(
            idempotency_key=new_key(), charity_id=self.world.charity.id, points=self.chance.randint(1, 500)
        )
        with suppress(Refusal):
            row = await self.paid_by(person, donations.donate_points(person.actor, command))
            self.took(person, row.id, row.points, spent=True)

    async def take_back_donation(self) -> None:
        rows = await Pledge.filter(redemption_id=None, state=PledgeState.PLEDGED.value).order_by("id")
        if rows:
            row = self.chance.choice(rows)
            command = donations.CancelPledge(idempotency_key=new_key(), pledge_id=row.id, reason="a mistake")
            await donations.cancel_pledge(self.support, command)
            self.person_of(row.member_id).wallet.give_back(row.id)

    async def by_the_clock(self) -> None:
        """The jobs that run by themselves."""
        waiting = await Redemption.filter(state="PENDING").order_by("id")
        offered = await Gift.filter(state=GiftState.OFFERED.value).order_by("id")
        await redemption_jobs.fail()
        await expire_gifts()
        for row in waiting:
            await self.follow(row)
        for gift in offered:
            if gift.expires_at <= clock.now():
                self.person_of(gift.sender_id).wallet.give_back(gift.id)
        await self.holds_end()
        await self.days_come()
        await expire_lots()
        for person in self.world.people:
            person.wallet.expire()

    async def settle(self) -> None:
        """A run, while somebody shops."""
        yesterday = clock.today("Etc/GMT+12") - timedelta(days=1)
        await asyncio.gather(settle_until(yesterday), self.redeem())

    async def correct(self) -> None:
        partner = self.chance.choice(list(self.world.partners))
        proposer, other = self.chance.sample(self.finance, 2)
        amount = Money(self.chance.choice((-1, 1)) * self.chance.randint(1, 3000), "EUR")
        command = settlement.ProposeAdjustment(
            idempotency_key=new_key(), partner_id=partner, amount=amount, reason="A correction"
        )
        with suppress(Refusal):
            row: Adjustment = await settlement.propose_adjustment(proposer, command)
            decided = settlement.DecideAdjustment(idempotency_key=new_key(), adjustment_id=row.id)
            await settlement.approve_adjustment(other, decided)

    async def pay_in(self) -> None:
        person = self.someone()
        top_up = await billing.top_up_program(
            person.server,
            billing.TopUpProgram(
                idempotency_key=new_key(), reference=new_key(), method=TopUpMethod.BANK_TRANSFER,
                amount=Money(self.chance.randint(1, 50_000), person.program.home_currency),
            ),
        )  # fmt: skip
        confirmed = billing.ConfirmTopUp(idempotency_key=new_key(), top_up_id=top_up.id, evidence="camt.053")
        await billing.confirm_top_up(self.chance.choice(self.finance), confirmed)

    async def step(self) -> None:
        deeds = {
            self.award: 14, self.take_back: 4, self.refund_part: 6,
            self.buy: 8, self.confirm: 4, self.return_purchase: 6,
            self.redeem: 16, self.redeem_together: 8, self.answer: 20, self.cash: 6, self.transfer: 10,
            self.give: 6,
            self.open_gift: 6, self.donate: 4, self.take_back_donation: 2, self.by_the_clock: 4, self.settle: 3,
            self.correct: 2, self.pay_in: 2, self.move_tier: 3,
            self.queue: 5, self.set_aside: 3, self.decide: 4, self.leave_line: 1, self.restock: 1,
        }  # fmt: skip
        [deed] = self.chance.choices(list(deeds), weights=list(deeds.values()))
        await deed()

    async def shelves_and_partners_agree(self) -> None:
        """Shelves hold what additions say, and partners are owed for what they gave and nobody gave back."""
        for item_id, units in self.world.units.items():
            left = await database.value(_LEFT, item_id)
            if left != units:
                pytest.fail(f"{left} of {item_id} are left, {units} should be")
        await self.lines_agree()
        await must_be_owed(self.sales)

    async def wallets_agree(self) -> None:
        await self.earned_points_agree()
        for person in self.world.people:
            unit, id = person.program.unit, person.member.id
            books = [await balance(accounts.member(id, which, unit)) for which in (Purpose.WALLET, Purpose.HELD)]
            assert books == [person.wallet.in_lots(), person.wallet.on_hold()]


def as_sent(row: OutboundTransfer, reversed_minor: int) -> SentTransfer:
    return SentTransfer(
        id=f"tr_{row.id.hex}", amount=row.amount_minor, amount_reversed=reversed_minor, currency=row.currency,
        destination="acct", destination_payment=None, transfer_group=row.id.hex,
        reversals=((f"trr_{row.id.hex}", reversed_minor),) if reversed_minor else (),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_the_books_hold_in_any_story(seed: int) -> None:
    moment = FIRST_DAY
    with clock.at(moment):
        story = Story(seed, await a_world())
        await story.begin()
    for number in range(STEPS):
        moment += timedelta(minutes=story.chance.randint(1, 60 * 12))
        with clock.at(moment):
            await story.step()
            if number % 10 == 0:
                await story.wallets_agree()
    with clock.at(moment):
        await story.wallets_agree()
        await story.shelves_and_partners_agree()
        assert await violations(but="marketplace.payments") == []
