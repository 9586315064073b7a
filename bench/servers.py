"""Servers of the bench: each a process of its own on one core, while the load and PostgreSQL have another."""

import os
import subprocess
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench import load

START_S: Final = 120.0
CORES: Final = tuple(sorted(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ()
SERVER_CORE: Final = CORES[:1]
LOAD_CORE: Final = CORES[-1:]


def pin(pid: int, cores: tuple[int, ...]) -> None:
    """Keep a process on these cores, where the system can."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, cores)


@dataclass(frozen=True, slots=True)
class Server:
    """How one server is started, and the request that it must answer soundly before it is measured."""

    command: tuple[str, ...]
    port: int
    probe: bytes
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    folder: Path | None = None

    @contextmanager
    def running(self, log: Path) -> Generator[None]:
        """The server, answering, on its core."""
        with log.open("wb") as written:
            pin(0, SERVER_CORE)  # the child inherits it, with every thread that it starts
            process = subprocess.Popen(
                self.command, cwd=self.folder, env=os.environ | self.env, stdout=written, stderr=written
            )
            pin(0, LOAD_CORE)
            try:
                self._wait(process, log)
                yield
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
                process.wait()

    def _wait(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        until, answer = time.monotonic() + START_S, b""
        while time.monotonic() < until and process.poll() is None:
            with suppress(OSError):
                sound, answer = load.ask(self.port, self.probe)
                if sound:
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{self.command[0]} does not serve: {answer[:500]!r} {log.read_text()[-2000:]}")
