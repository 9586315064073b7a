"""The members' month: invented people in every tier, and events that can be played."""

from collections import Counter

import pytest

from marketplace.app.demo import data, offers, programs, story
from marketplace.app.demo.members import members


@pytest.fixture(scope="module")
def events() -> list[story.Event]:
    return story.tell(list(offers.generate()))


def test_members_are_many_in_every_tier_of_every_program():
    tiers = {code for code, _, _ in programs.TIERS}

    assert len(members()) >= 55
    assert len({member.reference for member in members()}) == len(members())
    assert len({member.email for member in members()}) == len(members())
    assert all(member.email.isascii() and member.email.endswith("@example.org") for member in members())
    for code in programs.PROGRAMS:
        assert {member.tier for member in members() if member.program == code} == tiers


def test_members_live_in_markets_of_their_program_and_speak_every_language():
    assert all(member.country in programs.PROGRAMS[member.program].countries for member in members())
    spoken = {language for member in members() for language in member.languages}
    assert set(data.LANGUAGES) <= spoken


def test_a_month_happens_in_order(events: list[story.Event]):
    moments = [(-event.days_ago, event.minute) for event in events]

    assert moments == sorted(moments)
    kinds = {story.Earned, story.Redeemed, story.Gave, story.Donated, story.Did}
    assert {type(event) for event in events} == kinds
    assert max(event.days_ago for event in events) == story.DAYS
    assert min(event.days_ago for event in events) >= 1


def test_every_kind_of_reward_is_taken_and_some_are_given_back(events: list[story.Event]):
    taken = [event for event in events if isinstance(event, story.Redeemed)]

    assert set(Counter(event.kind for event in taken)) >= {
        "VOUCHER", "MERCHANDISE", "EXPERIENCE", "BRAND_CURRENCY", "DONATION",
    }  # fmt: skip
    assert any(event.refunded for event in taken)


def test_what_is_taken_exists_in_the_members_country(events: list[story.Event]):
    country = {member.reference: member.country for member in members()}
    items = {
        (offer.brand_slug, offer.sku, item.sku): item.country
        for offer in offers.generate()
        for item in offer.items
    }

    for event in events:
        if isinstance(event, story.Redeemed):
            assert items[event.brand_slug, event.offer_sku, event.item_sku] == country[event.member]


def test_the_story_is_the_same_every_time(events: list[story.Event]):
    assert story.tell(list(offers.generate())) == events
