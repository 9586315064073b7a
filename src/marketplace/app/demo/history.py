"""A month of history, made through the same doors as everything else, with the clock set to each moment.

Each step has an idempotency key of its own, so a play that was interrupted goes on where it stopped, and a second
play changes nothing. What a door refuses does not happen, as it would not have: refusals are counted by code.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from marketplace.app.demo import cast, coalition, earning, finance, offers, plays, story, waiting
from marketplace.app.demo.cast import Cast
from marketplace.app.demo.members import members
from marketplace.app.demo.programs import PROGRAMS
from marketplace.app.demo.world import opening_day
from marketplace.billing.models import TopUpMethod, TopUpState
from marketplace.billing.operations import ConfirmTopUp, TopUpProgram, confirm_top_up, top_up_program
from marketplace.kit import clock, database, jobs
from marketplace.kit.actor import Actor
from marketplace.kit.money import Money
from marketplace.kit.refusals import Refusal
from marketplace.members.operations import EnrolMember, enrol_member

Refused = Counter[str]
Step = Callable[[Cast], Awaitable[None]]
SETTLED_ON_DAY: Final = 20
FINANCE: Final[tuple[tuple[timedelta, Step], ...]] = (
    (timedelta(hours=2), finance.opens),
    (coalition.FIRST, coalition.buys),
    *((sale.after, partial(coalition.gives, sale=sale)) for sale in coalition.SALES),
    (timedelta(days=15, hours=9), finance.corrects),
    (timedelta(days=SETTLED_ON_DAY, hours=8), finance.names_accounts),
    (timedelta(days=SETTLED_ON_DAY, hours=10), finance.change_accounts),
    (timedelta(days=SETTLED_ON_DAY, hours=11), finance.orders_first),
    (timedelta(days=SETTLED_ON_DAY + 1, hours=18), finance.hears_of_first),
    (timedelta(days=SETTLED_ON_DAY + 2, hours=18), finance.hears_more),
    (timedelta(days=30), waiting.leave),
    (timedelta(days=30, minutes=1), waiting.leave_a_file),
)
"""What finance does, and how long after the month began."""
LAST: Final = "demo:curtain"
"""The key of the last step: once it is there, all was played."""


async def is_told() -> bool:
    """Whether the whole month was played before."""
    return await database.value("SELECT 1 FROM operation_record WHERE idempotency_key = $1", LAST) is not None


async def play() -> Refused:
    """Play what has not been played yet; returns how often each refusal was met."""
    refused = Refused()
    if await is_told():
        return refused
    first = opening_day()
    with clock.at(first + timedelta(hours=1)):
        servers = await cast.programs()
        await _enrol(servers)
        await earning.state_rules(servers)
        company = await cast.assembled()
        for code in PROGRAMS:
            await _fund(company, code, "opening")
        await jobs.drain()
    for moment, step in _steps(first):
        await _at(moment, step(company), refused)
    with clock.at(clock.now()):
        await _fund(company, next(iter(PROGRAMS)), "curtain", key=LAST)
        await jobs.drain()
    return refused


def _steps(first: datetime) -> list[tuple[datetime, Step]]:
    """The story's events and what came of some of them a day later, in the order they happened."""
    steps: list[tuple[datetime, Step]] = []
    for event in story.tell(offers.catalogue()):
        moment = first + timedelta(days=story.DAYS - event.days_ago, minutes=event.minute)
        steps.append((moment, partial(plays.PLAYS[type(event)], event=event)))
        steps += [(moment + later, partial(play, event=event)) for later, play in plays.after(event)]
    steps.append((first + timedelta(days=SETTLED_ON_DAY, hours=9), plays.settled))
    steps += [(first + later, step) for later, step in FINANCE]
    return sorted(steps, key=lambda step: step[0])


async def _at(moment: datetime, step: Awaitable[None], refused: Refused) -> None:
    """One step and all the work it leaves behind, at its moment."""
    with clock.at(moment):
        try:
            await step
        except Refusal as refusal:
            refused[refusal.code] += 1
        await jobs.drain()


async def _enrol(servers: dict[str, Actor]) -> None:
    for member in members():
        command = EnrolMember(
            idempotency_key=f"demo:enrol:{member.reference}",
            reference=member.reference,
            subject=member.reference,
            country=member.country,
            languages=member.languages,
            tier=member.tier,
            name=member.name,
            email=member.email,
        )
        await enrol_member(servers[member.program], command)


async def _fund(company: Cast, code: str, when: str, *, key: str | None = None) -> None:
    """The program pays in by bank transfer, and finance sees it on the account: two people when it is much."""
    seed = PROGRAMS[code]
    command = TopUpProgram(
        idempotency_key=f"demo:fund:{code}:{when}",
        amount=Money(seed.top_up_minor, seed.home_currency),
        method=TopUpMethod.BANK_TRANSFER,
        reference=f"{code}-{when}",
    )
    top_up = await top_up_program(company.programs[code], command)
    evidence = ConfirmTopUp(
        idempotency_key=key or f"demo:confirm:{code}:{when}",
        top_up_id=top_up.id,
        evidence=f"Demo bank statement, entry {code}-{when}",
    )
    seen = await confirm_top_up(company.operator, evidence)
    if seen.state == TopUpState.PENDING:
        await confirm_top_up(company.controller, evidence)
