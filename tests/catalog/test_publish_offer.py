"""Operators put offers into the catalogue and take them out."""

import pytest
from dirty_equals import IsPartialDict

from marketplace.catalog.models import Listing, Offer
from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.partners.models import Partner
from tests.builders import a_member, a_voucher, an_item, an_offer
from tests.client import as_member, as_operator

pytestmark = pytest.mark.usefixtures("db")
SELECTION = "... on OfferChanged { offer { id status } }"


async def test_a_draft_is_published_and_then_listed() -> None:
    await an_item(await an_offer(status="DRAFT"))
    id = ids.public("offer", (await Offer.get()).id)
    assert not (await Listing.get()).published

    answer = await as_operator(new_id(), "catalogue").do("publishOffer", SELECTION, offerId=id)

    assert answer == {"__typename": "OfferChanged", "offer": {"id": id, "status": "PUBLISHED"}}
    assert (await Listing.get()).published


async def test_an_offer_with_nothing_to_take_is_refused() -> None:
    offer = await an_offer(status="DRAFT")

    answer = await as_operator(new_id()).do("publishOffer", SELECTION, offerId=ids.public("offer", offer.id))

    assert answer == IsPartialDict(__typename="NothingToTake", code="NOTHING_TO_TAKE")
    assert (await Offer.get()).status == "DRAFT"


async def test_an_offer_of_a_suspended_partner_is_refused() -> None:
    await an_item(await an_offer(status="DRAFT"))
    await Partner.all().update(status="SUSPENDED")

    answer = await as_operator(new_id()).do(
        "publishOffer", SELECTION, offerId=ids.public("offer", (await Offer.get()).id)
    )

    assert answer == IsPartialDict(__typename="PartnerNotApproved")
    assert (await Offer.get()).status == "DRAFT"


async def test_a_retired_offer_is_not_listed_any_more() -> None:
    await a_voucher()
    id = ids.public("offer", (await Offer.get()).id)

    answer = await as_operator(new_id()).do("retireOffer", SELECTION, offerId=id)

    assert answer == {"__typename": "OfferChanged", "offer": {"id": id, "status": "RETIRED"}}
    assert not (await Listing.get()).published


@pytest.mark.parametrize("mutation", ["publishOffer", "retireOffer"])
async def test_what_is_no_offer_is_not_found(mutation: str) -> None:
    for id in (ids.public("offer", new_id()), "nonsense"):
        answer = await as_operator(new_id()).do(mutation, SELECTION, offerId=id)
        assert answer == IsPartialDict(__typename="NotFound")


async def test_a_member_publishes_nothing() -> None:
    await a_voucher()
    member = await a_member()
    text = """mutation($id: ID!) { retireOffer(input: {idempotencyKey: "a", offerId: $id}) { __typename } }"""

    answer = await as_member(member.id, member.program_id).ask(
        text, id=ids.public("offer", (await Offer.get()).id)
    )

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await Offer.get()).status == "PUBLISHED"
