"""The command line under a clock that somebody else moves: `python -m tests.faults.off_clock FILE serve …`.

The file says how many seconds the clock of this process is ahead of the machine's; below zero it is behind.
"""

import sys
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from marketplace.app.cli import app
from marketplace.kit import clock

LOOKS_EVERY_S = 0.02


def follow(file: Path) -> None:
    """Go on moving the clock to where the file says, for ever."""
    moved, told = ExitStack(), ""
    while True:
        says = file.read_text()
        if says and says != told:
            moved.close()
            moved.enter_context(clock.travel(timedelta(seconds=float(says))))
            told = says
        time.sleep(LOOKS_EVERY_S)


def main() -> None:
    """Run one command so."""
    threading.Thread(target=follow, args=(Path(sys.argv[1]),), daemon=True).start()
    app(sys.argv[2:], prog_name="marketplace")


if __name__ == "__main__":
    main()
