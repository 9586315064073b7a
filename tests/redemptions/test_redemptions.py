"""Following redemptions: each sees their own, in pages, and no more of a person than fulfilment needs."""

from typing import Any

import pytest

from marketplace.catalog.models import OfferKind
from marketplace.kit import ids
from tests import builders
from tests.client import ANYBODY, Caller, as_operator, as_partner
from tests.redemptions.world import ADDRESS, a_shopper, partner_of, server_of, support

pytestmark = pytest.mark.usefixtures("db")
LIST = (
    "query($state: RedemptionState, $kind: OfferKind, $first: Int, $after: String) { redemptions(state: $state, "
    "kind: $kind, first: $first, after: $after) { totalCount nodes { id state } "
    "pageInfo { hasNextPage endCursor } } }"
)


async def seen(caller: Caller, **facts: object) -> list[str]:
    return [node["id"] for node in (await caller.get(LIST, **facts))["redemptions"]["nodes"]]


async def test_each_sees_their_own() -> None:
    ada, bob = await a_shopper(), await a_shopper()
    voucher = await builders.a_voucher(["A", "B", "C"])
    mug = await builders.an_item(await builders.an_offer(OfferKind.MERCHANDISE))
    first = (await ada.redeem(voucher))["id"]
    second = (await ada.redeem(mug, address=ADDRESS))["id"]
    third = (await bob.redeem(voucher))["id"]
    assert await seen(ada.phone) == [second, first]
    assert await seen(bob.phone) == [third]
    assert await seen(await partner_of(voucher)) == [third, first]
    assert await seen(server_of(ada.program)) == [second, first]
    assert await seen(await support()) == [third, second, first]
    assert await seen(as_partner((await builders.a_partner()).id)) == []
    assert await seen(ada.phone, state="PENDING") == [second]
    assert await seen(ada.phone, kind="VOUCHER") == [first]


async def test_the_list_comes_in_pages() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher(["A", "B", "C"])
    mine = [(await shopper.redeem(voucher))["id"] for _ in range(3)]
    page = (await shopper.phone.get(LIST, first=2))["redemptions"]
    assert [node["id"] for node in page["nodes"]] == [mine[2], mine[1]]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = (await shopper.phone.get(LIST, first=2, after=page["pageInfo"]["endCursor"]))["redemptions"]
    assert [node["id"] for node in rest["nodes"]] == [mine[0]]
    bad = await shopper.phone.ask(LIST, after="nonsense")
    assert bad["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


ONE = "query($id: ID!) { redemption(id: $id) { id } node(id: $id) { id } }"


async def test_what_is_not_yours_is_null_also_as_a_node() -> None:
    ada, bob = await a_shopper(), await a_shopper()
    mine = (await ada.redeem(await builders.a_voucher()))["id"]
    assert await ada.phone.get(ONE, id=mine) == {"redemption": {"id": mine}, "node": {"id": mine}}
    for stranger in (bob.phone, as_partner((await builders.a_partner()).id), server_of(bob.program)):
        assert await stranger.get(ONE, id=mine) == {"redemption": None, "node": None}
    for id in ("nonsense", ids.public("redemption", ids.new_id()), ids.public("offer", ids.new_id())):
        assert (await ada.phone.get(ONE, id=id))["redemption"] is None


@pytest.mark.parametrize(("caller", "code"), [(ANYBODY, "UNAUTHENTICATED"), (None, "FORBIDDEN")])
async def test_a_token_that_may_not_read_redemptions_is_told_so(caller: Caller | None, code: str) -> None:
    asker = caller or as_operator(ids.new_id(), "catalogue")
    answer = await asker.ask(LIST)
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_an_entity_of_the_supergraph() -> None:
    shopper = await a_shopper()
    mine = (await shopper.redeem(await builders.a_voucher()))["id"]
    text = "query($all: [_Any!]!) { _entities(representations: $all) { ... on Redemption { id state } } }"
    wanted = [{"__typename": "Redemption", "id": id} for id in (mine, "nonsense")]
    answer = await shopper.phone.ask(text, all=wanted)
    assert answer["data"]["_entities"] == [{"id": mine, "state": "FULFILLED"}, None]


REFERENCES = (
    "query($id: ID!) { redemption(id: $id) { offer { id title } item { id } member { id name } "
    "price { price { amount currency } pointValue } } }"
)


async def test_it_leads_to_what_was_taken_and_to_whom_as_far_as_one_may_see() -> None:
    shopper, voucher = await a_shopper(), await builders.a_voucher()
    mine = (await shopper.redeem(voucher))["id"]

    async def asked(caller: Caller) -> Any:
        return (await caller.get(REFERENCES, id=mine))["redemption"]

    own = await asked(shopper.phone)
    offer = await voucher.offer
    assert own["offer"] == {"id": ids.public("offer", offer.id), "title": offer.title["en"]}
    assert own["item"] == {"id": ids.public("item", voucher.id)}
    assert own["member"]["id"] == ids.public("member", shopper.member.id)
    assert own["member"]["name"].startswith("Member")
    assert own["price"]["price"] == {"amount": "10.00", "currency": "EUR"}
    assert (await asked(await partner_of(voucher)))["member"] is None
    assert (await asked(await support()))["member"]["name"] is None
