"""`marketplace finance`: what the books of all rooms come to, as tables and files."""

import asyncio
import sys
from collections.abc import Coroutine
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TextIO, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from marketplace.app import runtime
from marketplace.finance import backtest, exports, liability, results
from marketplace.finance.backtest import BackTest
from marketplace.finance.liability import Part, ProgramLiability
from marketplace.finance.results import Exchange, ResultLine
from marketplace.finance.selecting import program_of
from marketplace.kit import clock, database
from marketplace.kit.money import Money, is_currency
from marketplace.kit.refusals import BadUserInput

app = typer.Typer(no_args_is_help=True, help="What the books come to: liability, lots, results.")
screen = Console()
T = TypeVar("T")
_DAY = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
AsOf = Annotated[
    datetime | None,
    typer.Option(formats=_DAY, help="As booked by this moment (UTC), a day by its end; now, if left out."),
]
Code = Annotated[str | None, typer.Option(help="Only of the program with this code.")]
METHOD = """[dim]Expected breakage: of each lot, what is expected to be unused on its date. The share that is used
at each age is the chain ladder, weighted by volume over all cohorts of the program that have lived through it;
later ages are as the last three. Points without a date have none, nor have programs without history (IFRS 15, B44
to B47).[/dim]"""


def _ask(work: Coroutine[Any, Any, T], url: str) -> T:
    async def asked() -> T:
        async with database.opened(url, pool=2):
            return await work

    return asyncio.run(asked())


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Do it with the database open; what cannot be asked is told in words."""
    try:
        with runtime.database_url() as url:
            return _ask(work, url)
    except BadUserInput as refused:
        screen.print(f"[red]{refused}[/red]")
        raise typer.Exit(1) from None


def _moment(as_of: datetime | None) -> datetime:
    if as_of is None:
        return clock.now()
    end = as_of + timedelta(days=1) if as_of.time() == datetime.min.time() else as_of
    return min(end.replace(tzinfo=UTC), clock.now())


@app.command("liability")
def show_liability(
    as_of: AsOf = None,
    program: Code = None,
    currency: Annotated[str, typer.Option(help="Also worth it in this currency.")] = "EUR",
    step_days: Annotated[
        int | None, typer.Option(min=1, max=366, help="Count ages in steps of so many days.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--back-test", help="Hold the last third of the history against the rest.")
    ] = False,
) -> None:
    """Show what points that are out may still cost, by program and age, and how many will expire unused."""
    moment, step = _moment(as_of), timedelta(days=step_days) if step_days else None
    found, tested = _run(_liability(moment, program, currency, step, test=test))
    for each in found:
        screen.print(_liability_table(each, moment))
    screen.print(METHOD)
    for each in tested:
        screen.print(_tested_table(each))
    if test and not tested:
        screen.print("There is no history to test it on.")


async def _liability(
    moment: datetime, code: str | None, currency: str, step: timedelta | None, *, test: bool
) -> tuple[list[ProgramLiability], list[BackTest]]:
    program = await program_of(code) if code else None
    found = await liability.liability(moment, program=program, currency=currency, step=step)
    tested = await backtest.back_test(moment, step=step) if test else []
    return found, [each for each in tested if program is None or each.program.id == program.id]


def _liability_table(found: ProgramLiability, moment: datetime) -> Table:
    worth = f"{found.in_currency} at {found.rate:.6f}" if found.in_currency and found.rate else "no rate known"
    title = f"{found.program.code} at {moment:%Y-%m-%d %H:%M} UTC: {found.total.worth} ({worth})"
    table = Table(
        "earned",
        "lots",
        "available",
        "held",
        "worth",
        "breakage",
        "worth of it",
        title=title,
        title_justify="left",
    )
    for each in found.buckets:
        until = f"to {each.until_days}" if each.until_days else "and more"
        table.add_row(f"{each.from_days} {until} days ago", *_columns(each.part))
    table.add_section()
    for each in found.cohorts:
        table.add_row(f"in {each.month:%Y-%m}", *_columns(each.part))
    table.add_section()
    table.add_row("all", *_columns(found.total))
    if found.overdue:
        table.caption = f"{found.overdue:,} of them are past their date and not booked as breakage yet."
    return table


def _columns(part: Part) -> tuple[str, ...]:
    numbers = (part.lots, part.available, part.held)
    return (*(f"{n:,}" for n in numbers), str(part.worth), f"{part.breakage:,}", str(part.breakage_worth))


def _tested_table(tested: BackTest) -> Table:
    title = (
        f"{tested.program.code}: {tested.standing:,} points stood at {tested.cut:%Y-%m-%d %H:%M} UTC; since then"
    )
    table = Table(
        "until", "used, expected", "used", "expired, expected", "expired", title=title, title_justify="left"
    )
    for step in tested.steps:
        numbers = (step.expected_used, step.used, step.expected_expired, step.expired)
        table.add_row(f"{step.until:%Y-%m-%d %H:%M}", *(f"{n:,}" for n in numbers))
    errors = (tested.error_used, tested.error_expired)
    table.caption = "Error, of the points that stood: use {:+.1%}, expiry {:+.1%}".format(*errors)
    return table


@app.command("lots")
def write_lots(
    as_of: AsOf = None,
    program: Code = None,
    output: Annotated[Path | None, typer.Option(help="A file; else the screen.")] = None,
) -> None:
    """Write every lot that had points left as CSV."""
    with output.open("w") if output else nullcontext(sys.stdout) as file:
        _run(_write_lots(_moment(as_of), program, file))


async def _write_lots(moment: datetime, code: str | None, file: TextIO) -> None:
    program = await program_of(code) if code else None
    async for line in exports.lot_lines(moment, program.id if program else None):
        file.write(line + "\n")


@app.command("results")
def show_results(
    first: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of the period.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Its last day.")],
) -> None:
    """Show what a period brought: commission, fees, breakage, and what exchange rates did."""
    lines, pairs = _run(_results(first, until))
    table = Table(
        "unit", "whose", "account", "debits", "credits", "net", title=f"{first:%Y-%m-%d} to {until:%Y-%m-%d}"
    )
    for line in lines:
        amounts = (line.debits, line.credits, line.credits - line.debits)
        table.add_row(
            line.unit, line.owner_kind.lower(), line.purpose.value, *(_amount(n, line.unit) for n in amounts)
        )
    screen.print(table)
    columns = (
        "taken for owed",
        "average",
        "sent: taken for owed",
        "realised",
        "open: taken for owed",
        "rate",
        "unrealised",
    )
    table = Table(*columns, title="Exchange: realised when the partner is paid, at the rate of that day")
    for pair in pairs:
        table.add_row(*_exchange(pair))
    screen.print(table if pairs else "Nothing was converted.")


async def _results(first: datetime, until: datetime) -> tuple[list[ResultLine], list[Exchange]]:
    period = (first.date(), until.date())
    return await results.earned(*period), await results.exchanged(*period)


def _amount(minor: int, unit: str) -> str:
    return str(Money(minor, unit).amount) if is_currency(unit) else f"{minor:,}"


def _exchange(pair: Exchange) -> tuple[str, ...]:
    def both(taken: int, owed: int) -> str:
        return f"{Money(taken, pair.source)} for {Money(owed, pair.target)}"

    def result(minor: int | None) -> str:
        return "-" if minor is None else str(Money(minor, pair.target))

    return (
        both(pair.converted_received, pair.converted_owed),
        str(pair.average_rate or "-"),
        both(pair.settled_received, pair.settled_owed),
        result(pair.realised),
        both(pair.open_received, pair.open_owed),
        "-" if pair.closing_rate is None else f"{pair.closing_rate:.6f}",
        result(pair.unrealised),
    )
