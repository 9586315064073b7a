"""What members buy elsewhere and what comes of it, with a plain model: pending, confirmed, clawed back, owed."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from marketplace.earning import operations as earning
from marketplace.earning.jobs import credit_due
from marketplace.earning.terms import Terms
from marketplace.earning.told import Told
from marketplace.earning.words import EventType, Kind, Measure
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor
from marketplace.kit.ids import new_id
from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal
from tests.client import new_key
from tests.journeys.chance import Lot, Person, World

PER, GIVES, BONUS, DAYS = 100, 2, 25, 3
"""Two points for each 1.00 at once; 25 for each purchase when it is confirmed, or after three days."""
NEVER = datetime.max.replace(tzinfo=UTC)
LIVES = timedelta(days=700)
"""Earned points outlive every story; what a date does to lots is told with awards."""
_STANDS = """
SELECT coalesce((SELECT sum(points - reversed_points) FROM earning_grant
        WHERE member_id = $1 AND state = 'PENDING'), 0)::bigint AS pending,
    coalesce((SELECT sum(owed - paid) FROM earning_clawback WHERE member_id = $1), 0)::bigint AS owed"""


@dataclass
class Given:
    """Points that one rule gave for a purchase."""

    points: int
    comes_at: datetime = NEVER
    id: UUID = field(default_factory=new_id)
    gone: int = 0

    @property
    def left(self) -> int:
        return self.points - self.gone


@dataclass
class Purchase:
    """Something bought: what is left of it, and what it gave. `later` is pending while `waits`."""

    person: Person
    reference: str
    minor: int
    now: Given
    later: Given
    returned: int = 0
    waits: bool = True

    @property
    def kept(self) -> int:
        return self.minor - self.returned


async def start_rules(server: Actor, currency: str) -> None:
    """The two rules of a program."""
    bought = (EventType.PURCHASE,)
    rules = {
        "spend": Terms(kind=Kind.PER_AMOUNT, points=GIVES, per=(Money(PER, currency),), events=bought),
        "bonus": Terms(kind=Kind.FIXED, points=BONUS, pending_days=DAYS, needs_confirmation=True, events=bought),
    }
    for code, said in rules.items():
        draft = earning.DraftRule(
            idempotency_key=new_key(), code=code, objective="More visits", measure=Measure.EVENTS, target=None,
            budget_code=None, terms=said,
        )  # fmt: skip
        rule = await earning.draft_rule(server, draft)
        await earning.start_rule(server, earning.ChangeRuleState(idempotency_key=new_key(), rule_id=rule.id))


@dataclass
class Debts:
    """What a member still owes, the oldest first."""

    left: list[int] = field(default_factory=list[int])

    def pay(self, points: int) -> int:
        """How much of points that come in is left after they paid what they can."""
        for place, owed in enumerate(self.left):
            part = min(points, owed)
            self.left[place] -= part
            points -= part
        return points


class Buying:
    """Deeds of a story, and what the model makes of them."""

    chance: Random
    world: World
    purchases: list[Purchase]
    debts: dict[UUID, Debts]

    def someone(self) -> Person:
        return self.chance.choice(self.world.people)

    def a_purchase(self) -> Purchase | None:
        return self.chance.choice(self.purchases) if self.purchases else None

    def comes(self, person: Person, given: Given) -> None:
        """Points that were earned come into the wallet, less what pays a debt."""
        points = self.debts.setdefault(person.member.id, Debts()).pay(given.left)
        if points:
            person.wallet.lots.append(Lot(clock.now() + LIVES, points, given.id))

    def goes(self, person: Person, given: Given, points: int, *, pending: bool) -> None:
        """Points go back: those that have come from the wallet as far as they are there, the rest is owed."""
        given.gone += points
        if points and not pending:
            short = points - person.wallet.take_back(given.id, points)
            self.debts.setdefault(person.member.id, Debts()).left.append(short)

    async def buy(self) -> None:
        person, minor, reference = self.someone(), self.chance.randint(1, 20_000), new_key()
        told = Told(
            type=EventType.PURCHASE, reference=reference, member_id=person.member.id,
            amount=Money(minor, person.program.home_currency),
        )  # fmt: skip
        for _ in range(2):  # told twice, given once
            await earning.record_event(person.server, earning.RecordEvent(idempotency_key=new_key(), told=told))
        bought = Purchase(
            person, reference, minor, Given(minor // PER * GIVES + minor % PER * GIVES // PER), Given(BONUS)
        )
        bought.later.comes_at = clock.now() + timedelta(days=DAYS)
        self.purchases.append(bought)
        self.comes(person, bought.now)

    async def confirm(self) -> None:
        bought = self.a_purchase()
        if bought is None:
            return
        command = earning.ConfirmEvent(idempotency_key=new_key(), reference=bought.reference)
        with suppress(Refusal):
            await earning.confirm_event(bought.person.server, command)
            if not bought.waits or not bought.later.left:
                pytest.fail("something was pending that was not")
            bought.waits = False
            self.comes(bought.person, bought.later)
            return
        assert not bought.waits or not bought.later.left

    async def return_purchase(self) -> None:
        """All that is left of a purchase goes back, or a part."""
        bought = self.a_purchase()
        if bought is None:
            return
        part = self.chance.choice((None, self.chance.randint(1, bought.minor)))
        amount = Money(part, bought.person.program.home_currency) if part else None
        command = earning.ReverseEvent(
            idempotency_key=new_key(), reference=bought.reference, reversal_reference=new_key(), amount=amount,
            reason="sent back",
        )  # fmt: skip
        with suppress(Refusal):
            await earning.reverse_event(bought.person.server, command)
            bought.returned += part or bought.kept
            stays = min(bought.now.left, bought.kept * GIVES // PER)
            self.goes(bought.person, bought.now, bought.now.left - stays, pending=False)
            if not bought.kept:
                self.goes(bought.person, bought.later, bought.later.left, pending=bought.waits)

    async def days_come(self) -> None:
        """Pending points whose day has come are there without being confirmed."""
        await credit_due()
        for bought in sorted(self.purchases, key=lambda each: each.later.comes_at):
            due = bought.waits and bought.later.left and bought.later.comes_at <= clock.now()
            if due:
                bought.waits = False
                self.comes(bought.person, bought.later)

    async def earned_points_agree(self) -> None:
        """What is pending and what is owed is what additions say."""
        for person in self.world.people:
            mine = [each.later.left for each in self.purchases if each.person is person and each.waits]
            owed = sum(self.debts.get(person.member.id, Debts()).left)
            found = await database.row(_STANDS, person.member.id)
            if found != {"pending": sum(mine), "owed": owed}:
                pytest.fail(f"{found} in the rows, {sum(mine)} pending and {owed} owed by the model")
