"""People of partners and programs: tokens of their own within their roles, and their end at once."""

from pathlib import Path

import pytest
from dirty_equals import IsPartialDict

from marketplace.access.models import KeyOwner, StaffMember
from marketplace.kit import ids
from marketplace.kit.models import AuditEntry
from tests.app.application import ask, caller, code_of, make_app, operator_token, owner_token
from tests.builders import a_member, a_partner, a_program

pytestmark = pytest.mark.usefixtures("db")
ADD = """
mutation($input: AddStaffMemberInput!) { addStaffMember(input: $input) {
    __typename ... on StaffMember { id name roles active } ... on UserError { code message }
    ... on InvalidInput { problems { path } } } }"""
CHANGE = """
mutation($input: ChangeStaffMemberInput!) { changeStaffMember(input: $input) {
    __typename ... on StaffMember { id roles active } ... on UserError { code } } }"""
ISSUE = """
mutation($input: IssueApiKeyInput!) { issueApiKey(input: $input) {
    __typename ... on IssuedApiKey { secret apiKey { id scopes staffMember { name } } }
    ... on UserError { code } } }"""
STAFF = "query($owner: ID) { staff(owner: $owner, first: 10) { nodes { id name active } totalCount } }"


async def test_a_person_does_what_their_role_is_for_and_the_audit_says_who(tmp_path: Path):
    app, program = make_app(tmp_path), await a_program()
    await a_member(program)
    server = await owner_token(KeyOwner.PROGRAM, program.id)
    async with caller(app, server) as http:
        ada = (await ask(http, ADD, input={"idempotencyKey": "a", "name": "Ada", "roles": ["MEMBERS"]}))[
            "addStaffMember"
        ]
        assert ada == IsPartialDict(__typename="StaffMember", name="Ada", roles=["MEMBERS"], active=True)
        wish = {"idempotencyKey": "k", "name": "Ada's laptop", "staffMember": ada["id"]}
        issued = (await ask(http, ISSUE, input=wish))["issueApiKey"]
    assert issued["apiKey"]["staffMember"] == {"name": "Ada"}
    assert "MEMBERS_ENROL" in issued["apiKey"]["scopes"]
    assert "PROGRAM_FUND" not in issued["apiKey"]["scopes"]

    async with caller(app, issued["secret"]) as http:
        listed = await ask(http, "{ program { code } members(first: 5) { totalCount } }")
        text = """mutation { enrolMember(input: {idempotencyKey: "e", reference: "new", country: "NL",
            languages: ["en"]}) { __typename } }"""
        enrolled = await ask(http, text)
        turned_away = await code_of(http, "{ apiKeys(first: 1) { totalCount } }")

    assert listed == {"program": {"code": program.code}, "members": {"totalCount": 1}}
    assert enrolled["enrolMember"]["__typename"] == "Member"
    assert turned_away == "FORBIDDEN"
    act = await AuditEntry.get(operation="enrol_member")
    assert (act.actor_id, act.person_id) == (program.id, ids.parse("staffMember", ada["id"]))
    assert (await AuditEntry.get(operation="add_staff_member")).person_id is None


async def test_a_role_taken_away_counts_at_once_and_so_does_the_end(tmp_path: Path):
    app, partner = make_app(tmp_path), await a_partner()
    async with caller(app, await owner_token(KeyOwner.PARTNER, partner.id)) as http:
        wish = {"idempotencyKey": "a", "name": "Bo", "roles": ["FINANCE", "CATALOGUE"]}
        bo = (await ask(http, ADD, input=wish))["addStaffMember"]["id"]
        issued = (await ask(http, ISSUE, input={"idempotencyKey": "k", "name": "Bo", "staffMember": bo}))[
            "issueApiKey"
        ]
        async with caller(app, issued["secret"]) as person:
            assert (await ask(person, "{ statements(first: 1) { totalCount } }"))["statements"]["totalCount"] == 0

            await ask(http, CHANGE, input={"idempotencyKey": "c", "id": bo, "roles": ["CATALOGUE"]})
            assert await code_of(person, "{ statements(first: 1) { totalCount } }") == "FORBIDDEN"
            assert (await ask(person, "{ uploads(first: 1) { totalCount } }"))["uploads"]["totalCount"] == 0

            ended = await ask(http, CHANGE, input={"idempotencyKey": "d", "id": bo, "active": False})
            assert ended["changeStaffMember"] == IsPartialDict(active=False, roles=["CATALOGUE"])
            assert await code_of(person, "{ partner { name } }") == "UNAUTHENTICATED"
        again = await ask(http, ISSUE, input={"idempotencyKey": "k2", "name": "Bo", "staffMember": bo})

    assert again["issueApiKey"] == {"__typename": "NotFound", "code": "NOT_FOUND"}


async def test_nobody_gives_away_more_than_they_have(tmp_path: Path):
    app, partner = make_app(tmp_path), await a_partner()
    async with caller(app, await owner_token(KeyOwner.PARTNER, partner.id)) as http:
        wish = {"idempotencyKey": "a", "name": "Cy", "roles": ["OWNER"]}
        cy = (await ask(http, ADD, input=wish))["addStaffMember"]["id"]
        narrow = {
            "idempotencyKey": "k",
            "name": "Cy",
            "staffMember": cy,
            "scopes": ["KEYS_MANAGE", "CATALOG_READ"],
        }
        key = (await ask(http, ISSUE, input=narrow))["issueApiKey"]["secret"]
        wrong = await ask(http, ADD, input={"idempotencyKey": "w", "name": "Di", "roles": ["MEMBERS"]})
    async with caller(app, key) as http:
        refused = await ask(http, ADD, input={"idempotencyKey": "b", "name": "Ed", "roles": ["FINANCE"]})

    assert wrong["addStaffMember"] == IsPartialDict(__typename="InvalidInput", problems=[{"path": "roles"}])
    assert refused["addStaffMember"] == IsPartialDict(__typename="ScopeNotGrantable", code="SCOPE_NOT_GRANTABLE")
    assert await StaffMember.all().count() == 1


async def test_people_of_others_are_nobodys_to_see_or_change(tmp_path: Path):
    app, one, other = make_app(tmp_path), await a_partner(), await a_partner()
    named = ids.public("partner", other.id)
    async with caller(app, await operator_token("admin")) as http:
        added = await ask(
            http, ADD, input={"idempotencyKey": "a", "name": "Flo", "roles": ["OWNER"], "owner": named}
        )
        flo = added["addStaffMember"]["id"]
        nobody = {
            "idempotencyKey": "n",
            "name": "Gus",
            "roles": ["OWNER"],
            "owner": ids.public("partner", ids.new_id()),
        }
        assert (await ask(http, ADD, input=nobody))["addStaffMember"]["code"] == "NOT_FOUND"
        assert (await ask(http, STAFF, owner=named))["staff"]["totalCount"] == 1

    async with caller(app, await owner_token(KeyOwner.PARTNER, one.id)) as http:
        seen = await ask(http, STAFF, owner=named)
        node = await ask(http, "query($id: ID!) { node(id: $id) { id } }", id=flo)
        changed = await ask(http, CHANGE, input={"idempotencyKey": "c", "id": flo, "active": False})
        issued = await ask(http, ISSUE, input={"idempotencyKey": "k", "name": "x", "staffMember": flo})
        wish = {"idempotencyKey": "a", "name": "Mine", "roles": ["OWNER"], "owner": named}
        assert await code_of(http, ADD, input=wish) == "FORBIDDEN"

    assert (seen["staff"]["totalCount"], node["node"]) == (0, None)
    assert changed["changeStaffMember"]["code"] == issued["issueApiKey"]["code"] == "NOT_FOUND"
    assert (await StaffMember.get()).active
