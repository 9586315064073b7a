"""Brand currency in batches, refused parts, and prices that hold."""

import asyncio
import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from marketplace.catalog.models import Item, OfferKind
from marketplace.catalog.publishing import refresh_listings
from marketplace.kit import clock
from marketplace.kit.ids import public
from tests import builders
from tests.books import violations
from tests.redemptions.test_redemption_events import story
from tests.redemptions.world import (
    REDEMPTION,
    Shopper,
    a_shopper,
    forbidden,
    nothing_happens,
    partner_of,
    payable,
    server_of,
)

pytestmark = pytest.mark.usefixtures("db")
BATCH = """... on CreditBatch { id number state size acknowledgedAt completedAt csv
    redemptions { nodes { id state fulfilment { ... on CreditFulfilment { creditState refusedLots } } } } }"""
NUMBER = {"membershipNumber": "12345678"}


async def stars(**facts: Any) -> Item:
    """Lots of 100 stars at 10 EUR."""
    return await builders.an_item(await builders.an_offer(OfferKind.BRAND_CURRENCY), units=100, **facts)


async def lots(shopper: Shopper, item: Item, number: int = 2) -> str:
    """Some lots, taken; the redemption's id."""
    taken = await shopper.redeem(item, lots=number, expectedPoints=1000 * number, **NUMBER)
    return taken["id"]


async def reprice(item: Item, price_minor: int) -> None:
    """Another price, as an upload would state it."""
    await Item.filter(id=item.id).update(price_minor=price_minor)
    await refresh_listings([item.offer_id])


async def test_a_batch_is_collected_fetched_and_answered_in_parts() -> None:
    shopper, item = await a_shopper(points=20_000), await stars()
    partner = await partner_of(item)
    good, bad, part, later = [await lots(shopper, item, 3) for _ in range(4)]
    batch = await partner.do("collectCredits", BATCH)
    assert (batch["number"], batch["state"], batch["size"]) == (1, "COLLECTED", 4)
    rows = list(csv.DictReader(StringIO(batch["csv"])))
    assert [row["redemption"] for row in rows] == sorted([good, bad, part, later])
    assert {(row["membership_number"], row["lots"], row["units"]) for row in rows} == {("12345678", "3", "300")}
    assert (await partner.do("collectCredits", ""))["__typename"] == "NothingToCredit"
    assert (await partner.do("acknowledgeCreditBatch", BATCH, batchId=batch["id"]))["state"] == "ACKNOWLEDGED"
    late = await shopper.phone.do("cancelRedemption", "... on RedemptionClosed { current }", redemptionId=good)
    assert late["current"] == "SENT_TO_PARTNER"
    refused = [
        {"redemptionId": bad, "reason": "no such member"},
        {"redemptionId": part, "reason": "full", "lots": 1},
    ]
    halfway = await partner.do("answerCreditBatch", BATCH, batchId=batch["id"], refused=refused, accepted=[good])
    assert halfway["state"] == "ACKNOWLEDGED"
    assert await shopper.wallet() == 20_000 - 12_000 + 3_000 + 1_000
    assert await payable(item) == 27_10 + 27_10 - 9_03
    done = await partner.do("answerCreditBatch", BATCH, batchId=batch["id"])
    assert (done["state"], done["completedAt"] is not None) == ("ANSWERED", True)
    found = {node["id"]: (node["state"], node["fulfilment"]) for node in done["redemptions"]["nodes"]}
    assert found[bad] == ("FAILED", {"creditState": "REFUSED", "refusedLots": 0})
    assert found[part] == ("FULFILLED", {"creditState": "CREDITED", "refusedLots": 1})
    assert found[later] == found[good] == ("FULFILLED", {"creditState": "CREDITED", "refusedLots": 0})
    again = await partner.do("answerCreditBatch", "... on BatchAnswered { answeredAt }", batchId=batch["id"])
    assert again["__typename"] == "BatchAnswered"
    assert await story(shopper.phone, part) == ["TAKEN", "SENT_TO_PARTNER", "FULFILLED", "PARTLY_REFUNDED"]
    assert await violations() == []


async def test_an_answer_with_mistakes_changes_nothing() -> None:
    shopper, item = await a_shopper(points=20_000), await stars()
    partner, mine, foreign = await partner_of(item), await lots(shopper, item), await lots(shopper, await stars())
    batch = await partner.do("collectCredits", BATCH)
    refused = [
        {"redemptionId": mine, "reason": " ", "lots": 3},
        {"redemptionId": foreign, "reason": "x"},
        {"redemptionId": mine, "reason": "x"},
    ]
    async with nothing_happens():
        answer = await partner.do(
            "answerCreditBatch", "", batchId=batch["id"], refused=refused, accepted=[mine, foreign]
        )
        stranger = await (await partner_of(await stars())).do("answerCreditBatch", "", batchId=batch["id"])
        await forbidden(server_of(shopper.program), "collectCredits")
    assert [problem["path"] for problem in answer["problems"]] == [
        "refused.0.lots", "refused.0.reason", "refused.1.redemptionId", "refused", "accepted.0", "accepted.1",
    ]  # fmt: skip
    assert stranger["__typename"] == "NotFound"
    query = "query { creditBatches(state: COLLECTED) { nodes { id } totalCount } }"
    assert (await partner.get(query))["creditBatches"]["nodes"] == [{"id": batch["id"]}]
    assert (await (await partner_of(await stars())).get(query))["creditBatches"]["totalCount"] == 0


async def test_collecting_twice_at_once_and_racing_cancels_puts_each_credit_into_one_batch() -> None:
    shopper, item = await a_shopper(points=20_000), await stars()
    partner = await partner_of(item)
    mine = [await lots(shopper, item, 1) for _ in range(6)]
    answers = await asyncio.gather(
        *(partner.do("collectCredits", BATCH) for _ in range(3)),
        *(shopper.phone.do("cancelRedemption", REDEMPTION, redemptionId=id) for id in mine[:3]),
    )
    sizes = [answer["size"] for answer in answers if answer["__typename"] == "CreditBatch"]
    cancelled = [answer for answer in answers if answer["__typename"] == "Redemption"]
    assert sum(sizes) + len(cancelled) == 6
    assert await violations() == []


async def test_lots_have_a_least_number_and_steps() -> None:
    shopper, item = await a_shopper(points=20_000), await stars(attributes={"min_lots": 3, "lot_step": 2})
    for number in (1, 4):
        refused = await shopper.redeem(item, lots=number, expectedPoints=9000, **NUMBER)
        assert refused["problems"][0]["path"] == "lots"
    assert (await shopper.redeem(item, lots=5, expectedPoints=5000, **NUMBER))["points"] == 5000


async def test_a_quote_holds_while_the_price_rises_and_is_used_once() -> None:
    shopper, item = await a_shopper(points=20_000), await stars()
    quote = await shopper.phone.do(
        "quoteExchange", "... on ExchangeQuote { id points lots units holdsUntil }",
        itemId=public("item", item.id), lots=2,
    )  # fmt: skip
    assert (quote["points"], quote["units"]) == (2000, 200)
    await reprice(item, 11_00)
    dear = await shopper.redeem(item, lots=2, expectedPoints=2000, **NUMBER)
    assert dear["__typename"] == "PriceChanged"
    held: dict[str, Any] = {"lots": 2, "expectedPoints": 2000, "quoteId": quote["id"], **NUMBER}
    fewer: dict[str, Any] = held | {"lots": 1}
    other = await shopper.redeem(item, **fewer)
    assert other["problems"][0]["path"] == "quoteId"
    stranger = await a_shopper(shopper.program, points=5000)
    assert (await stranger.redeem(item, **held))["__typename"] == "NotFound"
    answers = await asyncio.gather(*(shopper.redeem(item, **held) for _ in range(2)))
    assert sorted(answer["__typename"] for answer in answers) == ["QuoteLapsed", "Redemption"]
    assert await shopper.wallet() == 18_000
    assert await violations() == []


async def test_a_quote_lapses_and_a_cheaper_price_wins_over_it() -> None:
    shopper, item, session = await a_shopper(points=20_000), await stars(), await builders.a_session()
    ask = {"itemId": public("item", item.id), "lots": 2}
    first = await shopper.phone.do("quoteExchange", "... on ExchangeQuote { id }", **ask)
    with clock.travel(timedelta(minutes=11)):
        late = await shopper.redeem(
            item, "... on QuoteLapsed { until }", lots=2, expectedPoints=2000, quoteId=first["id"], **NUMBER
        )
        assert late["__typename"] == "QuoteLapsed"
        second = await shopper.phone.do("quoteExchange", "... on ExchangeQuote { id }", **ask)
        await reprice(item, 9_00)
        taken = await shopper.redeem(item, lots=2, expectedPoints=2000, quoteId=second["id"], **NUMBER)
    assert taken["points"] == 1800
    seat = await shopper.phone.do("quoteExchange", "", itemId=public("item", session.id))
    none = await shopper.phone.do("quoteExchange", "", itemId=public("item", item.id), lots=0)
    assert [seat["problems"][0]["path"], none["problems"][0]["path"]] == ["itemId", "lots"]
