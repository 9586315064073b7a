"""A process that settles and is killed before a chosen line: `python -m tests.faults.settler URL`.

It reads `UNTIL LINE HOW` from its input. For each it forks; the child settles up to and with that day and ends by
kill -9 before it runs the LINE-th line of our own code: counting `all` that are run, or only `new` ones, so that
those outside of loops have their turn. It answers `killed` with the place, or `ended` with the number of lines
when there were fewer.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import marketplace
from marketplace.app import wiring
from marketplace.kit import database, logs
from marketplace.settlement.jobs import settle_until

ROOT = str(Path(marketplace.__file__).parent)
WATCHED = tuple(f"{ROOT}/{part}" for part in ("settlement/", "payments/steps", "ledger/steps", "kit/operations"))


async def settle(url: str, until: str) -> None:
    """As `marketplace settle` does."""
    async with database.opened(url, pool=2):
        await settle_until(date.fromisoformat(until), at_once=2)


Work = Callable[..., Coroutine[Any, Any, None]]


def killer(line: int, how: str, say: int, watched: tuple[str, ...]) -> tuple[Callable[..., Any], list[int]]:
    """A trace function that ends this process before the line of that number, and the count so far."""
    seen, known = [0], set[tuple[str, int]]()

    def on_line(frame: FrameType, event: str, argument: object) -> Any:
        place = (frame.f_code.co_filename.removeprefix(ROOT), frame.f_lineno)
        if event == "line" and (how == "all" or place not in known):
            known.add(place)
            seen[0] += 1
            if seen[0] == line:
                os.write(say, f"killed {place[0]}:{place[1]}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, event: str, argument: object) -> Any:
        return on_line if frame.f_code.co_filename.startswith(watched) else None

    return on_call, seen


def child(work: Coroutine[Any, Any, None], watched: tuple[str, ...], line: int, how: str, say: int) -> None:
    """Work under the eyes of the killer; never returns."""
    trace, seen = killer(line, how, say, watched)
    sys.settrace(trace)
    try:
        asyncio.run(work)
        sys.settrace(None)
        os.write(say, f"ended {seen[0]}\n".encode())
    except BaseException as error:  # noqa: BLE001 (whatever it is, the drill is told)
        sys.settrace(None)
        os.write(say, f"failed {error!r}\n".encode())
    os._exit(0)


def main(url: str, work: Work = settle, watched: tuple[str, ...] = WATCHED) -> None:
    """Carry out orders until there are no more: what `work` is told, the line, and how lines are counted."""
    logs.configure(production=False, stream=sys.stderr)  # a program reads the answers
    wiring.wire()
    print("ready", flush=True)
    for order in sys.stdin:
        what, line, how = order.split()
        listen, say = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(listen)
            child(work(url, what), watched, int(line), how, say)
        os.close(say)
        os.waitpid(pid, 0)
        with os.fdopen(listen) as answers:
            print(answers.readline().strip() or "gone", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
