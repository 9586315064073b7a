"""Who is asking: tokens of every kind through the whole application."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.applications import Starlette

from marketplace.access.dev_issuer import DevIssuer
from marketplace.access.models import KeyOwner
from marketplace.kit import clock
from marketplace.members.models import Member, PersonalData
from tests.app.application import ask, caller, code_of, make_app, member_token, owner_token
from tests.builders import a_member, a_program

pytestmark = pytest.mark.usefixtures("db")
# Needs a scope that no member has: who is nobody is told so, who is a member is told they may not.
KEYS = "{ apiKeys { totalCount } }"
ISSUER = "urn:rewards-marketplace:dev-issuer:AIR"


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    return make_app(tmp_path)


@pytest.fixture
async def member(db: None) -> None:
    program = await a_program(code="AIR", issuer=ISSUER)
    await a_member(program, subject="m-1")


async def refused(app: Starlette, **headers: str) -> httpx.Response:
    """The answer to a query that anybody may send, with these headers."""
    async with caller(app, **headers) as http:
        return await http.post("/graphql", json={"query": "{ __typename }"})


@pytest.mark.usefixtures("member")
async def test_a_member_is_known_by_their_programs_token(app: Starlette, tmp_path: Path):
    async with caller(app, member_token(tmp_path, "AIR", "m-1")) as http:
        assert await code_of(http, KEYS) == "FORBIDDEN"


async def test_a_partner_is_known_by_their_key(app: Starlette):
    async with caller(app, await owner_token(KeyOwner.PARTNER, UUID(int=1))) as http:
        assert await ask(http, KEYS) == {"apiKeys": {"totalCount": 1}}


async def test_without_a_token_one_is_nobody(app: Starlette):
    async with caller(app) as http:
        assert await ask(http, "{ __typename }") == {"__typename": "Query"}
        assert await code_of(http, KEYS) == "UNAUTHENTICATED"


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(
    "authorization",
    [
        "Basic YTpi",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "bearer a.b.c",
        "mk_live_x",
        "Bearer mk_live_0123456789_" + "0" * 48,
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
async def test_a_token_that_is_not_valid_is_401(app: Starlette, authorization: str, accept: str):
    response = await refused(app, Authorization=authorization, Accept=accept)

    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert response.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest.mark.usefixtures("member")
@pytest.mark.parametrize(
    ("program", "subject", "claims"),
    [
        ("AIR", "somebody-else", {}),
        ("SEA", "m-1", {}),
        ("AIR", "m-1", {"aud": "another"}),
        ("AIR", "m-1", {"exp": 1}),
        ("SEA", "m-1", {"iss": ISSUER}),
    ],
)
async def test_a_foreign_or_stale_token_is_401(
    app: Starlette, tmp_path: Path, program: str, subject: str, claims: dict[str, Any]
):
    token = member_token(tmp_path, program, subject, **claims)

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401


async def test_an_erased_member_is_nobody(app: Starlette, tmp_path: Path):
    await a_member(await a_program(code="AIR", issuer=ISSUER), subject="gone", status="ERASED")
    token = member_token(tmp_path, "AIR", "gone")

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401


async def test_a_new_program_is_believed_at_once(app: Starlette, tmp_path: Path):
    token = member_token(tmp_path, "AIR", "m-1")
    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401

    await a_member(await a_program(code="AIR", issuer=ISSUER), subject="m-1")

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 200


@pytest.mark.usefixtures("member")
async def test_a_token_expires_while_it_is_in_use(app: Starlette, tmp_path: Path):
    token = member_token(tmp_path, "AIR", "m-1")
    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 200

    with clock.travel(timedelta(days=30, minutes=1)):
        assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401


async def test_a_program_with_keys_of_its_own_is_not_believed_by_ours(app: Starlette, tmp_path: Path):
    jwks_uri = "http://127.0.0.1:9/jwks.json"
    await a_member(await a_program(code="AIR", issuer=ISSUER, jwks_uri=jwks_uri), subject="m-1")
    token = member_token(tmp_path, "AIR", "m-1")

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401


@pytest.mark.parametrize(
    ("claims", "country", "languages"),
    [
        ({"country": "DE"}, "DE", ["en"]),
        ({"address": {"country": "nl"}, "locale": "nl"}, "NL", ["nl"]),
        ({"locale": "de_DE"}, "DE", ["de-DE"]),
    ],
)
async def test_a_program_can_let_members_in_on_first_sight(
    app: Starlette, tmp_path: Path, claims: dict[str, Any], country: str, languages: list[str]
):
    program = await a_program(code="AIR", issuer=ISSUER, enrol_on_sight=True)
    token = member_token(tmp_path, "AIR", "new-1", name="Ada", **claims)

    answers = [(await refused(app, Authorization=f"Bearer {token}")).status_code for _ in range(2)]

    member = await Member.get(program_id=program.id, subject="new-1")
    assert answers == [200, 200]
    assert (member.country, member.languages) == (country, languages)
    assert (await PersonalData.get(member_id=member.id)).name == "Ada"


@pytest.mark.parametrize("claims", [{}, {"country": "US"}, {"country": 5, "address": []}, {"locale": "xx-XX"}])
async def test_who_cannot_be_enrolled_is_nobody(app: Starlette, tmp_path: Path, claims: dict[str, Any]):
    await a_program(code="AIR", issuer=ISSUER, enrol_on_sight=True)
    token = member_token(tmp_path, "AIR", "new-1", **claims)

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401
    assert await Member.all().count() == 0


async def test_an_erased_member_does_not_come_back_on_sight(app: Starlette, tmp_path: Path):
    program = await a_program(code="AIR", issuer=ISSUER, enrol_on_sight=True)
    await a_member(program, subject="gone", status="ERASED")
    token = member_token(tmp_path, "AIR", "gone", country="NL")

    assert (await refused(app, Authorization=f"Bearer {token}")).status_code == 401
    assert await Member.all().count() == 1


@pytest.fixture
def production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    for name, value in {
        "MARKETPLACE_ENVIRONMENT": "production",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1/nothing",
        "MARKETPLACE_SECRET": "x" * 40,
        "MARKETPLACE_CODE_KEYS": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "STRIPE_API_KEY": "sk_test_x",
        "STRIPE_WEBHOOK_SECRET": "whsec_x",
    }.items():
        monkeypatch.setenv(name, value)
    return make_app(tmp_path)


@pytest.mark.usefixtures("member")
async def test_production_has_no_issuer_of_its_own(production: Starlette, tmp_path: Path):
    token = member_token(tmp_path, "AIR", "m-1")

    assert (await refused(production, Authorization=f"Bearer {token}")).status_code == 401
    async with caller(production) as http:
        for path in ("/dev/issuer/AIR/jwks.json", "/graphiql", "/graphiql/start.json", "/schema.graphql"):
            assert (await http.get(path)).status_code == 404
        introspection = await http.post("/graphql", json={"query": "{ __schema { types { name } } }"})
    assert introspection.status_code == 400


async def test_the_development_issuer_publishes_its_keys(app: Starlette, tmp_path: Path):
    member_token(tmp_path, "AIR", "m-1")
    async with caller(app) as http:
        published = await http.get("/dev/issuer/AIR/jwks.json")

    assert published.json() == DevIssuer(tmp_path / "dev-issuer").jwks("AIR")
