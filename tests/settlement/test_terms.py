"""What contracts make of a statement: rates, rebates, fees, caps, reserves, VAT and invoices."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from dirty_equals import IsPartialDict
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.ledger import accounts, queries
from marketplace.ledger.models import Purpose
from marketplace.partners.models import AccrualKind, Contract, ContractRate, ContractTier, Schedule, VolumePeriod
from marketplace.settlement import charging
from marketplace.settlement.charging import Span, Tier
from marketplace.settlement.models import CommissionInvoice, Statement
from tests import builders
from tests.client import as_operator, as_partner
from tests.settlement.books import (
    FINANCE,
    a_funded_program,
    partner_id,
    refund,
    sell,
    settle,
    shown,
    standing,
    violations,
)

NEW_YEAR = datetime(2027, 1, 20, 12, tzinfo=UTC)


async def lines_of(statement: Statement) -> list[tuple[str, str]]:
    nodes = (await shown(statement))["lines"]["nodes"]
    return [(line["kind"], line["net"]["amount"]) for line in nodes]


async def contract_of(partner: Any) -> Contract:
    return await Contract.get(partner_id=partner.id)


@given(st.integers(0, 10**7), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 2000)), max_size=4))
def test_a_rebate_grows_with_the_volume_and_never_passes_its_best_tier(volume: int, raw: list[Any]) -> None:
    tiers = [Tier(above, bp) for above, bp in dict(raw).items()]

    assert charging.rebate(0, tiers) == 0
    assert charging.rebate(volume, tiers) <= charging.rebate(volume + 100, tiers) + len(tiers)
    best = max((tier.rebate_bp for tier in tiers), default=0)
    assert 0 <= charging.rebate(volume, tiers) <= volume * best / 10_000 + len(tiers)


def test_fees_are_of_periods_that_end() -> None:
    days = date(2027, 1, 15), date(2027, 3, 30)
    ends = [span.last for span in charging.fee_spans(Schedule.MONTHLY, *days)]
    assert ends == [date(2027, 1, 31), date(2027, 2, 28)]
    weeks = list(charging.fee_spans(Schedule.WEEKLY, date(2027, 1, 1), date(2027, 1, 10)))
    assert weeks == [Span(date(2026, 12, 28), date(2027, 1, 3)), Span(date(2027, 1, 4), date(2027, 1, 10))]
    assert [span.first.year for span in charging.spans(VolumePeriod.YEAR, date(2026, 12, 31), days[0])] == [
        2026,
        2027,
    ]


async def test_a_fee_is_charged_once_for_each_period_even_without_sales(db: None) -> None:
    program, partner = await a_funded_program(), await builders.a_partner(fee_minor=25_00)
    with clock.at(NEW_YEAR):
        await sell(program, partner, 100_00, days_ago=8)
        [january] = await settle(date(2027, 1, 15))
    with clock.at(NEW_YEAR + timedelta(days=50)):
        [february] = await settle(date(2027, 2, 28))
        assert await settle(date(2027, 2, 28)) == []

    assert await lines_of(january) == [("SALES", "90.32")]
    assert await lines_of(february) == [("FEE", "-30.25"), ("FEE", "-30.25")]
    assert (february.fees_minor, february.vat_minor, february.commission_minor) == (50_00, 10_50, 0)
    assert february.closing_minor == 90_32 - 60_50
    assert await violations() == []


async def test_a_volume_rebate_is_marginal_and_taken_again_when_sales_are_refunded(db: None) -> None:
    program, partner = await a_funded_program(), await builders.a_partner(volume_period="YEAR")
    contract = await contract_of(partner)
    await ContractTier.create(contract=contract, above_minor=100_00, rebate_bp=200)
    await ContractTier.create(contract=contract, above_minor=200_00, rebate_bp=300)
    with clock.at(NEW_YEAR):
        sale = await sell(program, partner, 250_00)
        [first] = await settle(date(2027, 1, 18))
    with clock.at(NEW_YEAR + timedelta(days=7)):
        await refund(program, sale)
        await sell(program, partner, 120_00)
        [second] = await settle(date(2027, 1, 25))

    # 100.00 at 2 % and 50.00 at 3 %, with 21 % VAT; then 20.00 at 2 % are left of it.
    assert (await lines_of(first))[1] == ("REBATE", "4.24")
    assert (await lines_of(second))[2] == ("REBATE", "-3.75")
    assert first.commission_minor == 20_00 - 3_50
    assert await violations() == []


async def test_what_was_borne_of_discounts_above_the_cap_comes_back(db: None) -> None:
    program, partner = await a_funded_program(), await builders.a_partner(discount_cap_minor=5_00)
    found = charging.cap_charge(
        await contract_of(partner), charging.month_of(NEW_YEAR.date()), NEW_YEAR.date(), 7_50, 1_00
    )

    assert found is not None
    assert (found.kind, found.net) == (AccrualKind.DISCOUNT_CAP, 1_50)
    with clock.at(NEW_YEAR):
        await sell(program, partner, 100_00)
        [statement] = await settle(date(2027, 1, 18))
    assert await lines_of(statement) == [("SALES", "90.32")]


async def test_a_reserve_is_held_shown_and_released(db: None) -> None:
    program, partner = await a_funded_program(), await builders.a_partner(reserve_bp=1000, reserve_days=14)
    with clock.at(NEW_YEAR):
        await sell(program, partner, 100_00)
        [first] = await settle(date(2027, 1, 18))
        held = await queries.balance(accounts.partner(partner.id, Purpose.RESERVE, "EUR"))
        kept = (await as_partner(partner.id).get("{ partner { reserves { amount { amount } releaseOn } } }"))[
            "partner"
        ]
    with clock.at(NEW_YEAR + timedelta(days=20)):
        [second] = await settle(date(2027, 2, 1))

    assert await lines_of(first) == [("SALES", "90.32"), ("RESERVE_HELD", "-9.03")]
    assert (held, first.reserve_minor, first.closing_minor) == (9_03, -9_03, 81_29)
    assert kept["reserves"] == [{"amount": {"amount": "9.03"}, "releaseOn": "2027-02-01"}]
    assert await lines_of(second) == [("RESERVE_RELEASED", "9.03")]
    assert second.closing_minor == 90_32
    assert await standing(partner) == {"DUE": 90_32}
    assert await violations() == []


async def test_commission_is_of_the_brand_and_kind_before_the_contracts_own(db: None) -> None:
    partner = await builders.a_partner()
    brand = await builders.a_brand(partner)
    offer = await builders.an_offer(brand=brand)
    contract = await contract_of(partner)
    await ContractRate.create(contract=contract, offer_kind="VOUCHER", commission_bp=1000)
    program = await a_funded_program()

    by_kind = await sell(program, partner, 100_00, offer_kind="VOUCHER")
    await ContractRate.create(contract=contract, brand_id=brand.id, commission_bp=500)
    by_brand = await sell(program, partner, 100_00, offer_kind="VOUCHER", offer_id=offer.id)
    plain = await sell(program, partner, 100_00, offer_kind="EXPERIENCE")
    back = await refund(program, by_kind)

    assert [each.commission_minor for each in (by_kind, by_brand, plain, back)] == [10_00, 5_00, 8_00, -10_00]
    [statement] = await settle()
    said = [line["arithmetic"] for line in (await shown(statement))["lines"]["nodes"]]
    assert "less commission of 5 % and 8 % and 10 % = 23.00 EUR" in said[0]
    assert await violations() == []


async def test_invoices_are_numbered_without_gaps_and_say_what_must_be_said_of_vat(db: None) -> None:
    program = await a_funded_program()
    domestic = await builders.a_partner()
    reverse = await builders.a_partner(vat_bp=0, vat_rule="REVERSE_CHARGE", vat_number="NL853746333B01")
    charity = await builders.a_charity()
    for partner in (domestic, reverse):
        await sell(program, partner, 100_00)
    await sell(program, charity, 100_00, "Trees", kind=AccrualKind.DONATION)

    await settle()

    text = """query { statements(first: 10) { nodes { partner { id } invoice {
        number kind vatRule vatNumber note net { amount } vat { amount } total { amount } } } } }"""
    nodes = (await FINANCE.get(text))["statements"]["nodes"]
    said = {node["partner"]["id"]: node["invoice"] for node in nodes}
    assert said[partner_id(charity)] is None
    assert said[partner_id(domestic)] == IsPartialDict(
        kind="INVOICE", net={"amount": "8.00"}, vat={"amount": "1.68"}, total={"amount": "9.68"},
        note="VAT of 21 % on commission and fees.",
    )  # fmt: skip
    assert said[partner_id(reverse)] == IsPartialDict(vatNumber="NL853746333B01", total={"amount": "8.00"})
    assert said[partner_id(reverse)]["note"].startswith("Reverse charge")
    assert sorted(row.sequence for row in await CommissionInvoice.all()) == [1, 2]
    assert await violations() == []


TERMS = """... on Contract {
    vatRule vatNumber reserveBp reserveDays volumePeriod fee { amount } discountCap { amount }
    rates { offerKind commissionBp brand { name } } tiers { above { amount } rebateBp } }"""


async def agree(partner: Any, **fields: object) -> dict[str, Any]:
    given = {"validFrom": "2027-01-01", "commissionBp": 800, "currency": "EUR", "timezone": "Europe/Oslo"}
    return await as_operator(new_id()).do(
        "agreeContract", TERMS, partnerId=partner_id(partner), **(given | fields)
    )


async def test_finer_terms_are_kept(db: None) -> None:
    partner = await builders.a_partner()
    brand = await builders.a_brand(partner)

    answer = await agree(
        partner, vatRule="REVERSE_CHARGE", vatNumber="NL853746333B01", reserveBp=500, reserveDays=30,
        fee={"amount": "12.50", "currency": "EUR"}, discountCap={"amount": "100", "currency": "EUR"},
        volumePeriod="MONTH", rates=[{"commissionBp": 300, "brandId": ids.public("brand", brand.id)}],
        tiers=[{"above": {"amount": "1000", "currency": "EUR"}, "rebateBp": 100}],
    )  # fmt: skip

    assert answer == IsPartialDict(
        __typename="Contract", vatRule="REVERSE_CHARGE", reserveBp=500, reserveDays=30, fee={"amount": "12.50"},
        volumePeriod="MONTH", rates=[{"offerKind": None, "commissionBp": 300, "brand": {"name": brand.name}}],
        tiers=[{"above": {"amount": "1000.00"}, "rebateBp": 100}],
    )  # fmt: skip


async def test_finer_terms_that_make_no_sense_are_refused_by_place(db: None) -> None:
    partner, foreign = await builders.a_partner(), await builders.a_brand()

    answer = await agree(
        partner, vatRule="REVERSE_CHARGE", vatBp=2100, vatNumber="x", reserveBp=500,
        fee={"amount": "-1", "currency": "EUR"}, discountCap={"amount": "1", "currency": "SEK"},
        rates=[{"commissionBp": 300, "brandId": ids.public("brand", foreign.id)}, {"commissionBp": 99_999}],
        tiers=[{"above": {"amount": "0", "currency": "EUR"}, "rebateBp": 900}] * 2,
    )  # fmt: skip

    assert answer["__typename"] == "InvalidInput"
    assert {problem["path"] for problem in answer["problems"]} == {
        "vatBp", "vatNumber", "reserveDays", "fee.amount", "discountCap.currency", "rates.0.brandId", "rates.1",
        "rates.1.commissionBp", "tiers.0.rebateBp", "tiers.1.rebateBp", "tiers.1.above",
    }  # fmt: skip
    assert await Contract.filter(partner_id=partner.id).count() == 1


async def test_what_is_owed_and_not_payable_says_why_and_when(db: None) -> None:
    program = await a_funded_program()
    partner, other = await builders.a_partner(return_window_days=30), await builders.a_partner()
    text = """query($id: ID!) { node(id: $id) { ... on Partner {
        openAccruals(first: 5) { totalCount nodes { reason expectedOn entry { description net { amount } } } }
        payoutForecast { periodUntil expectedOn closing { amount } accruals state reason } } } }"""
    with clock.at(NEW_YEAR):
        await sell(program, partner, 100_00)
        await sell(program, partner, 50_00, "Long ago", days_ago=40)
        said = (await as_partner(partner.id).get(text, id=partner_id(partner)))["node"]
        foreign = await as_partner(other.id).get(text, id=partner_id(partner))
        support = (await as_operator(new_id(), "support").get(text, id=partner_id(partner)))["node"]

    waiting = {node["reason"]: node["expectedOn"] for node in said["openAccruals"]["nodes"]}
    assert waiting == {"NEXT_STATEMENT": "2027-02-01", "RETURN_WINDOW": "2027-03-01"}
    assert said["payoutForecast"] == [
        IsPartialDict(
            periodUntil="2027-01-31", expectedOn="2027-02-01", closing={"amount": "45.16"}, accruals=1,
            state="CARRIED", reason="NO_PAYOUT_ACCOUNT",
        )
    ]  # fmt: skip
    assert foreign["node"] is None
    assert support == {"openAccruals": None, "payoutForecast": None}
    with clock.at(NEW_YEAR + timedelta(days=12)):
        [statement] = await settle(date(2027, 1, 31))
    assert statement.closing_minor == 45_16


async def test_a_line_explains_itself_down_to_the_transfers(db: None) -> None:
    program, partner = await a_funded_program(home_currency="SEK"), await builders.a_partner(vat_bp=2500)
    await builders.a_rate("EUR", "SEK", "11.5")
    await refund(program, await sell(program, partner, 123_45))
    [statement] = await settle()
    text = """query($id: ID!) { node(id: $id) { ... on Statement { lines { nodes {
        explain(first: 5) { totalCount nodes { kind commissionBp vatBp net { amount } takenBack { amount }
        contract { validFrom } redemption { id }
        rate { rate source asOf } steps { what formula exact amount { amount currency } }
        transfers { debit credit amount { amount currency } } journal { id } } } } } } } }"""

    lines = (await as_partner(partner.id).get(text, id=ids.public("statement", statement.id)))["node"]["lines"]

    sale, back = (line["explain"]["nodes"][0] for line in lines["nodes"])
    assert sale["rate"]["rate"] == "0.0869565217"
    assert [
        (step["what"], step["formula"], step["exact"], step["amount"]["amount"]) for step in sale["steps"]
    ] == [
        ("gross", "123.45 SEK x 0.0869565217", "10.734782603865", "10.73"),
        ("commission", "10.73 x 8 %", "0.8584", "0.86"),
        ("vat", "0.86 x 25 %", "0.215", "0.22"),
        ("net", "10.73 - 0.86 - 0.22", "9.65", "9.65"),
    ]
    moved = {(each["debit"], each["credit"], each["amount"]["amount"]) for each in sale["transfers"]}
    assert moved == {
        ("FUNDING_HELD", "FX", "123.45"),
        ("FX", "PAYABLE", "9.65"),
        ("FX", "COMMISSION", "0.86"),
        ("FX", "COMMISSION_VAT", "0.22"),
    }
    assert (back["kind"], back["takenBack"]["amount"], back["net"]["amount"]) == ("REFUND", "9.65", "-9.65")
    assert back["contract"] == {"validFrom": "2020-01-01"}
    assert back["journal"] is None
    for_finance = (await FINANCE.get(text, id=ids.public("statement", statement.id)))["node"]["lines"]["nodes"]
    assert for_finance[0]["explain"]["nodes"][0]["journal"]["id"].startswith("journal_")
