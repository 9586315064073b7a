"""How many open sockets one server process holds: memory for each, what others pay, and how soon they are told.

`python -m bench.sockets [SOCKETS]` opens them all to one server process, each with one subscription of a wallet,
while one client asks and another process of the server takes the writes. It needs as many open files as sockets.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil

from marketplace.access import steps
from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import KeyOwner
from marketplace.access.rules import grantable
from marketplace.app.demo.children import free_port
from marketplace.kit import database, ids, migrations
from marketplace.kit.private_postgres import PrivatePostgres
from tests.builders import a_member, a_program

ROOT = Path(__file__).parents[1]
ASKED = 400
TOLD = 50
WALLET = {"query": "subscription { walletChanged { available } }"}
AWARD = "mutation($i: AwardPointsInput!) { awardPoints(input: $i) { __typename } }"


@dataclass
class World:
    """A program with one member for each twenty sockets, and who may do what."""

    tokens: list[str]
    members: list[str]
    program: str


async def world(var_dir: Path, sockets: int) -> World:
    """Make it."""
    program = await a_program(code="BENCH", issuer="urn:rewards-marketplace:dev-issuer:BENCH")
    issuer = DevIssuer(var_dir / "dev-issuer")
    members = [await a_member(program, subject=f"s-{n}") for n in range(max(2, sockets // 20))]
    tokens = [issuer.mint("BENCH", each.subject or "", audience="marketplace") for each in members]
    owner = KeyOwner.PROGRAM
    key = await steps.create_key(owner, program.id, name="bench", scopes=grantable(owner))
    return World(tokens, [ids.public("member", each.id) for each in members], str(key.text))


@contextmanager
def child(arguments: list[str], env: dict[str, str], log: Path) -> Generator[subprocess.Popen[bytes]]:
    """`marketplace …` while the block runs."""
    with log.open("ab") as sink:
        command = [sys.executable, "-m", "marketplace.app.cli", *arguments]
        process = subprocess.Popen(command, env=os.environ | env, cwd=ROOT, stdout=sink, stderr=sink)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


async def listens(port: int, within_s: float = 120) -> None:
    """Return once a server answers on the port."""
    async with asyncio.timeout(within_s), httpx.AsyncClient() as client:
        while True:
            with suppress(httpx.HTTPError):
                if (await client.get(f"http://127.0.0.1:{port}/health/ready")).is_success:
                    return
            await asyncio.sleep(0.2)


class Phone:
    """One socket, as little as can speak the protocol: RFC 6455 frames under 64 KB."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def call(cls, port: int, token: str) -> "Phone":
        """Connect, introduce oneself, subscribe, and hear the wallet as it is."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET /graphql HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        phone = cls(reader, writer)
        phone.say({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert (await phone.hear())["type"] == "connection_ack"
        phone.say({"type": "subscribe", "id": "1", "payload": WALLET})
        assert (await phone.hear())["type"] == "next"
        return phone

    def say(self, message: dict[str, Any], opcode: int = 1) -> None:
        """Send one masked frame (with a mask of zeros)."""
        text = json.dumps(message).encode() if opcode == 1 else b""
        size = bytes([0x80 | len(text)]) if len(text) < 126 else bytes([0xFE]) + len(text).to_bytes(2, "big")
        self._writer.write(bytes([0x80 | opcode]) + size + b"\0\0\0\0" + text)

    async def hear(self) -> dict[str, Any]:
        """The next message; pings are answered."""
        while True:
            first, second = await self._reader.readexactly(2)
            size = second & 0x7F
            if size == 126:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
            text = await self._reader.readexactly(size)
            if first & 0x0F == 1:
                return json.loads(text)
            if first & 0x0F == 9:
                self._writer.write(bytes([0x8A, 0x80 | size]) + b"\0\0\0\0" + text)

    def hang_up(self) -> None:
        """Go away."""
        self._writer.close()


async def ask(client: httpx.AsyncClient, token: str) -> list[float]:
    """How long requests take, in milliseconds."""
    taken: list[float] = []
    for _ in range(ASKED):
        began = time.perf_counter()
        body = {"query": "{ me { wallet { available held } } }"}
        answer = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token}"})
        taken.append((time.perf_counter() - began) * 1000)
        assert "errors" not in answer.json(), answer.text
    return taken


async def tell(writes: httpx.AsyncClient, made: World, phones: list[Phone]) -> list[float]:
    """From the answer to a write in another process to the message on a socket, in milliseconds."""
    taken: list[float] = []
    for n in range(TOLD):
        facts = {"memberId": made.members[0], "reference": f"r-{n}", "points": 1, "reason": "bench"}
        body = {"query": AWARD, "variables": {"i": {"idempotencyKey": f"k-{n}", **facts}}}
        answer = await writes.post("/graphql", json=body, headers={"Authorization": f"Bearer {made.program}"})
        began = time.perf_counter()
        assert "errors" not in answer.json(), answer.text
        await phones[0].hear()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


def p99(taken: list[float]) -> float:
    return quantiles(taken, n=100)[98]


@asynccontextmanager
async def opened(port: int, tokens: list[str], count: int) -> AsyncGenerator[list[Phone]]:
    """So many sockets, a hundred at a time."""
    phones: list[Phone] = []
    for start in range(0, count, 100):
        calls = [Phone.call(port, tokens[n % len(tokens)]) for n in range(start, min(start + 100, count))]
        phones += await asyncio.gather(*calls)
    try:
        yield phones
    finally:
        for phone in phones:
            phone.hang_up()


async def measure(url: str, var_dir: Path, sockets: int) -> list[str]:
    """Everything, as lines."""
    async with database.opened(url, pool=4):
        made = await world(var_dir, sockets)
    env = {
        "DATABASE_URL": url,
        "MARKETPLACE_VAR_DIR": str(var_dir),
        "MARKETPLACE_MAX_CONNECTIONS_PER_ACTOR": "100",
    }
    env |= {"MARKETPLACE_LOG_LEVEL": "WARNING"}
    held, other = free_port(), free_port()
    with ExitStack() as stack:
        server = stack.enter_context(child(["serve", "--port", str(held)], env, var_dir / "one.log"))
        stack.enter_context(child(["serve", "--port", str(other)], env, var_dir / "two.log"))
        stack.enter_context(child(["work"], env, var_dir / "work.log"))
        await listens(held)
        await listens(other)
        async with (
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{held}", timeout=60) as client,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{other}", timeout=60) as writes,
        ):
            await ask(client, made.tokens[1])
            quiet = await ask(client, made.tokens[1])
            before = psutil.Process(server.pid).memory_info().rss
            began = time.perf_counter()
            async with opened(held, made.tokens, sockets) as phones:
                took = time.perf_counter() - began
                each = (psutil.Process(server.pid).memory_info().rss - before) / sockets / 1024
                busy = await ask(client, made.tokens[1])
                told = await tell(writes, made, phones)
    return [
        f"{sockets:,} sockets with one subscription each, opened in {took:.1f} s: {each:.1f} KB each",
        f"a request: p50 {median(quiet):.1f} ms, p99 {p99(quiet):.1f} ms without them;"
        f" p50 {median(busy):.1f} ms, p99 {p99(busy):.1f} ms with them",
        f"from a write's answer, in another process, to the socket: p50 {median(told):.0f} ms,"
        f" p99 {p99(told):.0f} ms",
    ]


def main() -> None:
    """Measure, and print what was found."""
    sockets = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with TemporaryDirectory(prefix="bench-sockets-") as folder:
        Path(folder).chmod(0o755)
        with PrivatePostgres(Path(folder) / "postgres") as server:
            asyncio.run(migrations.migrate(server.url()))
            print("\n".join(asyncio.run(measure(server.url(), Path(folder), sockets))))


if __name__ == "__main__":
    main()
