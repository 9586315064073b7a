"""Receipts of donations as PDF over HTTP: in the reader's language, for those who may see the donation."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from marketplace.access.models import KeyOwner
from marketplace.donations import papers
from marketplace.donations.models import DonationReceipt, Pledge
from marketplace.donations.steps import remit, take_back_remittance
from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind
from marketplace.kit.messages import LANGUAGES
from marketplace.members.models import Member, PersonalData, Program
from tests import builders
from tests.app.application import caller, make_app, member_token, operator_token, owner_token
from tests.client import Caller
from tests.donations.test_donate_points import a_giver, public

pytestmark = pytest.mark.usefixtures("db")
RECEIPTS = "{ pledges { nodes { receipts { number pdf } } } }"
WORDS = "For the sea, #strong[all] of it"


async def a_receipt(**of_charity: str) -> tuple[Member, Caller, DonationReceipt]:
    """A member whose 4.00 EUR have reached a charity."""
    member, phone = await a_giver()
    await PersonalData.filter(member_id=member.id).delete()
    await PersonalData.create(member_id=member.id, name="Kari Nordmann")
    charity = await builders.a_charity(**{"name": "Sea Rescue", "registry_id": "GB-CHC-209603"} | of_charity)
    await phone.do("donatePoints", "... on Pledge { id }", charityId=public(charity), points=400, message=WORDS)
    async with database.transaction():
        assert await remit([(await Pledge.get(member_id=member.id)).accrual_id]) == 1
    return member, phone, await DonationReceipt.get()


async def token_of(folder: Path, member: Member) -> str:
    """A token of the development issuer, which the member's program believes."""
    program = await Program.get(id=member.program_id)
    await Program.filter(id=program.id).update(issuer=f"urn:rewards-marketplace:dev-issuer:{program.code}")
    return member_token(folder, program.code, member.subject)


def as_giver(member: Member) -> Actor:
    return Actor(ActorKind.MEMBER, member.id, frozenset(), program_id=member.program_id)


async def said_to(member: Member, receipt: DonationReceipt, *languages: str) -> dict[str, Any]:
    return await papers.data_of(receipt, as_giver(member), languages)


async def test_a_receipt_says_who_gave_what_to_whom_in_the_readers_language() -> None:
    member, _, receipt = await a_receipt()

    said = {language: await said_to(member, receipt, language) for language in LANGUAGES}

    assert said["en"]["said"].startswith("4.00\u00a0EUR have reached the bank of Sea Rescue on ")
    assert said["sv"]["heading"] == "Kvitto på donation"
    assert said["nb"]["amount"] == "4,00\u00a0EUR"
    assert said["ru"]["charity"] == {"name": "Sea Rescue", "country": "Нидерланды", "registry": "GB-CHC-209603"}
    assert len({each["heading"] for each in said.values()}) == len(LANGUAGES)
    for each in said.values():
        assert (each["giver"], each["message"], each["void"]) == ("Kari Nordmann", WORDS, "")
        assert each["facts"][0][1].startswith("PLG-")
        assert papers.pdf(each).startswith(b"%PDF")
    await Member.filter(id=member.id).update(languages=["sv-SE"])
    assert (await said_to(member, receipt))["lang"] == "sv"


async def test_a_receipt_that_the_bank_took_back_says_so() -> None:
    member, _, receipt = await a_receipt()
    async with database.transaction():
        await take_back_remittance([(await Pledge.get()).accrual_id])

    said = await said_to(member, await DonationReceipt.get(id=receipt.id), "en")

    assert said["void"].startswith("This receipt does not count: the bank took the money back on ")
    assert len(papers.pictures(said)) == 1


async def test_the_longest_names_and_words_stay_on_one_page() -> None:
    member, _, receipt = await a_receipt(name="Donaudampfschifffahrtsgesellschaft" * 4)
    await PersonalData.filter(member_id=member.id).update(name="Wolfeschlegelsteinhausenberger" * 5)
    await Pledge.all().update(message="x" * 300)

    said = await said_to(member, receipt, "nl")

    assert len(papers.pictures(said)) == 1
    assert said["message"].count("\u00ad") > 30


async def test_a_receipt_is_for_those_who_see_the_donation(tmp_path: Path) -> None:
    member, phone, receipt = await a_receipt()
    stranger = await builders.a_member(await builders.a_program())
    pledge = await Pledge.get()
    (link,) = (await phone.get(RECEIPTS))["pledges"]["nodes"][0]["receipts"]
    app = make_app(tmp_path)

    async def downloaded(token: str | None, path: str = link["pdf"]) -> httpx.Response:
        async with caller(app, token) as http:
            return await http.get(path)

    own = await token_of(tmp_path, member)
    pdf = await downloaded(own, f"{link['pdf']}?language=nb")
    assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
    assert (pdf.headers["cache-control"], pdf.content[:4]) == ("no-store", b"%PDF")
    assert f'filename="{receipt.number}.pdf"' in pdf.headers["content-disposition"]
    answers = {
        None: 401,
        await token_of(tmp_path, stranger): 404,
        await owner_token(KeyOwner.PARTNER, pledge.charity_id): 200,
        await owner_token(KeyOwner.PARTNER, (await builders.a_partner()).id): 404,
        await owner_token(KeyOwner.PROGRAM, member.program_id): 200,
        await owner_token(KeyOwner.PROGRAM, stranger.program_id): 404,
        await operator_token("support"): 200,
        await operator_token("catalog"): 404,
    }
    for token, status in answers.items():
        assert (await downloaded(token)).status_code == status, status
    for wrong in ("nonsense", f"donationReceipt_{pledge.id.hex}", f"pledge_{pledge.id.hex}"):
        assert (await downloaded(own, f"/donations/receipts/{wrong}.pdf")).status_code == 404


async def test_the_giver_is_named_to_nobody_but_the_giver_and_the_program() -> None:
    member, _, receipt = await a_receipt()
    pledge = await Pledge.get()
    program = Actor(ActorKind.PROGRAM, member.program_id, frozenset())
    charity = Actor(ActorKind.PARTNER, pledge.charity_id, frozenset())

    assert (await papers.data_of(receipt, program, ["en"]))["giver"] == "Kari Nordmann"
    assert (await papers.data_of(receipt, charity, ["en"]))["giver"] == ""
