"""The end: the books are checked by the operator's command line, and read by another program."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from marketplace.app.tour.cast import Cast
from marketplace.app.tour.stage import Stage

TITLE = "The books"
TRIES = 3
PAUSE_S = 5
_TOTALS = """
import json, sys
from beancount.core.inventory import Inventory
from beancount.core.data import Transaction
from beancount.loader import load_file
entries, errors, _ = load_file(sys.argv[1])
sums, moves = {}, 0
for entry in entries:
    if isinstance(entry, Transaction):
        moves += 1
        for posting in entry.postings:
            name = ":".join(posting.account.split(":")[:2])
            sums.setdefault(name, Inventory()).add_position(posting)
found = {name: [str(position.units) for position in held] for name, held in sums.items()}
print(json.dumps({"errors": len(errors), "transactions": moves, "sums": found}))
"""


def play(stage: Stage, cast: Cast) -> None:
    """Nothing changes: every room's checks hold, and beancount accepts the export."""
    checked = _checked()
    stage.say(checked.stdout)
    stage.holds(cast.operator, "runs `marketplace check books`", checked.returncode == 0, "every check holds")
    _sealed(stage, cast)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.beancount"
        export = _run("marketplace.app.cli", "ledger", "export", "--format", "beancount", "--output", str(file))
        stage.holds(cast.operator, "exports the ledger for beancount", export.returncode == 0, "written")
        accepted = _run("beancount.scripts.check", str(file))
        said = (accepted.stdout + accepted.stderr).strip() or "accepted without a word"
        stage.holds(
            cast.operator, f"gives {file.stat().st_size:,} bytes to bean-check", accepted.returncode == 0, said
        )
        totals = subprocess.run(  # noqa: S603 (our own few lines)
            [sys.executable, "-c", _TOTALS, str(file)], capture_output=True, text=True, check=True
        )
    found: dict[str, Any] = json.loads(totals.stdout)
    rows = [(name, *_in_columns(amounts)) for name, amounts in sorted(found["sums"].items())]
    stage.show(
        f"{found['transactions']:,} transactions, summed by beancount", ("accounts", "money", "points"), rows
    )


def _sealed(stage: Stage, cast: Cast) -> None:
    """Days that are over are sealed; a copy of the chain, kept elsewhere, tells a change of the books."""
    sealed = _run("marketplace.app.cli", "ledger", "seal")
    new = len(sealed.stdout.splitlines())
    stage.holds(
        cast.operator, "runs `marketplace ledger seal`", not sealed.returncode, f"{new} more days are sealed"
    )
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "digests.jsonl"
        export = _run("marketplace.app.cli", "ledger", "digests", "export", str(copy))
        written = f"{copy.stat().st_size:,} bytes"
        stage.holds(
            cast.operator, "keeps a copy of the chain of digests elsewhere", not export.returncode, written
        )
        held = _run("marketplace.app.cli", "ledger", "verify", str(copy))
        said = " ".join(held.stdout.replace(f"{folder}/", "").split())
        stage.holds(cast.operator, "runs `marketplace ledger verify` with it", held.returncode == 0, said)
        forged = copy.read_text().splitlines()
        forged[len(forged) // 2] = _another_digit(forged[len(forged) // 2])
        copy.write_text("\n".join(forged) + "\n")
        told = _run("marketplace.app.cli", "ledger", "verify", str(copy))
        said = "the copy does not fit the books" if told.returncode else "nothing was noticed"
        stage.holds(cast.operator, "and with a copy in which one digit was changed", told.returncode > 0, said)


def _another_digit(line: str) -> str:
    """A line with the last hexadecimal digit of its digest changed."""
    place = max(line.rfind(digit) for digit in "0123456789abcdef")
    return line[:place] + ("0" if line[place] != "0" else "1") + line[place + 1 :]


def _checked() -> subprocess.CompletedProcess[str]:
    """The check of the books, again while a payment is between Stripe and our ledger."""
    checked = _run("marketplace.app.cli", "check", "books")
    for _ in range(TRIES):
        if checked.returncode:
            time.sleep(PAUSE_S)
            checked = _run("marketplace.app.cli", "check", "books")
    return checked


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m …` with this environment, wide enough for its tables."""
    return subprocess.run(  # noqa: S603 (our own modules, and beancount)
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip


def _in_columns(amounts: list[str]) -> tuple[str, str]:
    points = [amount for amount in amounts if " PTS" in amount]
    return "  ".join(amount for amount in amounts if amount not in points), "  ".join(points)
