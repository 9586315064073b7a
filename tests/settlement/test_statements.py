"""A statement explains itself, to its partner and to finance, and to nobody else."""

import csv
import hashlib
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from dirty_equals import IsPartialDict

from marketplace.kit import clock, ids
from marketplace.kit.ids import new_id
from marketplace.settlement import rules
from marketplace.settlement.models import Statement, StatementLine
from tests import builders
from tests.client import as_member, as_operator, as_partner, as_program
from tests.settlement.books import FINANCE, a_funded_program, euros, refund, sell, settle, shown, violations
from tests.webhooks.receiver import a_receiver
from tests.webhooks.test_webhooks import announce, register

pytestmark = pytest.mark.usefixtures("db")

WEEK = timedelta(days=7)


async def test_a_line_says_how_its_net_comes_about() -> None:
    program, partner = await a_funded_program(), await builders.a_partner(commission_bp=1250)
    for _ in range(3):
        await sell(program, partner, 9_99)
    await refund(program, await sell(program, partner, 20_00, "Dinner"))

    [statement] = await settle()

    lines = (await shown(statement, as_partner(partner.id)))["lines"]["nodes"]
    assert [line["arithmetic"] for line in lines] == [
        "3 x sold for 29.97 EUR together, less commission of 12.5 % = 3.75 EUR, less VAT of 21 % on the "
        "commission = 0.78 EUR, each rounded by itself; 29.97 EUR - 3.75 EUR - 0.78 EUR = 25.44 EUR, "
        "under the contract from 2020-01-01.",
        "1 x sold for 20.00 EUR together, less commission of 12.5 % = 2.50 EUR, less VAT of 21 % on the "
        "commission = 0.52 EUR; 20.00 EUR - 2.50 EUR - 0.52 EUR = 16.98 EUR, under the contract from 2020-01-01.",
        "1 x refunded for -20.00 EUR together, less commission of 12.5 % = -2.50 EUR, less VAT of 21 % on the "
        "commission = -0.52 EUR; -20.00 EUR - -2.50 EUR - -0.52 EUR = -16.98 EUR, "
        "under the contract from 2020-01-01.",
    ]


async def test_a_line_lists_what_is_on_it_with_rate_and_source() -> None:
    program = await a_funded_program(home_currency="SEK")
    partner = await builders.a_partner()
    await builders.a_rate("EUR", "SEK", "11.5")
    await sell(program, partner, 115_00)
    await sell(program, partner, 230_00)
    [statement] = await settle()
    text = """query($id: ID!) { node(id: $id) { ... on Statement { lines { nodes { entries(first: 1) { totalCount
        pageInfo { hasNextPage } nodes { description effectiveOn payableOn fxRate
        paid { amount currency } gross { amount } commission { amount }
        vat { amount } net { amount } } } } } } } }"""

    found = await as_partner(partner.id).get(text, id=ids.public("statement", statement.id))

    [line] = found["node"]["lines"]["nodes"]
    assert (line["entries"]["totalCount"], line["entries"]["pageInfo"]["hasNextPage"]) == (2, True)
    assert line["entries"]["nodes"][0] == IsPartialDict(
        description="Coffee voucher",
        paid={"amount": "115.00", "currency": "SEK"},
        fxRate="0.0869565217",
        gross={"amount": "10.00"},
        net={"amount": "9.03"},
    )


async def test_a_file_adds_up_without_us() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 19_99, '=HYPERLINK("x"), a "quoted" voucher')
    await sell(program, partner, 5_01)
    await settle()
    with clock.travel(WEEK):
        await sell(program, partner, 7_77)
        [second] = await settle()
    text = "query($id: ID!) { node(id: $id) { ... on Statement { csv } } }"

    files = [
        (await FINANCE.get(text, id=ids.public("statement", each.id)))["node"]["csv"]
        for each in await Statement.all().order_by("id")
    ]

    closing = Decimal(0)
    for file in files:
        *entries, last = csv.DictReader(StringIO(file))
        assert (entries[0]["row"], last["row"]) == ("OPENING", "CLOSING")
        assert Decimal(entries[0]["net"]) == closing
        for line in entries[1:]:
            assert Decimal(line["gross"]) - Decimal(line["commission"]) - Decimal(line["vat"]) == Decimal(
                line["net"]
            )
        closing = sum((Decimal(entry["net"]) for entry in entries), Decimal(0))
        assert closing == Decimal(last["net"])
    assert closing == Decimal(second.closing_minor) / 100
    described = [line["description"] for line in csv.DictReader(StringIO(files[0]))]
    assert '\'=HYPERLINK("x"), a "quoted" voucher' in described


async def test_the_digest_is_of_all_that_is_said() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(program, partner, 19_99, "Käffe ☕")
    [statement] = await settle()
    lines = await StatementLine.filter(statement_id=statement.id).order_by("position")

    said = rules.canonical(statement, lines)

    assert (await shown(statement))["digest"] == hashlib.sha256(said.encode()).hexdigest()
    lines[0].description = "Tea"
    assert rules.digest(statement, lines) != statement.digest


async def test_numbers_of_a_partner_have_no_gaps() -> None:
    program = await a_funded_program()
    partner, other = await builders.a_partner(slug="puma"), await builders.a_partner(slug="tim-hortons")
    for week in range(3):
        with clock.travel(WEEK * week):
            await sell(program, partner, 10_00)
            if week != 1:
                await sell(program, other, 10_00)
            await settle()

    numbers = [each.number for each in await Statement.all().order_by("id")]

    assert sorted(number[:-10] + number[-4:] for number in numbers) == sorted(
        ["ST-PUMA0001", "ST-PUMA0002", "ST-PUMA0003", "ST-TIM-HORTONS0001", "ST-TIM-HORTONS0002"]
    )
    assert await violations() == []


async def test_a_partner_sees_its_own_statements_by_page() -> None:
    program = await a_funded_program()
    partner, other = await builders.a_partner(), await builders.a_partner()
    for week in range(2):
        with clock.travel(WEEK * week):
            await sell(program, partner, 10_00)
            await sell(program, other, 10_00)
            await settle()
    text = """query($after: String) { statements(first: 1, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { number partner { name } } } }"""

    first = (await as_partner(partner.id).get(text))["statements"]
    second = (await as_partner(partner.id).get(text, after=first["pageInfo"]["endCursor"]))["statements"]

    assert (first["totalCount"], second["pageInfo"]["hasNextPage"]) == (2, False)
    assert [page["nodes"][0]["partner"]["name"] for page in (first, second)] == [partner.name] * 2
    through = await as_partner(partner.id).get("{ partner { statements { totalCount } } }")
    assert through["partner"]["statements"]["totalCount"] == 2
    assert (await FINANCE.get("{ statements { totalCount } }"))["statements"]["totalCount"] == 4


async def test_who_is_told_of_a_statement_hears_its_number_and_what_it_closes_with(database_url: str) -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    async with a_receiver() as receiver:
        await register(as_partner(partner.id), receiver, types=["STATEMENT_ISSUED"])
        await sell(program, partner, 10_00)
        [statement] = await settle()
        await announce(database_url)

        assert receiver.types == ["statement.issued"]
        assert receiver.got[0][1]["data"] == {
            "statement": ids.public("statement", statement.id),
            "number": statement.number,
            "closing": "9.03",
            "currency": "EUR",
        }


async def test_nobody_else_sees_a_statement() -> None:
    program = await a_funded_program()
    partner, other = await builders.a_partner(), await builders.a_partner()
    member = await builders.a_member(program)
    await sell(program, partner, 10_00)
    [statement] = await settle()
    strangers: list[Any] = [
        as_partner(other.id),
        as_program(program.id),
        as_member(member.id, program.id),
        as_operator(new_id(), "support"),
    ]
    for stranger in strangers:
        assert await shown(statement, stranger) is None
    for stranger in strangers[1:]:
        answer = await stranger.ask("{ statements { totalCount } }")
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert (await strangers[0].get("{ statements { totalCount } }"))["statements"]["totalCount"] == 0
    assert (await shown(statement, as_partner(partner.id)))["closing"] == euros("9.03")
