"""A database that cannot be reached is told as such: 503, ask again; never as a bug of ours."""

import hashlib
import hmac
import os
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx
import orjson
import pytest

from marketplace.access.rules import new_key
from marketplace.app.demo.children import free_port, wait_until_it_listens
from marketplace.kit.connections import connect

ROOT = Path(__file__).parents[2]
SECRET = "whsec_of_this_test"
PLAIN = ("/finance/journals", "/finance/lots", "/images/brands/north.svg", "/statements/statement_1.pdf")


@pytest.fixture
def server(tmp_path: Path) -> Generator[str]:
    """`marketplace serve` in front of a port where nothing listens."""
    port, nobody = free_port(), free_port()
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{nobody}/marketplace",
        "MARKETPLACE_VAR_DIR": str(tmp_path),
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
    }
    log = tmp_path / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "marketplace.app.cli", "serve", "--port", str(port)],
            env=env, cwd=ROOT, stdout=sink, stderr=sink,
        )  # fmt: skip
    try:
        wait_until_it_listens(port, process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_database_that_is_away_is_told_as_such(server: str) -> None:
    assert httpx.get(f"{server}/health/ready").status_code == 503
    headers = {"Authorization": f"Bearer {new_key()}"}

    answer = httpx.post(f"{server}/graphql", json={"query": "{ markets { country } }"}, headers=headers)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAVAILABLE"}
    assert "same idempotency key" in error["message"]
    dutch = {**headers, "Accept-Language": "nl"}
    asked = httpx.post(f"{server}/graphql", json={"query": "{ markets { country } }"}, headers=dutch).json()
    assert asked["errors"][0]["message"].startswith("We kunnen onze database nu niet bereiken.")
    assert httpx.get(f"{server}/health/live").status_code == 200


def signed(body: bytes) -> str:
    """As Stripe signs (docs.stripe.com/webhooks#verify-manually)."""
    moment = int(time.time())
    return f"t={moment},v1={hmac.new(SECRET.encode(), b'%d.%b' % (moment, body), hashlib.sha256).hexdigest()}"


def test_who_asks_without_graphql_is_told_so_too(server: str) -> None:
    body = orjson.dumps({"id": "evt_1", "type": "payout.paid", "created": 1, "data": {"object": {"id": "po_1"}}})
    headers = {"Authorization": f"Bearer {new_key()}"}

    with httpx.Client(base_url=server, headers=headers) as http:
        stripe = http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": signed(body)})
        forged = http.post("/webhooks/stripe", content=body, headers={"Stripe-Signature": "t=1,v1=00"})
        answers = [stripe, *(http.get(path) for path in PLAIN)]

    for answer in answers:
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1"), answer.url
        assert answer.json()["code"] == "UNAVAILABLE"
        assert "incident" not in answer.json()
        assert answer.headers["X-Request-Id"]
    assert forged.status_code == 400


async def test_a_server_whose_name_leads_nowhere_is_away() -> None:
    with pytest.raises(ConnectionRefusedError):
        await connect(host="no such name", port=5432, user="postgres", database="marketplace")
