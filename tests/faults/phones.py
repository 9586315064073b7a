"""Phones: members' apps that follow their wallet and redemptions, and go on after every break."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

SILENT_S = 40.0
"""Longer than a stream keeps silent: it says now and then that it is alive."""
WALLET = "subscription { walletChanged { available held } }"
MINE = "subscription($since: DateTime) { redemptionUpdated(since: $since) { id state } }"


@dataclass
class Phone:
    """What one member was told, over event streams that are opened again whenever they end."""

    url: str
    token: str
    wallet: tuple[int, int] | None = None
    states: dict[str, str] = field(default_factory=dict[str, str])
    streams: int = 0
    told: int = 0

    async def follow(self) -> None:
        """Follow both for ever."""
        await asyncio.gather(self._again_and_again(WALLET), self._again_and_again(MINE))

    async def _again_and_again(self, query: str) -> None:
        """What is behind a break is asked for from a little before the last answer."""
        heard_at = datetime.now(UTC)
        while True:
            since = (heard_at - timedelta(seconds=5)).isoformat()
            with suppress(httpx.TransportError):
                async for data in self._stream(query, {"since": since} if query == MINE else {}):
                    self._hear(data)
                    heard_at = datetime.now(UTC)
            await asyncio.sleep(0.3)

    async def _stream(self, query: str, variables: dict[str, str]) -> AsyncGenerator[Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "text/event-stream"}
        body = {"query": query, "variables": variables}
        async with (
            httpx.AsyncClient(timeout=SILENT_S) as http,
            http.stream("POST", f"{self.url}/graphql", json=body, headers=headers) as response,
        ):
            self.streams += response.status_code == 200
            async for line in response.aiter_lines():
                said: Any = json.loads(line.removeprefix("data:")) if line.startswith("data: {") else None
                if said and said.get("data"):
                    yield said["data"]

    def _hear(self, data: dict[str, Any]) -> None:
        self.told += 1
        wallet, redemption = data.get("walletChanged"), data.get("redemptionUpdated")
        if wallet is not None:
            self.wallet = (wallet["available"], wallet["held"])
        if redemption is not None:
            self.states[redemption["id"]] = redemption["state"]


async def have_heard(phones: list[Phone], truth: list[tuple[tuple[int, int], dict[str, str]]]) -> None:
    """Wait until every phone was told how it is; raises TimeoutError when one never is."""
    try:
        async with asyncio.timeout(60):
            while [(phone.wallet, phone.states) for phone in phones] != truth:  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    except TimeoutError:
        for phone, (wallet, states) in zip(phones, truth, strict=True):
            assert phone.wallet == wallet
            assert phone.states == states
        raise
