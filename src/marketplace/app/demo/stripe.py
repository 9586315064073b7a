"""The demo's stand-in for Stripe, found again by a command that works on the demo's database."""

import hashlib
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from marketplace.app.demo.children import child, free_port, wait_until_it_listens
from marketplace.kit.settings import Settings, settings

WEBHOOK_PATH: Final = "/webhooks/stripe"
_KEY: Final = "sk_test_demo_stand_in"
_WEBHOOK_SECRET: Final = "whsec_demo_stand_in"  # noqa: S105 (the stand-in's, on this machine only)


@contextmanager
def stand_in(given: Settings) -> Generator[Callable[[], None]]:
    """Let this process and its children talk to the stand-in, unless a key for Stripe itself is set.

    Yields what waits until it answers, so that it can start while other things do. Where it listens, and for
    which database, stays written down in `var/stripe.json`.
    """
    if given.stripe_api_key is not None:
        yield lambda: None
        return
    port, log = free_port(), given.var_dir / "stripe.log"
    arguments = [
        "marketplace.payments.stand_in",
        "--state", str(given.var_dir / "stripe.sqlite"),
        "--port", str(port),
        "--webhook-url", f"http://127.0.0.1:{given.port}{WEBHOOK_PATH}",
        "--webhook-secret", _WEBHOOK_SECRET,
        "--payout-after-s", "5",
    ]  # fmt: skip
    _use(port)
    with child("stand-in for Stripe", arguments, {}, log) as process:
        _file(given).write_bytes(orjson.dumps({"port": port, "database": _database(given)}))
        yield lambda: wait_until_it_listens(port, process, log)


@contextmanager
def at_hand(given: Settings) -> Generator[None]:
    """The stand-in that knows this database's payments: a running demo's, else our own while the block runs.

    Nothing is started for a database that no demo has used, or when a key for Stripe itself is set.
    """
    written = _written(given)
    if given.stripe_api_key is not None or written.get("database") != _database(given):
        yield
    elif _answers(written["port"]):
        _use(written["port"])
        yield
    else:
        with stand_in(given) as wait:
            wait()
            yield


def _use(port: int) -> None:
    os.environ["STRIPE_API_KEY"] = _KEY
    os.environ["STRIPE_WEBHOOK_SECRET"] = _WEBHOOK_SECRET
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{port}"
    settings.cache_clear()


def _file(given: Settings) -> Path:
    return given.var_dir / "stripe.json"


def _database(given: Settings) -> str:
    """A name for the database that says nothing of its password."""
    url = given.database_url
    return hashlib.sha256(url.get_secret_value().encode() if url else b"private").hexdigest()


def _written(given: Settings) -> dict[str, Any]:
    with suppress(OSError, orjson.JSONDecodeError):
        return orjson.loads(_file(given).read_bytes())
    return {}


def _answers(port: int) -> bool:
    """Whether the stand-in listens there, and not another program."""
    with suppress(httpx.HTTPError, ValueError):
        url, headers = f"http://127.0.0.1:{port}/v1/balance", {"authorization": f"Bearer {_KEY}"}
        return httpx.get(url, headers=headers, timeout=5).json().get("object") == "balance"
    return False
