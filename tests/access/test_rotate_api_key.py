"""A key is replaced without a gap: both work for a while, then the new one alone."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.access.models import ApiKey, KeyOwner
from marketplace.kit import clock, ids
from tests.app.application import ask, caller, code_of, make_app, owner_token
from tests.builders import a_partner

pytestmark = pytest.mark.usefixtures("db")
ROTATE = """
mutation($input: RotateApiKeyInput!) { rotateApiKey(input: $input) {
    __typename ... on IssuedApiKey { secret apiKey { id name scopes expiresAt } } ... on UserError { code }
    ... on InvalidInput { problems { path } } } }"""
NAME = "{ partner { name } }"


async def rotate(http: Any, key: ApiKey, name: str = "r", **fields: object) -> Any:
    asked = {"idempotencyKey": name, "id": ids.public("apiKey", key.id)} | fields
    return (await ask(http, ROTATE, input=asked))["rotateApiKey"]


async def test_both_keys_work_until_the_overlap_is_over(tmp_path: Path):
    app, partner = make_app(tmp_path), await a_partner()
    old_text = await owner_token(KeyOwner.PARTNER, partner.id)
    old = await ApiKey.get()
    async with caller(app, old_text) as http:
        new = await rotate(http, old, overlapHours=2)
    assert new["apiKey"] == IsPartialDict(name=old.name, expiresAt=None)

    async with caller(app, old_text) as before, caller(app, new["secret"]) as after:
        assert await ask(before, NAME) == await ask(after, NAME) == {"partner": {"name": partner.name}}
        with clock.travel(timedelta(hours=2, seconds=1)):
            assert await code_of(before, NAME) == "UNAUTHENTICATED"
            assert await ask(after, NAME) == {"partner": {"name": partner.name}}


async def test_a_key_is_replaced_once_and_its_secret_shown_once(tmp_path: Path):
    app, partner = make_app(tmp_path), await a_partner()
    old_text = await owner_token(KeyOwner.PARTNER, partner.id)
    old = await ApiKey.get()
    async with caller(app, old_text) as http:
        first = await rotate(http, old)
        repeated = await rotate(http, old)
        again = await rotate(http, old, "another")
        too_long = await rotate(http, await ApiKey.get(replaces_id=old.id), "long", overlapHours=721)

    assert first["__typename"] == "IssuedApiKey"
    assert repeated == {"__typename": "SecretAlreadyShown", "code": "SECRET_ALREADY_SHOWN"}
    assert again == {"__typename": "ApiKeyEnded", "code": "API_KEY_ENDED"}
    assert too_long["problems"] == [{"path": "overlapHours"}]
    assert await ApiKey.all().count() == 2


async def test_a_revoked_a_foreign_and_a_wider_key_are_not_replaced(tmp_path: Path):
    app, one, other = make_app(tmp_path), await a_partner(), await a_partner()
    mine, foreign = await owner_token(KeyOwner.PARTNER, one.id), await owner_token(KeyOwner.PARTNER, other.id)
    await ApiKey.filter(owner_id=other.id).update(revoked_at=clock.now())
    theirs = await ApiKey.get(owner_id=other.id)
    async with caller(app, mine) as http:
        assert (await rotate(http, theirs))["code"] == "NOT_FOUND"
        narrow = {"idempotencyKey": "n", "name": "narrow", "scopes": ["KEYS_MANAGE"]}
        text = (
            "mutation($input: IssueApiKeyInput!) { issueApiKey(input: $input) { ... on IssuedApiKey { secret } } }"
        )
        lesser = (await ask(http, text, input=narrow))["issueApiKey"]["secret"]
    async with caller(app, lesser) as http:
        refused = await rotate(http, await ApiKey.get(owner_id=one.id, name="a test"), "wide")

    assert refused == {"__typename": "ScopeNotGrantable", "code": "SCOPE_NOT_GRANTABLE"}
    async with caller(app, foreign) as http:
        assert await code_of(http, NAME) == "UNAUTHENTICATED"
    assert await ApiKey.filter(replaces_id__isnull=False).count() == 0


async def test_a_key_with_an_end_gets_one_that_lives_as_long(tmp_path: Path):
    app, partner = make_app(tmp_path), await a_partner()
    text = await owner_token(KeyOwner.PARTNER, partner.id)
    await ApiKey.all().update(expires_at=clock.now() + timedelta(days=90))
    old = await ApiKey.get()
    with clock.travel(timedelta(days=89, hours=12)):
        async with caller(app, text) as http:
            await rotate(http, old, overlapHours=24)
        new, now = await ApiKey.get(replaces_id=old.id), clock.now()
    assert old.expires_at is not None
    assert (await ApiKey.get(id=old.id)).expires_at == old.expires_at
    assert new.expires_at is not None
    assert abs(new.expires_at - now - timedelta(days=90)) < timedelta(minutes=1)
