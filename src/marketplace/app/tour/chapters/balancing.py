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
    stage.equal(cast.operator, "runs `marketplace check books`", checked.returncode, 0)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "books.beancount"
        export = _run("marketplace.app.cli", "ledger", "export", "--format", "beancount", "--output", str(file))
        stage.equal(cast.operator, "exports the ledger", export.returncode, 0)
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
