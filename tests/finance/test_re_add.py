"""Statements are added up again by a few lines of Python that know nothing of us, from exported files alone."""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from marketplace.kit import clock, ids
from marketplace.partners.models import Contract, Partner
from tests import builders
from tests.app.application import ask, caller, make_app, operator_token
from tests.settlement.books import COLLEAGUE, FINANCE, a_funded_program, euros, partner_id, refund, sell, settle

pytestmark = pytest.mark.usefixtures("db")

SCRIPT = Path(__file__).parents[2] / "docs" / "guides" / "re_add.py"
CSV = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Statement { id csv } } }"


async def a_year() -> list[str]:
    """Three months of two partners, one in dollars: a refund, a debt, a reserve, what is carried on."""
    await builders.a_rate("EUR", "USD", "1.0837")
    program, ours, abroad = (
        await a_funded_program(),
        await builders.a_partner(slug="ours"),
        await builders.a_partner(slug="abroad", currency="USD"),
    )
    await Contract.filter(partner_id=abroad.id).update(reserve_bp=1000, reserve_days=30)
    issued: list[str] = []

    async def month(days_ago: int, *what: tuple[Partner, int]) -> None:
        for partner, minor in what:
            await sell(program, partner, minor, days_ago=days_ago)
        with clock.travel(timedelta(days=2 - days_ago)):
            issued.extend(ids.public("statement", each.id) for each in await settle())

    first = await sell(program, ours, 33_33, days_ago=70)
    await month(70, (ours, 10_01), (abroad, 19_99))
    await refund(program, first, days_ago=50)
    await adjust(ours, "-20.00", days_ago=48)
    await month(45, (abroad, 7_77))
    await adjust(ours, "2.50")
    await sell(program, ours, 45_00, days_ago=4)
    with clock.travel(timedelta(days=3)):
        issued.extend(ids.public("statement", each.id) for each in await settle())
    await sell(program, ours, 5_55, days_ago=0)
    return issued


async def adjust(partner: Partner, amount: str, days_ago: int = 0) -> None:
    with clock.travel(-timedelta(days=days_ago)):
        which = {"partnerId": partner_id(partner), "reason": "Agreed", "amount": euros(amount)}
        proposed = await FINANCE.do("proposeAdjustment", "... on Adjustment { id }", **which)
        done = await COLLEAGUE.do("approveAdjustment", "... on Adjustment { state }", adjustmentId=proposed["id"])
    assert done["state"] == "APPROVED"


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
    assert said.count(" = ") == len(issued) == 6
    assert f"{len(issued)} statements added up, 0 things differ" in said
    assert "marketplace" not in [line for line in SCRIPT.read_text().splitlines() if "import" in line]


@dataclass
class Files:
    """What was exported, by statement and run, to be tampered with: `ours/2` is the second statement of ours."""

    folder: Path
    texts: dict[str, str]

    def name(self, which: str) -> str:
        slug, sequence = which.split("/")
        number = re.compile(
            rf"ST-{slug.upper()}-\d+-000{sequence},OPENING|ST-{slug.upper()}-\d+-000{sequence},LINE"
        )
        return next(name for name, text in self.texts.items() if number.search(text))

    def change(self, which: str, old: str, new: str | Callable[[re.Match[str]], str]) -> None:
        """In a statement, or in the journals, once."""
        name = which if which == "journals.csv" else self.name(which)
        text = re.sub(old, new, self.texts[name], count=1)
        assert text != self.texts[name], (old, self.texts[name])
        self.texts[name] = text


def _lines_gone(files: Files, which: str, pattern: str) -> None:
    name = which if which == "journals.csv" else files.name(which)
    lines = files.texts[name].splitlines(keepends=True)
    gone = next(n for n, line in enumerate(lines) if re.search(pattern, line))
    files.texts[name] = "".join(lines[:gone] + lines[gone + 1 :])


TAMPERED: dict[str, tuple[str, Callable[[Files], object]]] = {
    "a net alone": ("is not net", lambda f: f.change("ours/1", r"43\.34,", "43.35,")),
    "a line that is right by itself": ("its rows add up to", lambda f: f.change(
        "ours/1", r"43\.34,[^,]*,[^,]*,[^,]*,", "43.34,0.00,0.00,43.34,")),
    "a line and the closing": ("the books moved", lambda f: [
        f.change("ours/3", r"ADJUSTMENTS,(.*?),2\.50,0\.00,0\.00,2\.50", r"ADJUSTMENTS,\1,3.50,0.00,0.00,3.50"),
        f.change("ours/3", r"CLOSING,,,,,EUR,,,,(\d+)\.", lambda m: f"CLOSING,,,,,EUR,,,,{int(m[1]) + 1}.")]),
    "opening and closing": ("it opens with", lambda f: [
        f.change("ours/3", r"(OPENING.*,)(-?\d+)\.(\d\d)", lambda m: f"{m[1]}{int(m[2]) + 1}.{m[3]}"),
        f.change("ours/3", r"(CLOSING.*,)(-?\d+)\.(\d\d)", lambda m: f"{m[1]}{int(m[2]) + 1}.{m[3]}")]),
    "what is carried on is not named": ("it opens with", lambda f: f.change(
        "ours/3", r"(OPENING,,,)[^,]*,", r"\1,")),
    "another is named": ("which is not an earlier statement", lambda f: f.change(
        "ours/3", r"ST-OURS-(\d{4})-0002,", r"ST-OURS-\1-0007,")),
    "one is carried on twice": ("is carried on by", lambda f: f.change(
        "ours/3", r"(ST-OURS-\d{4}-)0002,", r"\g<1>0001 \g<1>0002,")),
    "a debt is forgotten": ("closed below zero", lambda f: f.change("ours/3", r"(OPENING,,,)[^,]*,", r"\1,")),
    "a line is gone": ("its rows add up to", lambda f: _lines_gone(f, "ours/1", ",LINE,1,")),
    "a number is gone": ("not numbered", lambda f: f.change("ours/1", "LINE,1,", "LINE,2,")),
    "the opening is gone": ("does not begin", lambda f: _lines_gone(f, "ours/1", ",OPENING,")),
    "another currency": ("not all rows have the same currency", lambda f: f.change(
        "ours/1", "LINE(.*),EUR,", r"LINE\1,USD,")),
    "another period": ("not all rows have the same period_until", lambda f: f.change(
        "ours/1", r"(LINE.*-\d\d-)\d\d(\r?\n)", r"\g<1>99\2")),
    "a file is missing": ("in the books, and not among the files", lambda f: f.texts.pop(f.name("abroad/2"))),
    "a file is there twice": ("there are two files of it", lambda f: f.texts.update(
        {"statement_again.csv": f.texts[f.name("ours/1")]})),
    "the file of another": ("the books moved", lambda f: f.texts.update(
        {f.name("abroad/1"): f.texts[f.name("ours/1")], f.name("ours/1"): f.texts[f.name("abroad/1")]})),
    "a journal is gone": ("the books moved 0 for it", lambda f: _lines_gone(
        f, "journals.csv", ",statement.issued,")),
    "a journal of another amount": ("the books moved", lambda f: f.change(
        "journals.csv", r"(statement\.issued.*?EUR,)\d+", r"\g<1>1")),
    "a reserve is not held": ("is in reserve, in the books", lambda f: f.change(
        "abroad/2", "RESERVE_HELD", "ADJUSTMENTS")),
    "a reserve in the books": ("is in reserve, in the books", lambda f: f.change(
        "journals.csv", r"(accrual\.reserve_held.*?USD,)\d+", r"\g<1>7")),
    "less is released than was held": ("held and not released was", lambda f: [
        f.change("abroad/3", r"(RESERVE_RELEASED,.*?USD,)(\d+\.\d\d),0\.00,0\.00,\2",
            r"\g<1>0.01,0.00,0.00,0.01")]),
    "a reserve of another day": ("held and not released was", lambda f: f.change(
        "abroad/3", r"Reserve of \d{4}", "Reserve of 2001")),
    "a reserve is released early": ("was to be held until", lambda f: f.change(
        "abroad/1", r"Reserve held until \d{4}", "Reserve held until 2999")),
}  # fmt: skip


async def test_whatever_is_tampered_with_is_found(tmp_path: Path):
    exports = await exported(tmp_path, await a_year())
    whole = {file.name: file.read_text() for file in exports}

    for what, (said, tamper) in TAMPERED.items():
        files = Files(tmp_path / what.replace(" ", "-"), dict(whole))
        tamper(files)
        files.folder.mkdir()
        paths = [files.folder / name for name in files.texts]
        for path in paths:
            path.write_text(files.texts[path.name])
        code, told = await re_added(paths)
        assert code == 1, f"{what} is not found: {told}"
        assert said in told, f"{what}: {told}"
