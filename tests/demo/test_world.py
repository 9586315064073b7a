"""Loading the world: whole, once, and with keys that stay the same."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from marketplace.access import queries
from marketplace.access.dev_issuer import DevIssuer
from marketplace.app import rooms
from marketplace.app.demo import children, data, history, offers, run, world
from marketplace.app.demo.members import members
from marketplace.app.demo.tokens import tokens
from marketplace.kit import database, vault
from marketplace.kit.actor import ActorKind

COUNTS = "SELECT (SELECT count(*) FROM offer) AS offers, (SELECT count(*) FROM item) AS items"
UNSTOCKED = "SELECT count(*) FROM item WHERE stock_mode <> 'UNLIMITED' AND id NOT IN (SELECT item_id FROM stock)"
MISCOUNTED = (
    "SELECT count(*) FROM item JOIN stock ON stock.item_id = item.id WHERE item.stock_mode = 'CODES' "
    "AND stock.loaded <> (SELECT count(*) FROM voucher_code WHERE voucher_code.item_id = item.id)"
)


@pytest.mark.anyio
@pytest.mark.timeout(400)
async def test_the_world_is_loaded_once_and_its_books_balance(db: None, tmp_path: Path, opened_database: Any):
    issuer = DevIssuer(tmp_path / "issuer")

    assert await world.build(issuer)
    before = await database.row(COUNTS)
    made = await tokens(issuer)
    assert not await world.build(issuer)

    assert await database.row(COUNTS) == before
    assert before is not None
    assert before["offers"] == sum(1 for _ in offers.generate())
    assert await database.value("SELECT count(DISTINCT country) FROM item") >= 40
    assert await database.value("SELECT count(DISTINCT currency) FROM item") >= 20
    assert await database.value("SELECT count(*) FROM brand") == len(data.brands()) + len(data.charities())
    assert await database.value(UNSTOCKED) == 0
    assert await database.value(MISCOUNTED) == 0

    code = await database.row("SELECT ciphertext, fingerprint FROM voucher_code LIMIT 1")
    assert code is not None
    assert "DEMO" not in code["ciphertext"]
    assert vault.fingerprint("code", vault.unseal(code["ciphertext"])) == code["fingerprint"]

    again = await tokens(issuer)
    assert (again.partner, again.program, again.operator) == (made.partner, made.program, made.operator)
    assert (await queries.actor_of_key(made.operator)).kind is ActorKind.OPERATOR
    assert (await queries.actor_of_key(made.partner)).kind is ActorKind.PARTNER

    await opened_database.execute("ANALYZE")  # a server does so by itself, some time after so many rows came in
    assert await history.play() == {}
    assert await history.is_told()
    violations = [found for check in rooms.checks() async for found in check()]
    assert violations == []
    kinds = {row["kind"] for row in await database.rows("SELECT DISTINCT kind FROM redemption")}
    assert kinds == {"VOUCHER", "MERCHANDISE", "EXPERIENCE", "BRAND_CURRENCY", "DONATION"}
    states = {row["state"] for row in await database.rows("SELECT DISTINCT state FROM redemption")}
    assert states == {"PENDING", "FULFILLED", "CANCELLED", "FAILED", "REFUNDED"}
    assert await database.value("SELECT count(*) FROM gift WHERE state = 'CLAIMED'") > 0
    assert await database.value("SELECT count(*) FROM pledge") > 0
    gave = await database.value(
        "SELECT array_agg(DISTINCT r.code) FROM earning_grant g JOIN earning_rule r ON r.id = g.rule_id"
    )
    assert {"every-purchase", "till-scan", "three-visits", "review"} <= set(gave)
    assert await database.value("SELECT count(*) FROM earning_reversal") > 0
    assert await database.value("SELECT count(*) FROM statement") > 0
    assert await database.value("SELECT sum(points) FROM coalition_award") == 1_300
    assert await database.value("SELECT count(*) FROM member") == len(members())
    assert await database.value("SELECT max(redeemed_at) - min(redeemed_at) > '20 days' FROM redemption")

    run.write_down(tmp_path / "demo.json", "http://localhost:1", made)
    kept = json.loads((tmp_path / "demo.json").read_text())
    assert kept["url"] == "http://localhost:1"
    assert set(kept["tokens"]) == {"member", "partner", "program", "operator"}
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600


def test_a_child_that_ends_early_is_told(tmp_path: Path):
    log = tmp_path / "child.log"

    with (
        pytest.raises(children.ChildFailed, match="nothing listens"),
        children.child("child", ["json.tool", "--nonsense"], {}, log) as process,
    ):
        children.wait_until_it_listens(children.free_port(), process, log)

    assert "nonsense" in log.read_text()


def test_a_child_ends_with_its_block(tmp_path: Path):
    port = children.free_port()
    log = tmp_path / "child.log"

    with children.child("child", ["http.server", str(port), "--bind", "127.0.0.1"], {}, log) as process:
        children.wait_until_it_listens(port, process, log)
        assert process.poll() is None

    assert process.poll() is not None
