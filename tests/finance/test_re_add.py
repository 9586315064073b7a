"""Statements are added up again by a few lines of Python that know nothing of us, from exported files alone."""

import sys
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from marketplace.kit import clock, ids
from marketplace.partners.models import Partner
from tests import builders
from tests.app.application import ask, caller, make_app, operator_token
from tests.settlement.books import COLLEAGUE, FINANCE, a_funded_program, euros, partner_id, refund, sell, settle

pytestmark = pytest.mark.usefixtures("db")

SCRIPT = Path(__file__).parents[2] / "docs" / "guides" / "re_add.py"
CSV = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Statement { id csv } } }"


async def a_year() -> list[str]:
    """Three months of two partners, one of them in dollars: a refund, an adjustment, what is carried forward."""
    await builders.a_rate("EUR", "USD", "1.0837")
    program, ours, abroad = (
        await a_funded_program(),
        await builders.a_partner(),
        await builders.a_partner(currency="USD"),
    )
    issued: list[str] = []

    async def month(days_ago: int, *what: tuple[Partner, int]) -> None:
        for partner, minor in what:
            await sell(program, partner, minor, days_ago=days_ago)
        with clock.travel(timedelta(days=2 - days_ago)):
            issued.extend(ids.public("statement", each.id) for each in await settle())

    first = await sell(program, ours, 33_33, days_ago=70)
    await month(70, (ours, 10_01), (abroad, 19_99))
    await refund(program, first, days_ago=50)
    await month(45, (abroad, 7_77))
    proposed = await FINANCE.do(
        "proposeAdjustment",
        "... on Adjustment { id }",
        partnerId=partner_id(ours),
        reason="Goodwill",
        amount=euros("2.50"),
    )
    done = await COLLEAGUE.do("approveAdjustment", "... on Adjustment { state }", adjustmentId=proposed["id"])
    assert done["state"] == "APPROVED"
    await sell(program, ours, 45_00, days_ago=4)
    with clock.travel(timedelta(days=3)):
        issued.extend(ids.public("statement", each.id) for each in await settle())
    await sell(program, ours, 5_55, days_ago=0)
    return issued


async def exported(folder: Path, statements: list[str]) -> list[Path]:
    """The files of these statements and of all journals, as finance gets them over HTTP."""
    async with caller(make_app(folder), await operator_token("finance")) as http:
        rows = (await ask(http, CSV, ids=statements))["nodes"]
        journals = (await http.get("/finance/journals")).text
    files = [folder / f"{row['id']}.csv" for row in rows] + [folder / "journals.csv"]
    for file, text in zip(files, [*(row["csv"] for row in rows), journals], strict=True):
        file.write_text(text, newline="")
    return files


async def re_added(files: list[Path]) -> tuple[int, str]:
    run = await anyio.run_process([sys.executable, "-I", str(SCRIPT), *map(str, files)], check=False)
    return run.returncode, (run.stdout + run.stderr).decode()


async def test_every_statement_is_added_up_again(tmp_path: Path):
    issued = await a_year()
    files = await exported(tmp_path, issued)

    code, said = await re_added(files)

    assert code == 0, said
    assert said.count(" = ") == len(issued) == 5
    assert f"{len(issued)} statements added up, 0 things differ" in said
    assert "marketplace" not in [line for line in SCRIPT.read_text().splitlines() if "import" in line]


async def test_a_cent_that_is_elsewhere_is_found(tmp_path: Path):
    files = await exported(tmp_path, await a_year())
    *statements, journals = files
    whole = {file: file.read_text() for file in files}

    changed = whole[statements[0]].replace("43.34", "43.35")
    assert changed != whole[statements[0]]
    statements[0].write_text(changed)
    code, said = await re_added(files)
    assert (code, "gross less commission less VAT is not net" in said) == (1, True)

    statements[0].write_text(whole[statements[0]])
    lines = whole[journals].splitlines(keepends=True)
    issued = next(n for n, line in enumerate(lines) if ",statement.issued," in line)
    journals.write_text("".join(lines[:issued] + lines[issued + 1 :]))
    code, said = await re_added(files)
    assert (code, "the books moved 0 for it" in said) == (1, True)

    journals.write_text(whole[journals])
    code, said = await re_added(files[1:])
    assert (code, f"{files[0].stem}: in the books, and not among the files" in said) == (1, True)
