"""A database that cannot be reached is told as such: 503, ask again; never as a bug of ours."""

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from marketplace.access.rules import new_key
from marketplace.app.demo.children import free_port, wait_until_it_listens

ROOT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Generator[str]:
    """`marketplace serve` in front of a port where nothing listens."""
    port, nobody = free_port(), free_port()
    env = {
        **os.environ,
        "DATABASE_URL": f"postgresql://postgres@127.0.0.1:{nobody}/marketplace",
        "MARKETPLACE_VAR_DIR": str(tmp_path),
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
    assert httpx.get(f"{server}/health/live").status_code == 200
