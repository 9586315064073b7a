"""Any interleaving that hypothesis thinks of: wallets, lots, holds, lines for what is sold out, what is pending
and what partners are owed is what a plain model says, to the last unit; the books hold, and beancount and hledger
accept them.

Each rule is one deed of the story; what it does in detail follows from a number, so a failing run shrinks to the
fewest deeds. The long run is in `tests/faults`.
"""

import asyncio
import shutil
import sys
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from marketplace.kit import clock, memory
from marketplace.ledger import export
from tests.books import violations
from tests.conftest import EMPTY
from tests.journeys.chance import a_world
from tests.journeys.test_books_by_chance import FIRST_DAY, Story

how = st.integers(0, 2**20)


async def others_accept_the_books() -> None:
    """The export of whatever happened is sound to beancount, and to hledger where it is installed."""
    with TemporaryDirectory() as folder:
        told = {form: Path(folder) / form.value for form in export.Format}
        for form, file in told.items():
            file.write_text("\n".join([line async for line in export.lines(form)]) + "\n")
        checks = [[sys.executable, "-m", "beancount.scripts.check", str(told[export.Format.BEANCOUNT])]]
        if shutil.which("hledger"):
            checks.append(["hledger", "-f", str(told[export.Format.HLEDGER]), "check", "--strict"])
        for command in checks:
            run = await anyio.run_process(command, check=False)
            assert run.returncode == 0, run.stdout + run.stderr


class Telling(RuleBasedStateMachine):
    """A story whose deeds hypothesis chooses, told on the test's own loop; here what every story has."""

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: Any) -> None:
        super().__init__()
        self.loop = loop
        self.owner = owner
        self.moment = FIRST_DAY
        self.story: Story | None = None

    def run(self, doing: Coroutine[Any, Any, Any]) -> None:
        """Do it at the moment it is in the story."""
        with clock.at(self.moment):
            asyncio.run_coroutine_threadsafe(doing, self.loop).result(60)

    @initialize()
    def begin(self) -> None:
        async def made() -> None:
            await self.owner.execute(EMPTY)
            memory.forget()
            self.story = Story(0, await a_world())
            await self.story.begin()

        self.run(made())

    def does(self, name: str, number: int) -> None:
        """One deed of the story, with what the number makes of it."""
        assert self.story is not None
        self.story.chance = Random(number)
        self.moment += timedelta(seconds=5)
        self.run(getattr(self.story, name)())

    @rule(number=how)
    def earn(self, number: int) -> None:
        self.does("award", number)

    @rule(number=how)
    def redeem(self, number: int) -> None:
        self.does("redeem", number)

    @rule(number=how)
    def redeem_together(self, number: int) -> None:
        self.does("redeem_together", number)

    @rule(number=how)
    def cancel_refund_or_deliver(self, number: int) -> None:
        self.does("answer", number)

    @rule(number=how)
    def wait_in_line(self, number: int) -> None:
        self.does("queue", number)

    @rule(number=how)
    def leave_line(self, number: int) -> None:
        self.does("leave_line", number)

    @rule(number=how)
    def set_aside(self, number: int) -> None:
        self.does("set_aside", number)

    @rule(number=how)
    def take_what_is_set_aside_or_let_it_go(self, number: int) -> None:
        self.does("decide", number)

    @rule(number=how)
    def another_code_comes(self, number: int) -> None:
        self.does("restock", number)

    @rule(minutes=st.one_of(st.integers(1, 40), st.integers(60, 60 * 24 * 9)))
    def time_passes(self, minutes: int) -> None:
        self.moment += timedelta(minutes=minutes)
        self.does("by_the_clock", minutes)

    @invariant()
    def wallets_are_what_additions_say(self) -> None:
        if self.story is not None:
            self.run(self.story.wallets_agree())
            self.run(self.story.shelves_and_partners_agree())

    def teardown(self) -> None:
        async def clean() -> None:
            assert await violations(but="marketplace.payments") == []
            await others_accept_the_books()

        if self.story is not None:
            self.run(clean())


class Interleaving(Telling):
    """Everything that people do."""

    @rule(number=how)
    def buy(self, number: int) -> None:
        self.does("buy", number)

    @rule(number=how)
    def a_purchase_holds(self, number: int) -> None:
        self.does("confirm", number)

    @rule(number=how)
    def a_purchase_goes_back(self, number: int) -> None:
        self.does("return_purchase", number)

    @rule(number=how)
    def claw_back(self, number: int) -> None:
        self.does("take_back", number)

    @rule(number=how)
    def refund_a_part(self, number: int) -> None:
        self.does("refund_part", number)

    @rule(number=how)
    def take_cash(self, number: int) -> None:
        self.does("cash", number)

    @rule(number=how)
    def money_leaves_or_comes_back(self, number: int) -> None:
        self.does("transfer", number)

    @rule(number=how)
    def give(self, number: int) -> None:
        self.does("give", number)

    @rule(number=how)
    def open_gift(self, number: int) -> None:
        self.does("open_gift", number)

    @rule(number=how)
    def donate(self, number: int) -> None:
        self.does("donate", number)

    @rule(number=how)
    def take_back_donation(self, number: int) -> None:
        self.does("take_back_donation", number)

    @rule(number=how)
    def settle(self, number: int) -> None:
        self.does("settle", number)


class Queueing(Telling):
    """The same with nothing but what is scarce, so that lines are long and much is set aside."""

    @rule(number=how)
    def redeem_something_scarce(self, number: int) -> None:
        self.does("redeem_scarce", number)


async def told(kind: type[Telling], owner: Any, *, many: int, deeds: int) -> None:
    """Let hypothesis tell so many stories of so many deeds."""
    machine: Any = partial(kind, asyncio.get_running_loop(), owner)
    given = settings(
        max_examples=many, stateful_step_count=deeds, deadline=None, database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )  # fmt: skip
    await asyncio.to_thread(run_state_machine_as_test, machine, settings=given)


@pytest.mark.parametrize("kind", [Interleaving, Queueing])
async def test_any_interleaving_keeps_the_books(kind: type[Telling], db: None, opened_database: Any) -> None:
    await told(kind, opened_database, many=1, deeds=12)
