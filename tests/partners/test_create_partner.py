"""Taking a partner on."""

from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from tests.builders import a_charity, a_partner
from tests.client import Caller, as_operator, as_partner

pytestmark = pytest.mark.usefixtures("db")

SHOWN = (
    "... on Partner { id name slug status country registryId approvedAt } "
    "... on PartnerNameTaken { slug } ... on RegistryIdTaken { taken }"
)


async def create(caller: Caller, **fields: object) -> dict[str, Any]:
    asked = {"name": "Fjord Café AS", "kind": "COMMERCIAL", "country": "NO"} | fields
    return await caller.do("createPartner", SHOWN, **asked)


async def test_a_new_partner_waits_for_approval() -> None:
    answer = await create(as_operator(new_id()))

    assert answer == IsPartialDict(
        __typename="Partner", slug="fjord-cafe-as", status="PENDING", country="NO", approvedAt=None
    )
    assert await Partner.all().count() == 1


async def test_the_same_key_makes_one_partner() -> None:
    operator = as_operator(new_id())

    first = await create(operator, idempotencyKey="one")
    again = await create(operator, idempotencyKey="one")

    assert first == again
    assert await Partner.all().count() == 1


async def test_a_name_is_taken_once() -> None:
    await a_partner(slug="fjord-cafe-as")

    answer = await create(as_operator(new_id()), name="FJORD CAFE as")

    assert answer == IsPartialDict(__typename="PartnerNameTaken", slug="fjord-cafe-as")
    assert await Partner.all().count() == 1


async def test_a_charity_is_here_once() -> None:
    await a_charity(registry_id="GB-CHC-1094563")

    answer = await create(as_operator(new_id()), kind="CHARITY", country="GB", registryId="GB-CHC-1094563")

    assert answer == IsPartialDict(__typename="RegistryIdTaken", taken="GB-CHC-1094563")
    assert await Partner.all().count() == 1


async def test_everything_wrong_is_told_at_once() -> None:
    answer = await create(as_operator(new_id()), name=" ", kind="CHARITY", country="NORWAY", registryId="1094563")

    assert answer["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in answer["problems"]] == ["name", "country", "registryId"]
    assert await Partner.all().count() == 0


async def test_a_shop_has_no_registry_identifier() -> None:
    answer = await create(as_operator(new_id()), registryId="GB-CHC-1094563")

    assert answer["__typename"] == "InvalidInput"
    assert await Partner.all().count() == 0


async def test_a_partner_cannot_make_partners() -> None:
    partner = await a_partner()

    text = "mutation($input: CreatePartnerInput!) { createPartner(input: $input) { __typename } }"
    asked = {"idempotencyKey": "k", "name": "Another", "kind": "COMMERCIAL", "country": "NO"}
    answer = await as_partner(partner.id).ask(text, input=asked)

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await Partner.all().count() == 1
