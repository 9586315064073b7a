"""Statements as files over HTTP: PDF in the reader's language, CSV that adds up, for those who may see them."""

import csv
from collections import defaultdict
from decimal import Decimal
from io import StringIO
from pathlib import Path

import httpx
import pytest

from marketplace.access.models import KeyOwner
from marketplace.kit import ids
from marketplace.kit.messages import LANGUAGES
from marketplace.partners import wording
from marketplace.partners.models import Partner
from marketplace.settlement import papers
from marketplace.settlement.models import Statement
from tests import builders
from tests.app.application import caller, make_app, operator_token, owner_token
from tests.settlement.books import a_funded_program, refund, sell, settle

pytestmark = pytest.mark.usefixtures("db")


async def a_statement(lines: int = 3, days_ago: int = 3) -> tuple[Partner, Statement]:
    program, partner = await a_funded_program(), await builders.a_partner(fee_minor=10_00)
    for number in range(lines):
        await sell(program, partner, 10_00 + number, f"Café #strong[voucher] {number}", days_ago=days_ago)
    await refund(program, await sell(program, partner, 99_99, "Dinner"))
    [statement] = await settle()
    return partner, statement


async def test_a_pdf_is_set_in_the_readers_language_and_figures() -> None:
    _, statement = await a_statement()

    swedish = await papers.data_of(statement, ["sv-SE"])
    dutch = await papers.data_of(statement, ["nl"])
    spoken_by_nobody_here = await papers.data_of(statement, ["fr-FR"])

    assert (swedish["heading"], dutch["heading"], spoken_by_nobody_here["heading"]) == (
        "Avräkning", "Afrekening", "Statement",
    )  # fmt: skip
    assert {"Försäljning", "Återbetalningar"} == {line["kind"] for line in swedish["lines"]}
    assert swedish["lines"][0]["gross"] == "10,00"
    assert spoken_by_nobody_here["lines"][0]["gross"] == "10.00"
    assert papers.pdf(swedish).startswith(b"%PDF")


async def test_what_the_house_wrote_on_lines_is_in_the_readers_language_and_what_people_wrote_as_it_was() -> None:
    _, statement = await a_statement(days_ago=40)
    said: dict[str, list[str]] = {}
    for language in LANGUAGES:
        data = await papers.data_of(statement, [language])
        said[language] = [line["description"].replace("\u00a0", " ") for line in data["lines"]]

    assert [line.partition(",")[0] for line in said["en"][-2:]] == ["Refund: Dinner", "Fixed fee"]
    assert said["sv"][-2] == "Återbetalning: Dinner"
    assert said["sv"][-1].startswith("Fast avgift, 1 ")
    assert said["ru"][-2] == "Возврат: Dinner"
    for language in LANGUAGES[1:]:
        assert said[language][0] == said["en"][0] == "Café #strong[voucher] 0"
        assert not {line.partition(" ")[0] for line in said[language]} & {"Refund:", "Fixed"}


async def test_every_wording_is_found_again_by_its_own_shape() -> None:
    facts = {
        "first": "2026-03-01", "last": "2026-03-31", "day": "2026-04-14", "month": "2026-03", "points": "1200",
        "what": "Refund: x", "number": "PLG-2026-000001", "currency_name": "stars", "program": "Nord",
        "amount": "0.45 EUR",
    }  # fmt: skip
    for each in wording.ALL:
        found = each.facts_of(each.written(**facts))
        assert found
        assert found.items() <= facts.items()
    assert wording.spoken("Reserve of 2026-04-14 released", (wording.RESERVE_RELEASED,), ["nl"]) == (
        "Reserve van 14\u00a0april\u00a02026 vrijgegeven"
    )
    assert (
        wording.spoken("Fixed fee, 2026-03-01 to soon", (wording.FEE,), ["nl"]) == "Fixed fee, 2026-03-01 to soon"
    )


async def test_whoever_names_no_language_reads_that_of_the_partners_country(tmp_path: Path) -> None:
    partner, statement = await a_statement()
    await Partner.filter(id=partner.id).update(country="SE")
    assert (await papers.data_of(statement, []))["heading"] == "Avräkning"
    await Partner.filter(id=partner.id).update(country="JP")
    assert (await papers.data_of(statement, []))["heading"] == "Statement"


async def test_a_word_that_is_longer_than_its_column_may_break() -> None:
    program, partner = await a_funded_program(), await builders.a_partner()
    await sell(
        program, partner, 10_00, "Donaudampfschifffahrtsgesellschaftsgutschein ABC-1234567890-1234567890-12"
    )
    [statement] = await settle()
    [line] = (await papers.data_of(statement, ["nl"]))["lines"]
    assert line["description"].count("\u00ad") > 3
    assert line["description"].count("\u200b") > 2


async def test_a_long_statement_breaks_over_pages() -> None:
    _, statement = await a_statement(lines=2)
    said = await papers.data_of(statement, ["en"])
    said["lines"] = said["lines"] * 30

    assert len(papers.pictures(said)) > 2


async def downloaded(folder: Path, statement: Statement, ending: str, token: str | None) -> httpx.Response:
    async with caller(make_app(folder), token) as http:
        return await http.get(f"/statements/{ids.public('statement', statement.id)}.{ending}")


async def test_files_are_for_those_who_may_see_the_statement(tmp_path: Path) -> None:
    partner, statement = await a_statement()
    other = await builders.a_partner()
    own = await owner_token(KeyOwner.PARTNER, partner.id)

    pdf = await downloaded(tmp_path, statement, "pdf?language=nb-NO", own)

    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert statement.number in pdf.headers["content-disposition"]
    answers = {
        None: 401,
        await owner_token(KeyOwner.PARTNER, other.id): 404,
        await operator_token("support"): 404,
        await operator_token("finance"): 200,
    }
    for token, status in answers.items():
        for ending in ("pdf", "csv", "accruals.csv"):
            assert (await downloaded(tmp_path, statement, ending, token)).status_code == status, (status, ending)
    async with caller(make_app(tmp_path), own) as http:
        assert (await http.get("/statements/nonsense.pdf")).status_code == 404
        foreign = await http.get("/statements/nonsense.pdf", headers={"Accept-Language": "sv"})
    assert foreign.json()["message"] == "Det finns inget sådant papper, eller så är det inte ditt."


async def test_the_files_add_up_to_each_other_without_us(tmp_path: Path) -> None:
    partner, statement = await a_statement()
    token = await owner_token(KeyOwner.PARTNER, partner.id)

    lines = list(csv.DictReader(StringIO((await downloaded(tmp_path, statement, "csv", token)).text)))
    rows = list(csv.DictReader(StringIO((await downloaded(tmp_path, statement, "accruals.csv", token)).text)))

    nets = defaultdict[str, Decimal](Decimal)
    for row in rows:
        assert Decimal(row["gross"]) - Decimal(row["commission"]) - Decimal(row["vat"]) == Decimal(row["net"])
        nets[row["position"]] += Decimal(row["net"])
    assert nets == {line["position"]: Decimal(line["net"]) for line in lines if line["row"] == "LINE"}
    assert sum(nets.values()) == Decimal(lines[-1]["net"]) - Decimal(lines[0]["net"])
