"""Waiting for what is sold out, with a plain model: what is set aside for whom, and who is first in which line."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from marketplace.catalog.models import Item
from marketplace.catalog.refusals import OfferSoldOut
from marketplace.kit import clock, database
from marketplace.kit.refusals import NotFound, Refusal
from marketplace.kit.settings import settings
from marketplace.redemptions import jobs, waiting_places
from marketplace.redemptions import operations as redemptions
from marketplace.redemptions.models import Redemption, Reservation, WaitingPlace
from marketplace.redemptions.refusals import NotWaiting, ReservationOver, StillAvailable, TooManyReservations
from tests import builders
from tests.client import new_key
from tests.journeys.chance import Person, World

MOST_SET_ASIDE = 3
_WAITING = """
SELECT id, item_id, member_id FROM waiting_place WHERE state = 'WAITING' ORDER BY item_id, asked_at, id"""


@dataclass
class Place:
    """Somebody in a line, and since when."""

    id: UUID
    person: Person
    since: datetime


@dataclass
class Hold:
    """Units that are set aside for somebody; `offered` to who waited, or of their own choice."""

    person: Person
    item_id: UUID
    units: int
    until: datetime
    offered: bool

    def said(self) -> tuple[str, str, int, datetime, bool]:
        return str(self.person.member.id), str(self.item_id), self.units, self.until, self.offered


@dataclass
class Lines:
    """The lines in the order of asking, what is set aside, and which rewards members have of what can sell out."""

    waiting: dict[UUID, list[Place]] = field(default_factory=dict[UUID, list[Place]])
    holds: list[Hold] = field(default_factory=list[Hold])
    got: dict[UUID, tuple[UUID, UUID, datetime]] = field(default_factory=dict[UUID, tuple[UUID, UUID, datetime]])

    def of(self, item_id: UUID) -> list[Place]:
        return self.waiting.setdefault(item_id, [])

    def join(self, item_id: UUID, places: Sequence[Place]) -> None:
        """More come, behind everybody who asked before."""
        self.of(item_id).extend(places)

    def serve(self, item_id: UUID, units: int, shelf: dict[UUID, int]) -> None:
        """Set units aside for who is first, second, and so on; who has got one since waits no longer."""
        line = self.of(item_id)
        if not line:
            return
        line[:] = [place for place in line if not self._has_got(item_id, place)]
        until = clock.now() + timedelta(seconds=settings().offer_for_s)
        for place in line[: min(units, shelf[item_id])]:
            line.remove(place)
            shelf[item_id] -= 1
            self.holds.append(Hold(place.person, item_id, 1, until, offered=True))

    def _has_got(self, item_id: UUID, place: Place) -> bool:
        mine = (place.person.member.id, item_id)
        return any((who, what) == mine and at >= place.since for who, what, at in self.got.values())

    def is_in(self, person: Person, item_id: UUID) -> bool:
        """Whether somebody waits for one, or has one offered."""
        waits = any(place.person is person for place in self.of(item_id))
        return waits or any(
            hold.offered and hold.person is person and hold.item_id == item_id for hold in self.holds
        )


class Lining(ABC):
    """Deeds of those who want what is scarce, and what the model makes of them."""

    chance: Random
    world: World
    lines: Lines

    @abstractmethod
    def someone(self) -> Person:
        """Anybody of the world."""

    @abstractmethod
    async def redeems(
        self, person: Person, item: Item, quantity: int | None = None, reservation_id: UUID | None = None
    ) -> Redemption:
        """Redeem, and see that the model says so too."""

    def back_on_the_shelf(self, item_id: UUID, units: int) -> None:
        """Units come back, to who is first in line before anybody else."""
        self.world.units[item_id] += units
        self.lines.serve(item_id, units, self.world.units)

    async def queue(self) -> None:
        """Some ask for a place in the line, or again; most of them for what is sold out.

        They ask seconds apart, or in one instant: one by one, or all at once. Asked in one instant, who got the
        lower id is first, and that is who asked first of those who did not ask at once.
        """
        gone = [item for item in self.world.scarce if not self.world.units[item.id]]
        item = self.chance.choice(gone if gone and self.chance.random() < 0.9 else self.world.scarce)
        crowd = self.chance.sample(self.world.people, self.chance.randint(1, len(self.world.people)))
        if self.chance.random() < 0.4:
            placed = await asyncio.gather(*(self._asks(person, item) for person in crowd))
            self.lines.join(item.id, sorted(filter(None, placed), key=lambda place: place.id))
            return
        apart = self.chance.choice((timedelta(), timedelta(seconds=1)))
        for nr, person in enumerate(crowd):
            with clock.travel(nr * apart):
                if place := await self._asks(person, item):
                    self.lines.join(item.id, [place])

    async def _asks(self, person: Person, item: Item) -> Place | None:
        """Their place, if it is a new one."""
        known, left = self.lines.is_in(person, item.id), self.world.units[item.id]
        command = redemptions.WaitForItem(idempotency_key=new_key(), item_id=item.id)
        try:
            place = await redemptions.wait_for_item(person.actor, command)
        except StillAvailable:
            if known or not left:
                pytest.fail("there is one still, it was said, of what is sold out")
            return None
        if known:
            return None
        if left:
            pytest.fail("somebody waits for what is there")
        return Place(place.id, person, clock.now())

    async def leave_line(self) -> None:
        """Somebody waits no longer; who has one offered lets that go instead."""
        rows = await WaitingPlace.filter(state__in=("WAITING", "OFFERED")).order_by("id")
        if not rows:
            return
        row = self.chance.choice(rows)
        person = next(each for each in self.world.people if each.member.id == row.member_id)
        line = self.lines.of(row.item_id)
        waits = [place for place in line if place.id == row.id]
        command = redemptions.StopWaiting(idempotency_key=new_key(), place_id=row.id)
        try:
            await redemptions.stop_waiting(person.actor, command)
        except NotWaiting:
            assert not waits
            return
        line.remove(waits[0])

    async def set_aside(self) -> None:
        """Somebody sets units aside of what can be."""
        counted = [item for item in self.world.scarce if item.stock_mode == "COUNTED"]
        person, item, units = self.someone(), self.chance.choice(counted), self.chance.randint(1, 2)
        mine = [hold for hold in self.lines.holds if hold.person is person]
        command = redemptions.ReserveItem(idempotency_key=new_key(), item_id=item.id, quantity=units)
        try:
            row = await redemptions.reserve_item(person.actor, command)
        except TooManyReservations:
            assert len(mine) >= MOST_SET_ASIDE
        except OfferSoldOut:
            assert self.world.units[item.id] < units
        else:
            assert len(mine) < MOST_SET_ASIDE
            self.world.units[item.id] -= units
            self.lines.holds.append(Hold(person, item.id, units, row.expires_at, offered=False))

    async def decide(self) -> None:
        """Somebody takes what is set aside, or lets it go; nobody else can."""
        rows = await Reservation.filter(state="OPEN").order_by("id")
        if not rows:
            return
        row, person = self.chance.choice(rows), self.someone()
        hold = self._hold_of(row)
        if self.chance.random() < 0.8:
            person = hold.person
        if self.chance.random() < 0.6:
            item = next(each for each in self.world.scarce if each.id == row.item_id)
            await self._tried(hold, person, self._take(hold, person, item, row.id))
        else:
            await self._tried(hold, person, self._let_go(hold, person, row.id))

    def _hold_of(self, row: Reservation) -> Hold:
        return next(
            hold
            for hold in self.lines.holds
            if (hold.person.member.id, hold.item_id, hold.until, hold.offered)
            == (row.member_id, row.item_id, row.expires_at, row.place_id is not None)
        )

    async def _tried(self, hold: Hold, person: Person, doing: Awaitable[None]) -> None:
        with suppress(Refusal):
            await doing
            if person is not hold.person:
                pytest.fail("somebody else's was taken")

    async def _take(self, hold: Hold, person: Person, item: Item, reservation_id: UUID) -> None:
        quantity = hold.units if item.stock_mode == "COUNTED" else None
        try:
            await self.redeems(person, item, quantity, reservation_id)
        except ReservationOver:
            assert hold.until <= clock.now()
            raise
        except NotFound:
            assert person is not hold.person
            raise
        assert clock.now() < hold.until
        self.lines.holds.remove(hold)

    async def _let_go(self, hold: Hold, person: Person, reservation_id: UUID) -> None:
        command = redemptions.ReleaseReservation(idempotency_key=new_key(), reservation_id=reservation_id)
        try:
            await redemptions.release_reservation(person.actor, command)
        except NotFound:
            assert person is not hold.person
            raise
        self.lines.holds.remove(hold)
        self.back_on_the_shelf(hold.item_id, hold.units)

    async def restock(self) -> None:
        """Another code comes in when none is left; the line is served by the clock."""
        item = next(each for each in self.world.scarce if each.stock_mode == "CODES")
        if self.world.units[item.id]:
            return
        self.world.units[item.id] += await builders.more_codes(item, [f"MORE-{new_key()}"])

    async def holds_end(self) -> None:
        """What is set aside lapses, for the next in line; then what is on the shelf goes to who waits for it."""
        await jobs.lapse_left()
        over = [hold for hold in self.lines.holds if hold.until <= clock.now()]
        for hold in sorted(over, key=lambda each: each.until):
            self.lines.holds.remove(hold)
            self.back_on_the_shelf(hold.item_id, hold.units)
        await jobs.serve_lines()
        for item in self.world.scarce:
            if self.world.units[item.id]:
                self.lines.serve(item.id, self.world.units[item.id], self.world.units)

    async def lines_agree(self) -> None:
        """Who waits in which order, and what is set aside for whom until when, is what the model says."""
        found: dict[UUID, list[UUID]] = {}
        rows = await database.rows(_WAITING)
        for row in rows:
            found.setdefault(row["item_id"], []).append(row["id"])
        wanted = {id: [place.id for place in line] for id, line in self.lines.waiting.items() if line}
        if found != wanted:
            pytest.fail(f"{found} wait, {wanted} should")
        told = await waiting_places.positions([row["id"] for row in rows]) if rows else {}
        assert told == {id: nr for line in wanted.values() for nr, id in enumerate(line, start=1)}
        held = [
            (str(row.member_id), str(row.item_id), row.quantity, row.expires_at, row.place_id is not None)
            for row in await Reservation.filter(state="OPEN")
        ]
        if sorted(held) != (mine := sorted(hold.said() for hold in self.lines.holds)):
            pytest.fail(f"{held} are set aside, {mine} should be")
        offers = [(who, what) for who, what, _, _, offered in mine if offered]
        assert len(offers) == len(set(offers))
