"""When an endpoint is tried again, what a sound URL is, and how a message is signed. No I/O."""

import base64
import ipaddress
import random
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from standardwebhooks import Webhook

from marketplace.kit.messages import noted

MOST_ENDPOINTS = 10
OVERLAP = timedelta(hours=24)
"""How long the old secret signs beside the new one."""

TRY_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""About three days, by github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md ."""


def next_try(attempts: int, at: datetime) -> datetime | None:
    """When to try again after so many attempts, a fifth sooner or later so that not all come at once; or never."""
    if attempts > len(TRY_AFTER):
        return None
    return at + TRY_AFTER[attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (spreads retries only)


def new_secret() -> str:
    """192 random bits, written as receivers' libraries read them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def signatures(keys: Iterable[str], id: str, at: datetime, body: str) -> str:
    """The `webhook-signature` header: one signature for each secret that is good now."""
    return " ".join(Webhook(key).sign(id, at, body) for key in keys)


def url_problem(url: str, *, plain_http: bool) -> str | None:
    """Why nothing can be sent to this URL, or None."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return noted("This is not a URL.")
    if parts.scheme != "https" and not (plain_http and parts.scheme == "http"):
        return noted("Give a URL that begins with https://")
    if not parts.hostname or port == 0 or len(url) > 2000 or not url.isascii() or not url.isprintable():
        return noted("This is not a URL that we can send to.")
    if parts.username or parts.password:
        return noted("A URL with a password in it is not accepted: requests are signed.")
    return None


def is_public(addresses: Sequence[str]) -> bool:
    """Whether all addresses of a host are on the open internet: none of ours, none private."""
    parsed = [ipaddress.ip_address(address) for address in addresses]
    return bool(parsed) and all(
        (each.ipv4_mapped or each if isinstance(each, ipaddress.IPv6Address) else each).is_global
        and not each.is_multicast
        for each in parsed
    )
