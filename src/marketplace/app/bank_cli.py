"""`marketplace bank`: the files of banks, where they are brought by a script and not by a person."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from marketplace.app import runtime, wiring
from marketplace.banking.models import BankFile
from marketplace.banking.operations import ReadBankFile, read_bank_file_here
from marketplace.kit import database
from marketplace.kit.actor import SYSTEM
from marketplace.kit.refusals import InvalidInput, Refusal

app = typer.Typer(no_args_is_help=True, help="Read what banks send.")
screen = Console()


@app.callback()
def about() -> None:
    """Read what banks send."""


@app.command("read")
def read(
    files: Annotated[list[Path], typer.Argument(help="Files of camt.053, camt.054 or pain.002, in any order.")],
) -> None:
    """Read messages of banks. Reading one again changes nothing; a bad one is told and the others are read."""
    with runtime.database_url() as url:
        failed = asyncio.run(_read_all(url, files))
    if failed:
        screen.print(f"{failed} of {len(files)} could not be read; nothing of them was kept.")
        raise typer.Exit(1)


async def _read_all(url: str, files: list[Path]) -> int:
    wiring.wire()
    failed = 0
    async with database.opened(url, pool=2):
        for file in files:
            try:
                done = await read_one(file.name, await asyncio.to_thread(file.read_bytes))
            except OSError as error:
                screen.print(f"{file}: {error.strerror}", style="red", markup=False)
                failed += 1
            except Refusal as refused:
                said = refused.facts["problems"] if isinstance(refused, InvalidInput) else [refused]
                for problem in said:
                    screen.print(f"{file}: {problem.message}", style="red", markup=False)
                failed += 1
            else:
                told = f"{done.kind} {done.message_id}, {done.new_entries} new of {done.entries}"
                screen.print(f"{file}: {told}", markup=False)
    return failed


async def read_one(name: str, content: bytes) -> BankFile:
    """Read one message; raises Refusal, and then nothing of it is kept."""
    key = f"file:{hashlib.sha256(content).hexdigest()}"
    return await read_bank_file_here(SYSTEM, ReadBankFile(idempotency_key=key, filename=name, content=content))
