"""Loading the world: whole, quick, and once."""

from pathlib import Path

import pytest

from marketplace.access.dev_issuer import DevIssuer
from marketplace.app.demo import data, offers, world
from marketplace.kit import database, vault


@pytest.fixture
async def issuer(tmp_path: Path) -> DevIssuer:
    return DevIssuer(tmp_path / "issuer")


@pytest.mark.anyio
async def test_the_world_is_loaded_once(db: None, database_url: str, issuer: DevIssuer):
    assert await world.build(database_url, issuer)
    before = await database.rows(
        "SELECT (SELECT count(*) FROM offer) AS offers, (SELECT count(*) FROM item) AS items"
    )

    assert not await world.build(database_url, issuer)

    after = await database.rows(
        "SELECT (SELECT count(*) FROM offer) AS offers, (SELECT count(*) FROM item) AS items"
    )
    assert before == after
    assert before[0]["offers"] == sum(1 for _ in offers.generate())
    assert await database.value("SELECT count(DISTINCT country) FROM item") >= 40
    assert await database.value("SELECT count(DISTINCT currency) FROM item") >= 20
    assert await database.value("SELECT count(*) FROM brand") == len(data.brands()) + len(data.charities())
    stock = "SELECT count(*) FROM item WHERE stock_mode <> 'UNLIMITED' AND id NOT IN (SELECT item_id FROM stock)"
    assert await database.value(stock) == 0


@pytest.mark.anyio
async def test_codes_are_sealed_and_counted(db: None, database_url: str, issuer: DevIssuer):
    await world.build(database_url, issuer)

    miscounted = await database.value(
        "SELECT count(*) FROM item JOIN stock ON stock.item_id = item.id WHERE item.stock_mode = 'CODES' "
        "AND stock.loaded <> (SELECT count(*) FROM voucher_code WHERE voucher_code.item_id = item.id)"
    )
    code = await database.row("SELECT ciphertext, fingerprint FROM voucher_code LIMIT 1")

    assert miscounted == 0
    assert code is not None
    assert "DEMO" not in code["ciphertext"]
    assert vault.fingerprint("code", vault.unseal(code["ciphertext"])) == code["fingerprint"]
