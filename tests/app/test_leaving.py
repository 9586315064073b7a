"""The shipped server as processes of their own: several behind one port, and how they let go when told to stop."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pytest

from marketplace.app.demo.children import free_port
from marketplace.kit import database
from tests.app.application import member_token
from tests.builders import a_member, a_program, an_item, an_offer

pytestmark = [pytest.mark.usefixtures("db"), pytest.mark.timeout(300)]
ROOT = Path(__file__).parents[2]
ISSUER = "urn:rewards-marketplace:dev-issuer:AIR"
MINE = {"query": "subscription { walletChanged { available } }"}
SHELF = {"query": "{ offers { nodes { title } } }"}


@contextmanager
def serving(folder: Path, url: str, processes: int) -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """`marketplace serve` over a database, and its address."""
    port = free_port()
    env = os.environ | {
        "DATABASE_URL": url,
        "MARKETPLACE_VAR_DIR": str(folder),
        "MARKETPLACE_LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT / "src"),
    }
    words = ["marketplace.app.cli", "serve", "--port", str(port), "--processes", str(processes)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", *words], env=env, stdout=log, stderr=log, cwd=ROOT)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


async def until_ready(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(150):
        while True:
            try:
                if (await http.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


async def a_caller(folder: Path) -> dict[str, str]:
    """The headers of a member who sees one offer."""
    await a_member(await a_program(code="AIR", issuer=ISSUER), subject="m-1")
    await an_item(await an_offer(title={"en": "Coffee"}))
    accepts = "application/graphql-response+json"
    return {"Authorization": f"Bearer {member_token(folder, 'AIR', 'm-1')}", "Accept": accepts}


async def waiting_for(driver: Any) -> int:
    """How many statements wait for a lock."""
    return await driver.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


async def test_who_is_told_to_stop_finishes_what_is_under_way_and_ends_its_streams(
    tmp_path: Path, database_url: str
) -> None:
    headers = await a_caller(tmp_path)
    blocker: Any = await cast(Any, asyncpg).connect(**database.credentials(database_url))
    with serving(tmp_path, database_url, 1) as (process, address):
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as http:
            await until_ready(http)
            stream = http.stream("POST", "/graphql", json=MINE, headers={"Accept": "text/event-stream"})
            async with stream as events, blocker.transaction():
                lines = events.aiter_lines()
                while "next" not in await anext(lines):
                    pass
                await blocker.execute("LOCK TABLE listing IN ACCESS EXCLUSIVE MODE")
                under_way = asyncio.create_task(http.post("/graphql", json=SHELF))
                while not await waiting_for(blocker):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)

                process.terminate()
                rest = [line async for line in lines]
            answer = await under_way
            code = await asyncio.to_thread(process.wait, 30)
            with pytest.raises(httpx.TransportError):
                await http.get("/health/live")
    await blocker.close()

    assert any("complete" in line for line in rest)
    assert answer.json()["data"]["offers"]["nodes"] == [{"title": "Coffee"}]
    assert code in (0, -15)
    assert b"Traceback" not in (tmp_path / "server.log").read_bytes()


async def test_several_processes_answer_behind_one_port_and_are_counted_together(
    tmp_path: Path, database_url: str
) -> None:
    headers = await a_caller(tmp_path)
    with serving(tmp_path, database_url, 2) as (process, address):
        async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30) as http:
            await until_ready(http)
            once = httpx.Limits(max_keepalive_connections=0)
            async with httpx.AsyncClient(base_url=address, headers=headers, timeout=30, limits=once) as each_anew:
                answers = [await each_anew.post("/graphql", json=SHELF) for _ in range(20)]
            told = (await http.get("/metrics")).text
        process.terminate()
        code = await asyncio.to_thread(process.wait, 30)

    assert {answer.json()["data"]["offers"]["nodes"][0]["title"] for answer in answers} == {"Coffee"}
    assert 'marketplace_request_seconds_count{operation="anonymous",status="200"} 20.0' in told
    assert code in (0, -15)
