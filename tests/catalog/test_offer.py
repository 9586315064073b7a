"""An offer by its id: what each kind says of itself, to whom, in which language."""

from datetime import timedelta

import pytest
from dirty_equals import IsInt, IsPartialDict, IsStr

from marketplace.catalog.models import Item, Offer, OfferKind
from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from tests.builders import (
    a_brand,
    a_charity,
    a_member,
    a_partner,
    a_program,
    a_session,
    a_voucher,
    an_item,
    an_offer,
)
from tests.client import ANYBODY, Caller, as_member, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")

OFFER = """query($id: ID!) { node(id: $id) { __typename id ... on Offer {
    kind status sku title description imageUrl brand { name imageUrl } category { code name }
    availability { inStock open opensAt closesAt } provenance { source updatedAt ageSeconds }
    items { __typename id sku label country price { amount currency } inStock unitsLeft mostPerMember
        amounts { least { amount } most { amount } step { amount } }
        ... on Denomination { faceValue { amount currency } }
        ... on CurrencyLot { units }
        ... on Variant { attributes { name value } }
        ... on Session { startsAt endsAt } }
    ... on VoucherOffer { delivery }
    ... on BrandCurrencyOffer { unitName numberPattern checkDigit }
    ... on ExperienceOffer { cancelUntilHours }
    ... on DonationOffer { cause charity { name registryId } }
} } }"""


async def a_caller(*languages: str) -> Caller:
    member = await a_member()
    return as_member(member.id, member.program_id, *languages)


async def seen(caller: Caller, offer: Offer) -> dict[str, object] | None:
    return (await caller.get(OFFER, id=ids.public("offer", offer.id)))["node"]


async def test_a_voucher_says_what_it_hands_out_in_the_members_language() -> None:
    item = await a_voucher(face_minor=1000)
    offer = await Offer.get()

    assert await seen(await a_caller("nl-NL"), offer) == IsPartialDict(
        __typename="VoucherOffer",
        kind="VOUCHER",
        status="PUBLISHED",
        delivery="CODE",
        title=IsStr(regex="Aanbod .*"),
        description="Good things.",
        imageUrl=f"/images/offers/{ids.public('offer', offer.id)}.svg",
        brand=IsPartialDict(imageUrl=IsStr(regex=r"/images/brands/.*\.svg")),
        category={"code": "dining", "name": "Dining"},
        availability=IsPartialDict(inStock=True, open=True, closesAt=None),
        provenance=IsPartialDict(source="test", ageSeconds=IsInt(ge=0)),
        items=[
            IsPartialDict(
                __typename="Denomination",
                id=ids.public("item", item.id),
                label="10 EUR",
                country="NL",
                price={"amount": "10.00", "currency": "EUR"},
                faceValue={"amount": "10.00", "currency": "EUR"},
                inStock=True,
                unitsLeft=2,
                amounts=None,
            )
        ],
    )


async def test_brand_currency_says_how_numbers_look() -> None:
    offer = await an_offer(OfferKind.BRAND_CURRENCY, number_pattern=r"\d{16}", check_digit="luhn")
    await an_item(offer, units=500)

    assert await seen(await a_caller(), offer) == IsPartialDict(
        __typename="BrandCurrencyOffer",
        unitName="stars",
        numberPattern=r"\d{16}",
        checkDigit="luhn",
        items=[IsPartialDict(__typename="CurrencyLot", units=500, unitsLeft=None)],
    )


async def test_merchandise_has_variants() -> None:
    offer = await an_offer(OfferKind.MERCHANDISE)
    await an_item(offer, stock=0, attributes={"size": "L"}, max_per_member=2)

    assert await seen(await a_caller(), offer) == IsPartialDict(
        __typename="MerchandiseOffer",
        availability=IsPartialDict(inStock=False, open=True),
        items=[
            IsPartialDict(
                __typename="Variant",
                attributes=[{"name": "size", "value": "L"}],
                inStock=False,
                unitsLeft=0,
                mostPerMember=2,
            )
        ],
    )


async def test_an_experience_has_sessions() -> None:
    item = await a_session(seats=3)

    assert await seen(await a_caller(), await Offer.get()) == IsPartialDict(
        __typename="ExperienceOffer",
        cancelUntilHours=24,
        items=[IsPartialDict(__typename="Session", startsAt=item.starts_at.isoformat(), unitsLeft=3)]
        if item.starts_at
        else [],
    )


async def test_a_donation_names_its_cause_and_charity() -> None:
    charity = await a_charity(name="Clean Water Fund")
    offer = await an_offer(OfferKind.DONATION, brand=await a_brand(charity), cause={"en": "Wells"})
    await an_item(offer, price_minor=100, max_price_minor=5000, step_minor=50)

    assert await seen(await a_caller(), offer) == IsPartialDict(
        __typename="DonationOffer",
        cause="Wells",
        charity={"name": "Clean Water Fund", "registryId": charity.registry_id},
        items=[
            IsPartialDict(
                __typename="DonationAmount",
                amounts={"least": {"amount": "1.00"}, "most": {"amount": "50.00"}, "step": {"amount": "0.50"}},
            )
        ],
    )


async def test_a_member_sees_the_items_of_their_own_market_and_a_partner_those_of_all() -> None:
    partner = await a_partner()
    offer = await an_offer(brand=await a_brand(partner))
    for country in ("NL", "DE"):
        await an_item(offer, country=country)
    await an_item(offer, active=False)

    async def countries(caller: Caller) -> list[str]:
        found = await caller.get(
            "query($id: ID!) { node(id: $id) { ... on Offer { items { country } } } }",
            id=ids.public("offer", offer.id),
        )
        return [item["country"] for item in found["node"]["items"]]

    assert await countries(await a_caller()) == ["NL"]
    assert await countries(as_partner(partner.id)) == ["DE", "NL"]
    assert await countries(as_program((await a_program()).id)) == ["DE", "NL"]


async def test_a_draft_is_seen_by_its_own_partner_and_operators_only() -> None:
    partner = await a_partner()
    offer = await an_offer(brand=await a_brand(partner), status="DRAFT")
    item = await an_item(offer)
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    both = [ids.public("offer", offer.id), ids.public("item", item.id)]

    async def sees(caller: Caller) -> list[bool]:
        return [node is not None for node in (await caller.get(query, ids=both))["nodes"]]

    assert await sees(as_partner(partner.id)) == [True, True]
    assert await sees(as_operator(new_id())) == [True, True]
    assert await sees(as_partner((await a_partner()).id)) == [False, False]
    assert await sees(await a_caller()) == [False, False]
    assert await sees(ANYBODY) == [False, False]


async def test_what_has_ended_can_still_be_read_by_who_has_its_id() -> None:
    await a_voucher()
    await Offer.all().update(published_until=clock.now() - timedelta(days=1))

    assert await seen(await a_caller(), await Offer.get()) == IsPartialDict(availability=IsPartialDict(open=False))


async def test_an_item_is_a_node_of_its_own() -> None:
    item = await a_voucher()

    found = await (await a_caller()).get(
        "query($id: ID!) { node(id: $id) { __typename ... on Item { label } } }", id=ids.public("item", item.id)
    )

    assert found["node"] == {"__typename": "Denomination", "label": "10 EUR"}
    assert await Item.all().count() == 1


async def test_a_supergraph_joins_offers_and_one_stranger_spares_the_rest() -> None:
    await a_voucher()
    offer = await Offer.get()

    def stands_for(kind: str, id: str) -> dict[str, str]:
        return {"__typename": kind, "id": id}

    found = await (await a_caller()).get(
        "query($r: [_Any!]!) { _entities(representations: $r) { ... on VoucherOffer { sku } } }",
        r=[
            stands_for("VoucherOffer", ids.public("offer", new_id())),
            stands_for("VoucherOffer", ids.public("offer", offer.id)),
            stands_for("MerchandiseOffer", ids.public("offer", offer.id)),
            stands_for("VoucherOffer", "nonsense"),
        ],
    )

    assert found["_entities"] == [None, {"sku": offer.sku}, None, None]
