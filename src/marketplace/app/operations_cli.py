"""`marketplace operations`: the register of the documents that applications were built with."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from marketplace.access import registry
from marketplace.access.models import RegisteredOperation
from marketplace.access.registry import BadManifest, Entry
from marketplace.app import runtime
from marketplace.app.asgi import caps_of
from marketplace.app.documents import Documents
from marketplace.app.errors import RequestErrors
from marketplace.app.schema import schema
from marketplace.kit import database
from marketplace.kit.settings import settings

SHOWN_PROBLEMS = 20
app = typer.Typer(no_args_is_help=True, help="Register the operations that applications were built with.")
screen = Console()


def must_be_servable(entries: list[Entry]) -> None:
    """Raise BadManifest unless every document is valid against the schema and within the caps."""
    documents = Documents(schema(), caps_of(settings()), introspection=not settings().production)
    problems: list[str] = []
    for entry in entries:
        try:
            documents.get(entry.body)
        except RequestErrors as refused:
            name = entry.name or entry.operation_id
            problems.extend(f"{name}: {error.message}" for error in refused.errors)
    if problems:
        raise BadManifest(problems)


@app.command("register")
def register(
    file: Annotated[
        Path, typer.Argument(help="A persisted-query manifest, or a JSON object of ids and documents.")
    ],
) -> None:
    """Register every operation of a manifest, all or none; registering it again is harmless."""
    try:
        entries = registry.read_manifest(file.read_bytes())
        must_be_servable(entries)
        with runtime.database_url() as url:
            done = asyncio.run(_register(url, entries))
    except OSError as error:
        screen.print(f"[red]{file} cannot be read:[/red] {error.strerror}")
        raise typer.Exit(1) from None
    except BadManifest as refused:
        for problem in refused.problems[:SHOWN_PROBLEMS]:
            screen.print(problem, style="red", markup=False)
        screen.print(f"Nothing was registered: {len(refused.problems)} problems.")
        raise typer.Exit(1) from None
    screen.print(f"{done.added} registered, {done.known} stood there already.")


@app.command("list")
def list_registered() -> None:
    """Show what is registered."""
    with runtime.database_url() as url:
        rows = asyncio.run(_all(url))
    table = Table("id", "name", "since", title=f"{len(rows)} registered operations")
    for row in rows:
        table.add_row(row.operation_id, row.name, f"{row.registered_at:%Y-%m-%d}")
    screen.print(table)


@app.command("withdraw")
def withdraw(ids: Annotated[list[str], typer.Argument(help="Ids of registered operations.")]) -> None:
    """Take operations from the register; servers forget them within a minute."""
    with runtime.database_url() as url:
        gone = asyncio.run(_withdraw(url, ids))
    screen.print(f"{gone} withdrawn.")


async def _register(url: str, entries: list[Entry]) -> registry.Registered:
    async with database.opened(url, pool=1):
        return await registry.register(entries)


async def _all(url: str) -> list[RegisteredOperation]:
    async with database.opened(url, pool=1):
        return await RegisteredOperation.all().order_by("name", "operation_id")


async def _withdraw(url: str, ids: list[str]) -> int:
    async with database.opened(url, pool=1):
        return await registry.withdraw(ids)
