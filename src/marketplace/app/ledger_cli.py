"""`marketplace ledger`: the books as files, sealed days, and whether the past is still what it was."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console
from rich.table import Table

from marketplace.app import runtime
from marketplace.finance.selecting import Wish, selection
from marketplace.kit import database
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger import digest_files, digests, export
from marketplace.ledger.digest_files import BadDigestFile, Difference
from marketplace.ledger.export import Format
from marketplace.ledger.models import LedgerDigest, Purpose

SHOWN = 50
app = typer.Typer(no_args_is_help=True, help="Read the books, and seal them.")
digests_app = typer.Typer(no_args_is_help=True, help="The chain of digests as a file.")
app.add_typer(digests_app, name="digests")
screen = Console()


@app.command("export")
def export_ledger(
    format: Annotated[Format, typer.Option(help="Which program reads it.")] = Format.BEANCOUNT,
    output: Annotated[Path | None, typer.Option(help="A file; else the screen.")] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="What counts from this day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What counts up to and with this day.")
    ] = None,
    program: Annotated[
        str | None, typer.Option(help="Only journals that touch the program with this code.")
    ] = None,
    partner: Annotated[str | None, typer.Option(help="Only those that touch the partner with this slug.")] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="Only those that touch accounts of this purpose.")
    ] = None,
) -> None:
    """Write journals for beancount or hledger, or as CSV: all of them, or those of a period and a party."""
    wish = Wish(_day(first), _day(until), program, partner, purpose.value if purpose else None)
    try:
        with runtime.database_url() as url, output.open("w") if output else nullcontext(sys.stdout) as file:
            asyncio.run(_export(url, format, wish, file))
    except BadUserInput as refused:
        screen.print(f"[red]{refused}[/red]")
        raise typer.Exit(1) from None


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


async def _export(url: str, format: Format, wish: Wish, file: TextIO) -> None:
    async with database.opened(url, pool=1):
        await _write(export.lines(format, await selection(wish)), file)


async def _write(lines: AsyncIterator[str], file: TextIO) -> None:
    async for line in lines:
        file.write(line + "\n")


@app.command("seal")
def seal_ledger() -> None:
    """Seal every day that is over with a digest, chained to the day before."""
    with runtime.database_url() as url:
        for digest in asyncio.run(_seal(url)):
            screen.print(f"{digest.day}  {digest.transfers:>10} transfers  {digest.digest}")


async def _seal(url: str) -> list[LedgerDigest]:
    async with database.opened(url, pool=1):
        return await digests.seal()


@digests_app.command("export")
def export_digests(
    file: Annotated[Path, typer.Argument(help="Where to; keep it away from the database.")],
) -> None:
    """Write every sealed day and its journals with their digests to a file, for `marketplace ledger verify`."""
    with runtime.database_url() as url, file.open("w") as opened:
        asyncio.run(_export_digests(url, opened))
    screen.print(f"Wrote {file}")


async def _export_digests(url: str, file: TextIO) -> None:
    async with database.opened(url, pool=1):
        await _write(digest_files.written(), file)


@app.command("verify")
def verify_ledger(
    file: Annotated[Path, typer.Argument(help="A file of `marketplace ledger digests export`.")],
) -> None:
    """Hold the books against an exported chain of digests: which days and journals are not as they were then."""
    try:
        with runtime.database_url() as url:
            days, found = asyncio.run(_verify(url, file))
    except (BadDigestFile, OSError) as refused:
        screen.print(f"[red]{file} cannot be used:[/red] {refused}")
        raise typer.Exit(2) from None
    if not found:
        screen.print(f"The books are as they were on all {days} sealed days of {file}.")
        return
    table = Table("day", "journal", "what differs", title=f"The books are not those of {file}")
    for each in found[:SHOWN]:
        table.add_row(str(each.day), str(each.journal_id or ""), each.what)
    screen.print(table)
    if len(found) > SHOWN:
        screen.print(f"… and {len(found) - SHOWN} more.")
    raise typer.Exit(1)


async def _verify(url: str, file: Path) -> tuple[int, list[Difference]]:
    async with database.opened(url, pool=2):
        days = len(digest_files.read_days(file))
        return days, [found async for found in digest_files.differences(file)]
