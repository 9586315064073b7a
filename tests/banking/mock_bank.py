"""A whole bank beside the tests: `mock-bank`, spoken to over HTTP as a client of it would."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import mockbank.server as bank_server


class Bank:
    """What a client of the bank, and its clock, can do."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address)

    def account(self, name: str) -> Any:
        return self._asked("GET", f"/_mock/accounts/{name}")

    def change(self, name: str, **fields: Any) -> None:
        self._asked("PATCH", f"/_mock/accounts/{name}", json=fields)

    def receive(self, file: bytes) -> Any:
        """Take a file of ours; what the bank decided."""
        answer = self._client.post("/payments", content=file, headers={"content-type": "application/xml"})
        assert answer.status_code in {202, 422}, answer.text
        return answer.json()

    def credit(self, **facts: Any) -> None:
        self._asked("POST", "/_mock/credits", json=facts)

    def advance(self, days: int) -> None:
        self._asked("POST", f"/_mock/advance?days={days}")

    def mail(self, kind: str) -> list[bytes]:
        """Every message of a kind about our account that was not fetched before."""
        rows = self._asked("GET", f"/_mock/mailbox?type={kind}")
        return [str(row["body"]).encode() for row in rows if row["account"] in (None, "", "ACME")]

    def _asked(self, method: str, path: str, **options: Any) -> Any:
        answer = self._client.request(method, path, **options)
        assert answer.status_code < 300, answer.text
        return answer.json()


@contextmanager
def open_bank() -> Generator[Bank]:
    """A bank on a port of its own, in memory."""
    made = cast(Any, bank_server).make_server(cast(Any, bank_server).Config(port=0, quiet=True))
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    try:
        yield Bank(f"http://127.0.0.1:{made.server_address[1]}")
    finally:
        made.shutdown()
        made.server_close()
        thread.join()
