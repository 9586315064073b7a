"""The real programs as child processes, everything of theirs in one folder; killed, and started again."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import httpx

from marketplace.app.demo.children import free_port
from marketplace.kit.private_postgres import PrivatePostgres
from marketplace.kit.settings import settings

ROOT = Path(__file__).parents[2]
CLI = "marketplace.app.cli"
READY_WITHIN_S = 90.0


def processor_s(*pids: int) -> float:
    """The seconds of processors that some processes have used, with the direct children of each; Linux only."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            facts = stat.read_text().rpartition(")")[2].split()
            if int(stat.parent.name) in pids or int(facts[1]) in pids:
                used += int(facts[11]) + int(facts[12])
    return used / os.sysconf("SC_CLK_TCK")


@dataclass
class Program:
    """`python -m …`, started again as long as the house is up."""

    arguments: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    ended: list[int] = field(default_factory=list[int])
    """How it ended when nobody had killed it."""

    def start(self) -> None:
        """Start it unless it runs."""
        if self.process is not None:
            if self.process.poll() is None:
                return
            self.ended.append(self.process.returncode)
        with self.log.open("ab") as sink:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True, cwd=ROOT,
            )  # fmt: skip

    def kill(self) -> bool:
        """kill -9; False when it was not running."""
        if self.process is None or self.process.poll() is not None:
            return False
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None
        return True

    def stop(self) -> None:
        """Ask it to end, and see that it has."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass
class House:
    """A server, a worker, a stand-in for Stripe and a private PostgreSQL."""

    folder: Path
    port: int = field(default_factory=free_port)
    stripe_port: int = field(default_factory=free_port)
    killed: Counter[str] = field(default_factory=Counter[str])
    database_url: str = ""
    """Where the programs find PostgreSQL; the private one itself without it."""
    cli: Sequence[str] = (CLI,)
    """The module that is the command line, with what it is told first."""

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.postgres = PrivatePostgres(self.folder / "postgres")
        self.stripe = Program(
            ["marketplace.payments.stand_in", "--state", str(self.folder / "stripe.sqlite"),
             "--port", str(self.stripe_port), "--webhook-url", f"{self.url}/webhooks/stripe",
             "--webhook-secret", "whsec_faults", "--webhook-retry-s", "1", "--payout-after-s", "2"],
            self.folder / "stripe.log",
        )  # fmt: skip
        self.server = Program([CLI, "serve", "--port", str(self.port)], self.folder / "server.log")
        self.worker = Program([CLI, "work"], self.folder / "worker.log")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def stripe_url(self) -> str:
        return f"http://127.0.0.1:{self.stripe_port}"

    @contextmanager
    def up(self) -> Generator[str]:
        """The database's URL, with PostgreSQL and the stand-in running; the programs are started by the test."""
        given = {
            "MARKETPLACE_VAR_DIR": str(self.folder),
            "PORT": str(self.port),
            "STRIPE_API_KEY": "sk_test_faults",
            "STRIPE_WEBHOOK_SECRET": "whsec_faults",
            "STRIPE_API_BASE": self.stripe_url,
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
            "DATABASE_URL": self.database_url,
            "MARKETPLACE_LOG_LEVEL": "WARNING",
        }
        before = {name: os.environ.get(name) for name in given}
        os.environ.update(given)
        settings.cache_clear()
        try:
            with self.postgres:
                self.stripe.start()
                yield self.postgres.url()
        finally:
            for program in (self.server, self.worker, self.stripe):
                program.stop()
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
            settings.cache_clear()

    def start_all(self) -> None:
        """Start whatever is not running, as a service manager would."""
        for program in (self.stripe, self.server, self.worker):
            program.start()

    def kill(self, victim: str) -> None:
        """kill -9 of `server`, `worker` or `postgres`; counts what was running."""
        if victim == "postgres":
            pid = self.postgres.postmaster_pid
            hit = pid is not None
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            hit = getattr(self, victim).kill()
        self.killed[victim] += hit

    async def kill_at_random(self, random: Random, kills: int) -> None:
        """Kill this many, one after the other at random moments, starting again what has died.

        Most kills meet programs that serve; some meet those that are just starting.
        """
        while self.killed.total() < kills:
            if random.random() < 0.85:
                await self.is_ready()
            await asyncio.sleep(random.uniform(0.2, 2.5))
            self.kill(random.choice(("server", "worker", "postgres")))
            await asyncio.sleep(random.uniform(0, 0.3))
            self.start_all()
        await self.is_ready()

    async def keep_running(self) -> None:
        """Start again what ends by itself, for ever."""
        while True:
            self.start_all()
            await asyncio.sleep(1)

    async def stripe_listens(self) -> None:
        """Wait until the stand-in answers."""
        async with httpx.AsyncClient(timeout=5) as http, asyncio.timeout(READY_WITHIN_S):
            while True:
                with suppress(httpx.TransportError):
                    await http.get(f"{self.stripe_url}/_stand_in/requests")
                    return
                await asyncio.sleep(0.1)

    async def is_ready(self) -> None:
        """Wait until the server and its database answer."""
        async with httpx.AsyncClient(timeout=5) as http, asyncio.timeout(READY_WITHIN_S):
            while True:
                self.start_all()
                with suppress(httpx.TransportError):
                    if (await http.get(f"{self.url}/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.2)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of `marketplace` to its end."""
        return subprocess.run(
            [sys.executable, "-m", *self.cli, *arguments], capture_output=True, text=True, check=False, cwd=ROOT,
            timeout=300,
        )  # fmt: skip
