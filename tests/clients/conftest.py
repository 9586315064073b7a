"""A real server with a world to ask about, and Node to ask it with."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import KeyOwner
from marketplace.kit import database, ids
from tests import builders
from tests.app.application import AUDIENCE, operator_token, owner_token
from tests.redemptions.world import give_points, pay_in

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAM = "CLIENTS"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
collect_ignore = [] if CHROMIUM else ["test_graphiql.py"]


def pytest_report_header() -> str:
    """Says what is not tried here, and why."""
    return "" if CHROMIUM else "Chromium is not here: GraphiQL is not looked at."


@dataclass(frozen=True, slots=True)
class Served:
    """Where the API answers, and tokens of those who ask."""

    url: str
    member: str
    partner: str
    item: str

    def environment(self) -> dict[str, str]:
        """For a script of Node's."""
        return {name.upper(): getattr(self, name) for name in ("url", "member", "partner", "item")}


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


async def load_world(url: str, var_dir: Path, served_at: str) -> Served:
    """A funded program with a member who has points, and thirty vouchers of one partner."""
    async with database.opened(url):
        issuer = DevIssuer(var_dir / "dev-issuer")
        program = await builders.a_program(code=PROGRAM, issuer=issuer.issuer(PROGRAM))
        await pay_in(program, 10_000_00)
        member = await builders.a_member(program, subject="phone")
        await give_points(member, program, 100_000)
        partner = await builders.a_partner()
        brand = await builders.a_brand(partner, name="Kaffe", slug="kaffe")
        items = [await builders.a_voucher([f"CODE-{n}-{m}" for m in range(5)], brand=brand) for n in range(30)]
        tokens = {
            "member": issuer.mint(PROGRAM, "phone", audience=AUDIENCE),
            "partner": await owner_token(KeyOwner.PARTNER, partner.id),
            "program": await owner_token(KeyOwner.PROGRAM, program.id),
            "operator": await operator_token("admin"),
        }
        (var_dir / "demo.json").write_text(json.dumps({"tokens": tokens}))
        return Served(
            url=served_at,
            member=tokens["member"],
            partner=tokens["partner"],
            item=ids.public("item", items[0].id),
        )


@contextmanager
def process(port: int, ready: str, *command: str, **environment: str) -> Generator[None]:
    """A server of our own, from when it answers until the block ends."""
    server = subprocess.Popen([sys.executable, *command], env=os.environ | environment, cwd=ROOT)
    try:
        _wait_for(f"http://127.0.0.1:{port}{ready}", server)
        yield
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def served(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """The shipped server as a process of its own, in development, on a database of this session."""
    var_dir, port = tmp_path_factory.mktemp("var"), free_port()
    served = asyncio.run(load_world(database_url, var_dir, f"http://127.0.0.1:{port}/graphql"))
    command = ("-m", "marketplace.app.cli", "serve", "--port", str(port))
    where = {"DATABASE_URL": database_url, "MARKETPLACE_VAR_DIR": str(var_dir)}
    with process(port, "/health/ready", *command, **where):
        yield served


@pytest.fixture
def working(served: Served, database_url: str) -> Generator[Served]:
    """The server with a worker beside it, whose relay tells what is written."""
    port = free_port()
    where = {"DATABASE_URL": database_url, "MARKETPLACE_WORKER_METRICS_PORT": str(port)}
    with process(port, "/metrics", "-m", "marketplace.app.cli", "work", **where):
        yield served


@pytest.fixture(scope="session")
def products() -> Generator[str]:
    """The small subgraph of Apollo's compatibility tests."""
    port = free_port()
    command = ("-m", "uvicorn", "tests.clients.products:app", "--port", str(port), "--log-level", "warning")
    with process(port, "/?query={__typename}", *command):
        yield f"http://127.0.0.1:{port}/"


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 150
    while server.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(url, headers={"Accept": "application/json"}).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"nothing answers at {url}")
