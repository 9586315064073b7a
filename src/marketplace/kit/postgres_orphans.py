"""Finding and ending the processes of one PostgreSQL cluster, whoever started them."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

# How long to wait, in seconds after the first request, before asking in a harder way.
WAYS_TO_END_A_POSTMASTER = ((0.0, signal.SIGINT), (30.0, signal.SIGQUIT), (40.0, signal.SIGKILL))
WAYS_TO_END_ITS_CHILDREN = ((2.0, signal.SIGQUIT), (7.0, signal.SIGKILL))
PATIENCE_S = 60.0


def postmaster_pid(cluster: Path) -> int | None:
    """Return the live postmaster of this cluster, or None; a reused process id is not one."""
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    if not Path("/proc/self").exists():
        return pid
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    return pid if os.fsencode(cluster) in words else None


def processes_of(cluster: Path) -> list[int]:
    """Return every live process of this cluster, orphans too: each works in the data directory."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (entry / "cwd").readlink() == cluster and (entry / "exe").readlink().name.startswith("postgres"):
                found.append(int(entry.name))
    if (pid := postmaster_pid(cluster)) is not None and pid not in found:
        found.append(pid)
    return found


def end_processes(cluster: Path) -> None:
    """Leave no process of this cluster; committed work is safe in every way it may end.

    A postmaster gets a fast shutdown, and harder ones when that takes too long. The children of
    a killed one end by themselves, and are pushed when they do not: a start before the last has
    gone would refuse. Raises TimeoutError.
    """
    started = time.monotonic()
    told: set[tuple[int, signal.Signals]] = set()
    while pids := processes_of(cluster):
        waited_s = time.monotonic() - started
        postmaster = postmaster_pid(cluster)
        ways = WAYS_TO_END_ITS_CHILDREN if postmaster is None else WAYS_TO_END_A_POSTMASTER
        due = [way for after_s, way in ways if waited_s >= after_s]
        for pid in pids if postmaster is None else [postmaster]:
            if due and (pid, due[-1]) not in told:
                told.add((pid, due[-1]))
                with suppress(ProcessLookupError):
                    os.kill(pid, due[-1])
        if waited_s > PATIENCE_S:
            raise TimeoutError(f"processes of an earlier PostgreSQL do not end: {pids}")
        time.sleep(0.02)


def forget_reused_pid(cluster: Path) -> None:
    """Remove a pid file whose number now names somebody else's process: postgres would refuse to start."""
    path = cluster / "postmaster.pid"
    with suppress(OSError, ValueError):
        os.kill(int(path.read_text().split("\n", 1)[0]), 0)
        if postmaster_pid(cluster) is None:
            path.unlink()
