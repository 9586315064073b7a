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


class Moved:
    """The clock of this process, moved to where a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._moved = ExitStack()
        self._told = ""

    def look(self) -> None:
        """Move it if the file says something else than before."""
        says = self._file.read_text()
        if says != self._told:
            self._moved.close()
            self._moved.enter_context(clock.travel(timedelta(seconds=float(says))))
            self._told = says

    def follow(self) -> None:
        """Go on looking for ever."""
        while True:
            self.look()
            time.sleep(LOOKS_EVERY_S)


def main() -> None:
    """Run one command so."""
    moved = Moved(Path(sys.argv[1]))
    moved.look()
    threading.Thread(target=moved.follow, daemon=True).start()
    app(sys.argv[2:], prog_name="marketplace")


if __name__ == "__main__":
    main()
