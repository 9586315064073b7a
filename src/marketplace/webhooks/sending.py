"""One HTTP request to somebody else's server: to a public address only, answered soon, or given up."""

import asyncio
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from marketplace.webhooks import rules

WITHIN_S = 15.0
GONE = 410


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, or why there is none."""

    status: int | None = None
    error: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver has it. A redirect is no yes: nobody is followed to another address."""
        return self.status is not None and 200 <= self.status < 300


async def send(url: str, body: str, headers: dict[str, str], *, anywhere: bool) -> Answer:
    """POST a message; never raises for what the other side does.

    Unless `anywhere`, as in development, each address of the host must be public, and the request goes to
    the very address that was looked at, so that a name cannot change its mind in between.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            address = await _address(url, anywhere=anywhere)
            if address is None:
                return Answer(error="the host has an address that is not public")
            return await _post(url, address, body, headers)
    except TimeoutError:
        return Answer(error=f"no answer within {WITHIN_S:g} seconds")
    except (httpx.HTTPError, OSError, ValueError) as error:
        return Answer(error=f"no connection: {type(error).__name__}")


async def _address(url: str, *, anywhere: bool) -> str | None:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(info[4][0]) for info in found]
    return addresses[0] if anywhere or rules.is_public(addresses) else None


async def _post(url: str, address: str, body: str, headers: dict[str, str]) -> Answer:
    target = httpx.URL(url)
    pinned = target.copy_with(host=address)
    extensions: dict[str, Any] = {"sni_hostname": target.host}
    given = {"host": target.netloc.decode(), "content-type": "application/json", **headers}
    async with httpx.AsyncClient(timeout=WITHIN_S, follow_redirects=False, trust_env=False) as client:
        request = client.build_request("POST", pinned, content=body, headers=given, extensions=extensions)
        response = await client.send(request, stream=True)
        await response.aclose()  # its body is nobody's business, however long it is
        return Answer(response.status_code)
