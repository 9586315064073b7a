"""Who sees which partner, brand, charity and contract."""

from datetime import UTC, datetime

import pytest

from marketplace.kit import ids
from marketplace.kit.actor import PARTNER_ROLES, Actor, ActorKind
from marketplace.kit.ids import new_id
from marketplace.partners.models import Contract, Partner
from tests.builders import a_brand, a_charity, a_member, a_partner, a_program
from tests.client import ANYBODY, Caller, as_member, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")

APPROVED = datetime(2026, 1, 1, tzinfo=UTC)


async def a_shopper() -> Caller:
    member = await a_member()
    return as_member(member.id, member.program_id)


async def brand_names(caller: Caller, **variables: object) -> list[str]:
    text = """query($search: String, $country: CountryCode, $first: Int, $after: String) {
      brands(search: $search, country: $country, first: $first, after: $after) { nodes { name } } }"""
    return [node["name"] for node in (await caller.get(text, **variables))["brands"]["nodes"]]


async def test_a_partner_sees_itself_with_its_terms() -> None:
    partner = await a_partner(name="Mine")
    await a_brand(partner, name="Beta")
    await a_brand(partner, name="Alpha")
    await a_brand(name="Foreign")

    text = "{ partner { name contract { commissionBp } contracts { id } brands { nodes { name } totalCount } } }"
    answer = await as_partner(partner.id).get(text)

    assert answer["partner"]["name"] == "Mine"
    assert answer["partner"]["contract"] == {"commissionBp": 800}
    assert len(answer["partner"]["contracts"]) == 1
    assert answer["partner"]["brands"] == {"nodes": [{"name": "Alpha"}, {"name": "Beta"}], "totalCount": 2}


async def test_a_member_has_no_partner() -> None:
    assert await (await a_shopper()).get("{ partner { name } }") == {"partner": None}


async def test_partners_are_listed_for_operators() -> None:
    await a_partner(name="First", status="PENDING")
    await a_partner(name="Second")

    text = "{ partners(status: PENDING) { nodes { name contract { currency } } totalCount } }"
    for role, contract in (
        ("catalogue", {"currency": "EUR"}),
        ("finance", {"currency": "EUR"}),
        ("support", None),
    ):
        answer = await as_operator(new_id(), role).get(text)
        assert answer["partners"] == {"nodes": [{"name": "First", "contract": contract}], "totalCount": 1}


async def test_terms_are_read_by_those_of_a_partner_who_read_its_statements() -> None:
    partner = await a_partner()
    text = "{ partner { contract { commissionBp } contracts { commissionBp } } }"
    for role, seen in (("owner", True), ("finance", True), ("catalogue", False), ("fulfilment", False)):
        staff = Caller(Actor(ActorKind.PARTNER, partner.id, PARTNER_ROLES[role]))
        found = (await staff.get(text))["partner"]
        assert (found["contract"] is not None, len(found["contracts"])) == (seen, int(seen)), role


async def test_partners_are_not_listed_for_partners() -> None:
    partner = await a_partner()

    answer = await as_partner(partner.id).ask("{ partners { nodes { name } } }")

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_node_of_another_partner_is_nothing() -> None:
    mine, other = await a_partner(), await a_partner()
    contract = await Contract.get(partner_id=other.id)
    keys = [ids.public("partner", mine.id), ids.public("partner", other.id), ids.public("contract", contract.id)]

    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    seen = await as_partner(mine.id).get(text, ids=keys)

    assert seen["nodes"] == [{"id": keys[0]}, None, None]
    assert (await as_operator(new_id()).get(text, ids=keys))["nodes"] == [{"id": key} for key in keys]


async def test_a_brand_is_there_for_everybody_who_is_signed_in() -> None:
    brand = await a_brand(name="Kaffe")
    program = await a_program()
    text = "query($id: ID!) { node(id: $id) { id ... on Brand { name partner { name } } } }"
    key = ids.public("brand", brand.id)
    shown = {"node": {"id": key, "name": "Kaffe", "partner": None}}

    assert await (await a_shopper()).get(text, id=key) == shown
    assert await as_program(program.id).get(text, id=key) == shown
    assert await ANYBODY.get(text, id=key) == {"node": None}


async def test_a_brand_of_a_pending_partner_is_not_shown_yet() -> None:
    partner = await a_partner(status="PENDING")
    await a_brand(partner, name="Secret")

    assert await brand_names(await a_shopper()) == []
    assert await brand_names(as_partner(partner.id)) == ["Secret"]
    assert await brand_names(as_operator(new_id())) == ["Secret"]


async def test_a_brand_of_a_suspended_partner_leaves_the_list_but_keeps_its_id() -> None:
    partner = await a_partner(status="SUSPENDED", approved_at=APPROVED)
    brand = await a_brand(partner, name="Gone")
    shopper = await a_shopper()

    node = await shopper.get("query($id: ID!) { node(id: $id) { id } }", id=ids.public("brand", brand.id))

    assert await brand_names(shopper) == []
    assert node["node"] is not None


async def test_brands_are_found_by_name_without_accents_and_by_country() -> None:
    await a_brand(name="Café Olé", slug="cafe-ole", countries=["ES", "PT"])
    await a_brand(name="Coffee Inn", slug="coffee-inn", countries=["LT"])
    shopper = await a_shopper()

    assert await brand_names(shopper, search="cafe") == ["Café Olé"]
    assert await brand_names(shopper, search="OLÉ") == ["Café Olé"]
    assert await brand_names(shopper, search="_") == []
    assert await brand_names(shopper, country="LT") == ["Coffee Inn"]
    assert await brand_names(shopper, search="inn", country="PT") == []


async def test_brands_come_in_pages_by_name() -> None:
    for name in ("C", "A", "B"):
        await a_brand(name=name)
    shopper = await a_shopper()
    text = """query($after: String) { brands(first: 2, after: $after) {
      nodes { name } totalCount pageInfo { hasNextPage endCursor } } }"""

    first = (await shopper.get(text))["brands"]
    second = (await shopper.get(text, after=first["pageInfo"]["endCursor"]))["brands"]

    assert [node["name"] for node in first["nodes"]] == ["A", "B"]
    assert first["pageInfo"]["hasNextPage"] is True
    assert first["totalCount"] == 3
    assert [node["name"] for node in second["nodes"]] == ["C"]
    assert second["pageInfo"]["hasNextPage"] is False


async def test_charities_are_approved_ones_by_country_and_name() -> None:
    await a_charity(name="Sea Rescue", slug="sea-rescue", country="NL")
    await a_charity(name="Forest Fund", slug="forest-fund", country="NO")
    await a_charity(name="Not Yet", slug="not-yet", country="NL", status="PENDING")
    await a_partner(name="A Shop", country="NL")
    shopper = await a_shopper()
    text = """query($country: CountryCode, $search: String) {
      charities(country: $country, search: $search) { nodes { name registryId } } }"""

    async def names(**variables: object) -> list[str]:
        return [node["name"] for node in (await shopper.get(text, **variables))["charities"]["nodes"]]

    assert await names() == ["Forest Fund", "Sea Rescue"]
    assert await names(country="NL") == ["Sea Rescue"]
    assert await names(search="forest") == ["Forest Fund"]


async def test_a_supergraph_resolves_what_the_caller_may_see() -> None:
    brand = await a_brand(name="Kaffe")
    text = """query($of: [_Any!]!) { _entities(representations: $of) {
      ... on Brand { name } ... on Partner { name } } }"""
    of = [
        {"__typename": "Brand", "id": ids.public("brand", brand.id)},
        {"__typename": "Brand", "id": ids.public("brand", new_id())},
        {"__typename": "Partner", "id": ids.public("partner", brand.partner_id)},
        {"__typename": "Brand", "id": "nonsense"},
    ]

    seen = (await (await a_shopper()).get(text, of=of))["_entities"]

    assert seen == [{"name": "Kaffe"}, None, None, None]
    partner = await Partner.get(id=brand.partner_id)
    assert (await as_partner(partner.id).get(text, of=of))["_entities"][2] == {"name": partner.name}
