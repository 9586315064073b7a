"""`marketplace demo`: everything on this machine, nothing to install.

A private PostgreSQL (unless DATABASE_URL names one), the stand-in for Stripe (unless STRIPE_API_KEY is set) and
a worker run beside the server and end with it. What it prints is also in `var/demo.json`.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from socket import socket
from types import FrameType
from typing import Any, Final

import asyncpg
import orjson
import uvicorn
from rich.console import Console
from rich.panel import Panel

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import examples, runtime, server, wiring
from marketplace.app.asgi import create_app
from marketplace.app.demo import DISCLAIMER, banking, cast, history, stripe, waiting, world
from marketplace.app.demo.children import child
from marketplace.app.demo.tokens import Tokens, tokens
from marketplace.app.pages import curl
from marketplace.kit import database, migrations
from marketplace.kit.settings import Settings, settings

HOST: Final = "127.0.0.1"


def demo() -> None:
    """Load the world if it is not there yet, and serve it until interrupted."""
    screen = Console()
    if _taken(settings().port):
        screen.print(f"Port {settings().port} is taken. Choose another one: make demo PORT=8010", style="red")
        raise SystemExit(1)
    signal.signal(signal.SIGTERM, _leave)
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        stripe_is_up = stack.enter_context(stripe.stand_in(settings()))
        given = settings()
        url = stack.enter_context(runtime.database_url())
        made = asyncio.run(_prepare(url, given, screen, stripe_is_up))
        env = {"DATABASE_URL": url}
        stack.enter_context(child("worker", ["marketplace.app.cli", "work"], env, given.var_dir / "worker.log"))
        stripe_is_up()
        asyncio.run(_serve(url, given, made, screen))


def _leave(number: int, frame: FrameType | None) -> None:
    """End in order: children first, then the database."""
    raise SystemExit(0)


def _taken(port: int) -> bool:
    with socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


async def _prepare(url: str, given: Settings, screen: Console, stripe_is_up: Callable[[], None]) -> Tokens:
    """Migrate, load what is missing, and make the tokens."""
    issuer = DevIssuer(given.var_dir / "dev-issuer")
    with screen.status("Bringing the database to the newest state …"):
        await migrations.migrate(url)
    wiring.wire()
    async with database.opened(url, pool=1):
        # A crash of the machine now would only mean to load again: no need to wait for the disk each time.
        await database.execute("SET synchronous_commit = off")
        with screen.status("Loading brands, offers, codes and stock …"):
            await world.build(issuer)
            await _analyse(url)
        with screen.status("Playing a month of history through the doors …"):
            fresh = not await history.is_told()
            await history.play()
            if fresh and given.stripe_api_base:
                stripe_is_up()
                await banking.open_accounts(await cast.assembled())
        return await tokens(issuer)


async def _analyse(url: str) -> None:
    """Tell the planner what was just loaded; the application's own role may not."""
    driver: Any = asyncpg
    owner: Any = await driver.connect(**database.credentials(url))
    try:
        await owner.execute("ANALYZE")
    finally:
        await owner.close()


class _Server(uvicorn.Server):
    """Serves, and says so once it answers."""

    def __init__(self, config: uvicorn.Config, say: Callable[[], None]) -> None:
        super().__init__(config)
        self._say = say

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._say()


async def _serve(url: str, given: Settings, made: Tokens, screen: Console) -> None:
    def say() -> None:
        address = f"http://{HOST}:{given.port}"
        write_down(given.var_dir / "demo.json", address, made)
        _tell(screen, address, made)

    app = create_app(given, database_url=lambda: nullcontext(url))
    options: dict[str, Any] = server.OPTIONS | {"timeout_graceful_shutdown": 5}
    config = uvicorn.Config(app, host=HOST, port=given.port, log_level="warning", **options)
    await _Server(config, say).serve()


def write_down(path: Path, address: str, made: Tokens) -> None:
    """Leave address and tokens for other programs, readable by this user only."""
    kept = asdict(made)
    others = kept.pop("others")
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"url": address, "tokens": kept, "others": others}, option=orjson.OPT_INDENT_2))
    fresh.replace(path)


def _tell(screen: Console, address: str, made: Tokens) -> None:
    screen.print(Panel(DISCLAIMER, title="A demonstration", border_style="yellow"))
    screen.print(f"The marketplace answers at [bold]{address}[/bold] and shows itself at {address}/graphiql\n")
    found = examples.load()
    for who in ("member", "partner", "program", "operator"):
        token = getattr(made, who)
        example = next((each for each in found if each.actor == who), None)
        if example:
            screen.print(f"[bold]{who}[/bold]: {example.title}")
            screen.out(curl(f"{address}/graphql", example.operation, token), highlight=False)
        else:
            screen.print(f"[bold]{who}[/bold]")
            screen.out(f"Authorization: Bearer {token}", highlight=False)
        screen.print()
    if waiting.waiting_file().exists():
        screen.print(
            f"Finance: read the bank's statement with `marketplace bank read {waiting.waiting_file()}`.\n"
        )
    screen.print("Address and tokens are also in var/demo.json. Ctrl-C ends it.")
