"""The demo's child processes: started with it, and gone when it is gone, even by kill -9."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PATIENCE_S = 20.0


class ChildFailed(Exception):
    """A child ended, or did not listen, before it was of use."""


@contextmanager
def child(
    name: str, arguments: list[str], env: Mapping[str, str], log: Path
) -> Generator[subprocess.Popen[bytes]]:
    """`python -m …` as a child while the block runs; what it says goes to the log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *arguments],
            env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            preexec_fn=_end_with_parent, start_new_session=True,
        )  # fmt: skip
    try:
        yield process
        if process.poll() not in (None, 0):
            raise ChildFailed(f"the {name} ended with {process.returncode}; see {log}")
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something answers on the port; raises ChildFailed when the child ends before, or in time."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise ChildFailed(f"nothing listens on port {port}; see {log}")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> None:
    """On Linux, ask the kernel to end this process when its parent dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
