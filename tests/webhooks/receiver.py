"""A partner's server: a real HTTP listener that verifies what it is sent, or misbehaves as it is told to."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass
class Receiver:
    """What it got, and what it answers: a status, `hang` for nothing at all, or `drip` for a body without end."""

    url: str = ""
    secret: str = ""
    answer: int | str = 200
    got: list[tuple[dict[str, str], Any]] = field(default_factory=list[tuple[dict[str, str], Any]])
    forged: int = 0
    ids: list[str] = field(default_factory=list[str])

    @property
    def types(self) -> list[str]:
        """The types of what it got, in order."""
        return [message["type"] for _, message in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:] if line)
            }
            self.ids.append(headers.get("webhook-id", ""))
            body = await reader.readexactly(int(headers["content-length"]))
            try:
                self.got.append((headers, Webhook(self.secret).verify(body, headers)))
            except WebhookVerificationError:
                self.forged += 1
            if self.answer == "hang":
                await asyncio.sleep(60)
            status = self.answer if isinstance(self.answer, int) else 200
            location = "Location: http://169.254.169.254/\r\n" if status in (301, 307) else ""
            length = "" if self.answer == "drip" else "Content-Length: 2\r\n"
            writer.write(f"HTTP/1.1 {status} X\r\n{location}{length}\r\nok".encode())
            while self.answer == "drip":
                writer.write(b"x" * 1000)
                await writer.drain()
                await asyncio.sleep(0.01)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def a_receiver() -> AsyncGenerator[Receiver]:
    """A receiver that listens on this machine."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    async with server:
        yield receiver
