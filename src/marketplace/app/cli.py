"""The command line: `marketplace --help` lists it all."""

import asyncio
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from marketplace.app import bank_cli, finance_cli, ledger_cli, messages_cli, operations_cli, runtime, wiring
from marketplace.app.rooms import checks
from marketplace.app.schema import schema as build_schema
from marketplace.kit import database, logs, migrations
from marketplace.kit.checks import Violation
from marketplace.kit.money import Money
from marketplace.kit.settings import SettingsError, settings
from marketplace.settlement.jobs import settle_until
from marketplace.settlement.models import Statement

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
migrations_app = typer.Typer(no_args_is_help=True, help="Look after the migrations.")
check_app = typer.Typer(no_args_is_help=True, help="Prove things from the rows alone.")
app.add_typer(migrations_app, name="migrations")
app.add_typer(check_app, name="check")
app.add_typer(ledger_cli.app, name="ledger")
app.add_typer(finance_cli.app, name="finance")
app.add_typer(operations_cli.app, name="operations")
app.add_typer(messages_cli.app, name="messages")
app.add_typer(bank_cli.app, name="bank")
screen = Console()
SCHEMA_FILE = Path("schema.graphql")


@app.callback()
def about() -> None:
    """A partner-rewards marketplace: catalogue, points ledger, redemption, giving, settlement."""
    logs.configure(production=settings().production)


@app.command()
def migrate(
    target: Annotated[str | None, typer.Argument(help="A migration such as `points.0001_initial`.")] = None,
) -> None:
    """Bring the database to the newest state, or one room to a named migration."""
    with runtime.direct_url() as url:
        asyncio.run(migrations.migrate(url, target))
    screen.print("The database is up to date.")


@migrations_app.command("check")
def check_migrations() -> None:
    """Fail when the models need a migration that nobody wrote."""
    missing = asyncio.run(migrations.changes())
    for writer in missing:
        screen.print(f"[red]{writer.app_label}[/red] has changed models without a migration")
    if missing:
        screen.print("Run `make migration NAME=one_idea`.")
        raise typer.Exit(1)
    screen.print("Models and migrations agree.")


@migrations_app.command("make")
def make_migration(name: Annotated[str, typer.Argument(help="One idea, in snake_case.")] = "") -> None:
    """Write the migration that the changed models need."""
    for file in asyncio.run(migrations.write(name)):
        screen.print(f"Wrote {file.parent.name}/{file.name}")


@app.command()
def schema(check: Annotated[bool, typer.Option("--check", help="Compare instead of writing.")] = False) -> None:
    """Print the GraphQL schema to schema.graphql."""
    text = build_schema().as_str() + "\n"
    if not check:
        SCHEMA_FILE.write_text(text)
        screen.print(f"Wrote {SCHEMA_FILE}")
    elif SCHEMA_FILE.read_text() != text:
        screen.print("schema.graphql is not what the code says. Run `make schema`.")
        raise typer.Exit(1)
    else:
        screen.print("schema.graphql is what the code says.")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="The port; PORT or 8000.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
) -> None:
    """Serve the API and its pages until told to stop; requests under way are finished first."""
    import uvicorn

    from marketplace.app import server

    with runtime.database_url(), runtime.counted_together(processes):
        uvicorn.run(
            "marketplace.app.asgi:application",
            factory=True,
            host=host,
            port=settings().port if port is None else port,
            workers=processes,
            log_config=None,
            server_header=False,
            **server.OPTIONS,
        )


@app.command()
def work(concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at once.")] = 8) -> None:
    """Run the relay and a worker."""
    from marketplace.app import worker

    with runtime.direct_url() as url:
        asyncio.run(worker.work(url, concurrency=concurrency))


@app.command()
def demo() -> None:
    """Load a world to see and serve it, with everything it needs beside it."""
    from marketplace.app.demo import run

    run.demo()


@app.command()
def settle(
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day, inclusive.")],
) -> None:
    """Settle every partner up to and with a day that is over: statements, and payouts on their way.

    Running it again for the same day settles nothing twice.
    """
    from marketplace.settlement.refusals import PeriodNotOver

    try:
        with runtime.database_url() as url:
            statements = asyncio.run(_settle(url, until.date()))
    except PeriodNotOver as refused:
        screen.print(f"[red]{refused.message}[/red]")
        raise typer.Exit(1) from None
    except ExceptionGroup as failures:
        screen.print(f"[red]{failures.message}[/red]: the log says why. The others are settled; run it again.")
        raise typer.Exit(1) from None
    table = Table("statement", "period", "closing", title=f"Settled until {until:%Y-%m-%d}")
    for row in statements:
        closing = Money(row.closing_minor, row.currency)
        table.add_row(row.number, f"{row.period_from} to {row.period_until}", str(closing))
    screen.print(table if statements else "Nothing was left to settle.")


async def _settle(url: str, until: date) -> list[Statement]:
    wiring.wire()
    runtime.keep_what_is_loaded()
    async with database.opened(url, pool=4):
        with Progress(console=screen, transient=True) as bar:
            task = bar.add_task("Settling", total=None)
            return await settle_until(
                until, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )


@app.command()
def tour() -> None:
    """Play the whole story over HTTP, starting the demo if none answers; fails if anything is amiss."""
    from marketplace.app.tour import run

    if not run.tour():
        raise typer.Exit(1)


@check_app.command("books")
def check_books() -> None:
    """Run every room's checks: what must be true of the rows, and the rows that break it."""
    from marketplace.app.demo import stripe

    with stripe.at_hand(settings()), runtime.database_url() as url:
        results = asyncio.run(_run_checks(url))
    table = Table("check", "violations", title="The books")
    for name, violations in results.items():
        table.add_row(name, "[green]none[/green]" if not violations else f"[red]{len(violations)}[/red]")
    screen.print(table)
    broken = [violation for violations in results.values() for violation in violations]
    for violation in broken[:50]:
        screen.print(f"[red]{violation.check}[/red] {violation.subject}: {violation.detail}")
    if broken:
        raise typer.Exit(1)


async def _run_checks(url: str) -> dict[str, list[Violation]]:
    async with database.opened(url, pool=2):
        return {
            check.__name__.removeprefix("check_").replace("_", " "): [found async for found in check()]
            for check in checks()
        }


def main() -> None:
    """The entry point: a bad environment is told in words, not in a traceback."""
    try:
        app()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the console may not be there yet)
        sys.exit(2)


if __name__ == "__main__":
    main()
