"""Web applications of other origins: let in by name, and nobody by default."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from marketplace.app.asgi import create_app
from marketplace.kit.settings import Settings
from tests.app.application import caller

FRIEND = "https://app.example.com"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type, if-none-match, x-graphql-preflight",
}


def app(var_dir: Path, *origins: str) -> Starlette:
    return create_app(Settings(var_dir=var_dir, cors_origins=origins))


async def test_a_named_origin_may_ask_with_a_token_and_read_the_answer(tmp_path: Path):
    async with caller(app(tmp_path, FRIEND), Origin=FRIEND) as http:
        allowed = await http.options("/graphql", headers=PREFLIGHT)
        answer = await http.post("/graphql", json={"query": "{ __typename }"})

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == FRIEND
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert {"RateLimit", "ETag"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    assert "Origin" in answer.headers["vary"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "https://app.example.com.evil.example", "null"])
async def test_another_origin_is_not_let_in(tmp_path: Path, origin: str):
    async with caller(app(tmp_path, FRIEND), Origin=origin) as http:
        refused = await http.options("/graphql", headers=PREFLIGHT)
        answer = await http.post("/graphql", json={"query": "{ __typename }"})

    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_nobody_is_let_in_by_default(tmp_path: Path):
    async with caller(app(tmp_path), Origin=FRIEND) as http:
        refused = await http.options("/graphql", headers=PREFLIGHT)

    assert refused.status_code == 405
    assert "access-control-allow-origin" not in refused.headers


def test_origins_are_a_list_at_commas_and_no_urls(tmp_path: Path):
    read = Settings.model_validate({"var_dir": tmp_path, "cors_origins": f"{FRIEND}, http://localhost:3000"})

    assert read.cors_origins == (FRIEND, "http://localhost:3000")
    with pytest.raises(ValidationError, match="is not an origin"):
        Settings.model_validate({"var_dir": tmp_path, "cors_origins": "https://app.example.com/"})
