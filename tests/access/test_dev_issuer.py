"""The development issuer: its tokens pass the same verification as anybody's."""

import stat
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.jwks import KeyStore
from marketplace.access.tokens import Issuer, TokenVerifier

URL = "http://dev.test/dev/issuer/AIR/jwks.json"


async def test_its_tokens_are_verified_by_the_keys_it_serves(tmp_path: Path):
    issuer = DevIssuer(tmp_path / "keys")
    text = issuer.mint("AIR", "m-1", audience="marketplace")
    app = Starlette(routes=[Route("/dev/issuer/{program}/jwks.json", issuer.serve_jwks)])
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app))
    listed = {issuer.issuer("AIR"): Issuer(UUID(int=1), "marketplace", URL)}

    verified = await TokenVerifier(KeyStore(http, plain_http=True)).verify(text, listed)

    assert verified.subject == "m-1"
    assert (await http.get("http://dev.test/dev/issuer/OTHER/jwks.json")).status_code == 404
    assert "d" not in (await http.get(URL)).json()["keys"][0]


def test_keys_survive_a_restart_and_only_their_owner_reads_them(tmp_path: Path):
    first = DevIssuer(tmp_path).jwks("AIR")
    second = DevIssuer(tmp_path).jwks("AIR")

    (file,) = tmp_path.iterdir()
    assert first == second
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("program", ["", "../x", "a/b", "a.b", "x" * 50])
def test_a_program_code_is_not_a_path(tmp_path: Path, program: str):
    with pytest.raises(ValueError, match="program code"):
        DevIssuer(tmp_path).jwks(program)
