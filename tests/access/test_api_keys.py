"""API keys: issued once, shown once, worth what their owner may do, ended at once."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from dirty_equals import IsPartialDict, IsStr
from graphql import GraphQLEnumType
from starlette.applications import Starlette

from marketplace.access import queries, steps
from marketplace.access.models import ApiKey, KeyOwner, Operator
from marketplace.access.rules import grantable
from marketplace.app.schema import schema
from marketplace.kit import clock, ids
from marketplace.kit.actor import PARTNER_SCOPES, ROLE_SCOPES, ActorKind, Scope
from marketplace.kit.models import AuditEntry
from marketplace.kit.refusals import Unauthenticated
from tests.app.application import ask, caller, code_of, make_app, operator_token, owner_token
from tests.builders import a_partner, a_program

pytestmark = pytest.mark.usefixtures("db")
PARTNER = UUID(int=1)
ISSUE = """
mutation ($input: IssueApiKeyInput!) { issueApiKey(input: $input) {
  __typename
  ... on IssuedApiKey { secret apiKey { id name keyId scopes expiresAt } }
  ... on UserError { code message }
  ... on ScopeNotGrantable { scopes }
  ... on SecretAlreadyShown { keyId }
  ... on InvalidInput { problems { path } }
} }"""
REVOKE = """
mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) {
  __typename ... on ApiKey { revokedAt } ... on UserError { code }
} }"""
LIST = "query ($owner: ID) { apiKeys(owner: $owner) { totalCount nodes { id name lastUsedAt } } }"


@pytest.fixture
def app(tmp_path: Path) -> Starlette:
    return make_app(tmp_path)


@pytest.fixture
async def partner(app: Starlette, db: None) -> AsyncGenerator[httpx.AsyncClient]:
    await a_partner(id=PARTNER)
    async with caller(app, await owner_token(KeyOwner.PARTNER, PARTNER)) as http:
        yield http


@pytest.fixture
async def admin(app: Starlette, db: None) -> AsyncGenerator[httpx.AsyncClient]:
    async with caller(app, await operator_token("admin")) as http:
        yield http


async def issue(http: httpx.AsyncClient, key: str = "k-1", **facts: Any) -> Any:
    """The result of issuing a key."""
    given = {"idempotencyKey": key, "name": "nightly upload"} | facts
    return (await ask(http, ISSUE, input=given))["issueApiKey"]


async def test_a_key_works_as_soon_as_it_is_issued(partner: httpx.AsyncClient):
    issued = await issue(partner, scopes=["OFFERS_UPLOAD", "CATALOG_READ"])

    actor = await queries.actor_of_key(issued["secret"])

    assert issued["secret"] == IsStr(regex=rf"mk_live_{issued['apiKey']['keyId']}_[0-9a-f]{{48}}")
    assert (actor.kind, actor.id) == (ActorKind.PARTNER, PARTNER)
    assert actor.scopes == {Scope.OFFERS_UPLOAD, Scope.CATALOG_READ}
    assert await AuditEntry.filter(operation="issue_api_key", actor_id=PARTNER).count() == 1


async def test_only_the_hash_of_the_secret_is_kept(partner: httpx.AsyncClient):
    issued = await issue(partner)

    row = await ApiKey.get(key_id=issued["apiKey"]["keyId"])

    secret = issued["secret"].rsplit("_", 1)[1]
    assert secret not in str(vars(row))
    assert len(row.secret_hash) == 64


async def test_a_replay_answers_that_the_secret_was_shown(partner: httpx.AsyncClient):
    before = await ApiKey.all().count()
    first = await issue(partner)
    again = await issue(partner)

    assert again == IsPartialDict(
        __typename="SecretAlreadyShown", code="SECRET_ALREADY_SHOWN", keyId=first["apiKey"]["keyId"]
    )
    assert await ApiKey.all().count() == before + 1


async def test_the_same_idempotency_key_with_other_facts_is_refused(partner: httpx.AsyncClient):
    await issue(partner)

    assert (await issue(partner, name="another"))["__typename"] == "IdempotencyKeyReused"


async def test_a_key_without_scopes_holds_all_its_owner_may(partner: httpx.AsyncClient):
    issued = await issue(partner)

    assert set(issued["apiKey"]["scopes"]) == {scope.name for scope in PARTNER_SCOPES}


async def test_a_key_cannot_hold_what_its_owner_may_not(partner: httpx.AsyncClient):
    before = await ApiKey.all().count()

    refused = await issue(partner, scopes=["CATALOG_READ", "FINANCE", "SETTLE"])

    assert refused == IsPartialDict(__typename="ScopeNotGrantable", scopes="finance:write, settlement:run")
    assert await ApiKey.all().count() == before


async def test_a_key_cannot_issue_one_that_may_more_than_itself(app: Starlette):
    await a_partner(id=PARTNER)
    weak = await steps.create_key(
        KeyOwner.PARTNER, PARTNER, name="weak", scopes={Scope.KEYS_MANAGE, Scope.CATALOG_READ}
    )
    async with caller(app, str(weak.text)) as http:
        refused = await issue(http, scopes=["OFFERS_UPLOAD"])
        issued = await issue(http)

    assert refused["__typename"] == "ScopeNotGrantable"
    assert set(issued["apiKey"]["scopes"]) == {"KEYS_MANAGE", "CATALOG_READ"}


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"owner": "nobody"}, "owner"),
        ({"owner": ids.public("member", uuid4())}, "owner"),
        ({"idempotencyKey": ""}, "idempotencyKey"),
    ],
)
async def test_input_that_cannot_be_used_is_named(partner: httpx.AsyncClient, facts: dict[str, Any], path: str):
    refused = await issue(partner, **facts)

    assert refused == IsPartialDict(__typename="InvalidInput", problems=[{"path": path}])


async def test_nobody_issues_a_key_to_somebody_else_but_an_admin(
    app: Starlette, partner: httpx.AsyncClient, admin: httpx.AsyncClient
):
    other = ids.public("partner", (await a_partner()).id)
    given = {"idempotencyKey": "k", "name": "x", "owner": other}

    assert await code_of(partner, ISSUE, input=given) == "FORBIDDEN"
    assert (await issue(admin, owner=other))["__typename"] == "IssuedApiKey"
    async with caller(app, await operator_token("support", "finance", "catalogue")) as http:
        assert await code_of(http, ISSUE, input=given) == "FORBIDDEN"


@pytest.mark.parametrize("kind", ["partner", "program", "operator"])
async def test_a_key_belongs_to_somebody_who_is_there(admin: httpx.AsyncClient, kind: str):
    before = await ApiKey.all().count()

    refused = await issue(admin, owner=ids.public(kind, uuid4()))

    assert refused == IsPartialDict(__typename="NotFound", message=f"There is no such {kind}.")
    assert await ApiKey.all().count() == before


async def test_an_admin_issues_a_programs_key(admin: httpx.AsyncClient):
    program = await a_program()

    issued = await issue(admin, owner=ids.public("program", program.id))

    assert (await queries.actor_of_key(issued["secret"])).program_id == program.id


async def test_an_operators_key_holds_what_their_roles_allow(admin: httpx.AsyncClient):
    support = await Operator.create(name="Sam", roles=["support"], created_at=clock.now())
    owner = ids.public("operator", support.id)

    issued = await issue(admin, owner=owner)
    refused = await issue(admin, "k-2", owner=owner, scopes=["FINANCE"])
    nobody = await issue(admin, "k-3", owner=ids.public("operator", uuid4()))

    assert set(issued["apiKey"]["scopes"]) == {scope.name for scope in ROLE_SCOPES["support"]}
    assert (refused["__typename"], nobody["__typename"]) == ("ScopeNotGrantable", "NotFound")


async def test_a_role_taken_away_takes_effect_at_once(admin: httpx.AsyncClient):
    operator = await Operator.create(name="Sam", roles=["support", "finance"], created_at=clock.now())
    issued = await issue(admin, owner=ids.public("operator", operator.id))

    operator.roles = ["support"]
    await operator.save()

    assert (await queries.actor_of_key(issued["secret"])).scopes == ROLE_SCOPES["support"]
    operator.active = False
    await operator.save()
    with pytest.raises(Unauthenticated):
        await queries.actor_of_key(issued["secret"])


async def test_a_revoked_key_stops_at_once_and_stays_revoked(app: Starlette, partner: httpx.AsyncClient):
    issued = await issue(partner)
    given = {"idempotencyKey": "r-1", "id": issued["apiKey"]["id"]}
    async with caller(app, issued["secret"]) as doomed:
        assert await ask(doomed, LIST)
        first = await ask(partner, REVOKE, input=given)
        second = await ask(partner, REVOKE, input=given | {"idempotencyKey": "r-2"})
        refused = await doomed.post("/graphql", json={"query": LIST})

    assert first == second == {"revokeApiKey": {"__typename": "ApiKey", "revokedAt": IsStr()}}
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("key", ["nonsense", "apiKey_" + "0" * 32, "offer_" + "0" * 32])
async def test_revoking_what_is_not_there_is_refused(partner: httpx.AsyncClient, key: str):
    answer = await ask(partner, REVOKE, input={"idempotencyKey": "r", "id": key})

    assert answer["revokeApiKey"] == {"__typename": "NotFound", "code": "NOT_FOUND"}


async def test_a_foreign_key_is_neither_seen_nor_revoked(partner: httpx.AsyncClient):
    foreign = await steps.create_key(KeyOwner.PARTNER, UUID(int=2), name="theirs", scopes=PARTNER_SCOPES)
    key = ids.public("apiKey", foreign.row.id)

    seen = await ask(partner, "query ($id: ID!) { node(id: $id) { id } }", id=key)
    listed = await ask(partner, LIST, owner=ids.public("partner", UUID(int=2)))
    revoked = await ask(partner, REVOKE, input={"idempotencyKey": "r", "id": key})

    assert seen == {"node": None}
    assert listed["apiKeys"] == {"totalCount": 0, "nodes": []}
    assert revoked["revokeApiKey"]["__typename"] == "NotFound"
    assert (await ApiKey.get(id=foreign.row.id)).revoked_at is None


async def test_an_owner_sees_their_keys_and_when_they_were_used(partner: httpx.AsyncClient):
    issued = await issue(partner)
    listed = await ask(partner, LIST)
    node = await ask(partner, "query ($id: ID!) { node(id: $id) { id } }", id=issued["apiKey"]["id"])

    assert [each["name"] for each in listed["apiKeys"]["nodes"]] == ["nightly upload", "a test"]
    assert [each["lastUsedAt"] for each in listed["apiKeys"]["nodes"]] == [None, IsStr()]
    assert node == {"node": {"id": issued["apiKey"]["id"]}}


async def test_an_expired_key_does_not_work():
    soon = clock.now() + timedelta(minutes=5)
    issued = await steps.create_key(KeyOwner.PROGRAM, PARTNER, name="x", scopes=(), expires_at=soon)

    assert (await queries.actor_of_key(str(issued.text))).program_id == PARTNER
    with clock.travel(timedelta(minutes=5, seconds=1)), pytest.raises(Unauthenticated):
        await queries.actor_of_key(str(issued.text))


@pytest.mark.parametrize("text", ["", "mk_live_", "mk_live_x_y", "mk_live_0123456789abcdef_" + "0" * 48])
async def test_what_is_no_key_of_ours_is_refused(text: str):
    await steps.create_key(KeyOwner.PARTNER, PARTNER, name="x", scopes=grantable(KeyOwner.PARTNER))

    with pytest.raises(Unauthenticated):
        await queries.actor_of_key(text)


async def test_a_wrong_secret_is_refused():
    issued = await steps.create_key(KeyOwner.PARTNER, PARTNER, name="x", scopes=())

    with pytest.raises(Unauthenticated):
        await queries.actor_of_key(str(issued.text)[:-1] + "z")
    assert (await ApiKey.get(id=issued.row.id)).last_used_at is None


async def test_every_scope_can_be_granted_by_name_but_the_systems_own():
    kind = schema()._schema.type_map["ApiScope"]  # pyright: ignore[reportPrivateUsage]

    assert isinstance(kind, GraphQLEnumType)
    assert set(kind.values) == {scope.name for scope in Scope} - {"SYSTEM"}
    assert all(value.description for value in kind.values.values())


async def test_without_a_token_keys_are_nobodys_business(app: Starlette):
    async with caller(app) as http:
        assert await code_of(http, LIST) == "UNAUTHENTICATED"
