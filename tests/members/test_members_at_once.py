"""Whoever comes second to something that is there once is refused by name, not by the database."""

import asyncio
from collections import Counter

import pytest

from marketplace.kit import ids
from marketplace.kit.ids import new_id
from marketplace.members.models import Member
from marketplace.partners.models import Brand, Partner
from tests import builders
from tests.client import as_operator, as_program

pytestmark = pytest.mark.usefixtures("db")
RIVALS = 6


def outcomes(answers: list[dict[str, str]]) -> Counter[str]:
    return Counter(answer["__typename"] for answer in answers)


async def test_one_subject_is_enrolled_once_under_whatever_reference() -> None:
    program = await builders.a_program()
    server = as_program(program.id)
    facts = {"subject": "same", "country": "NL", "languages": ["en"]}

    answers = await asyncio.gather(
        *(server.do("enrolMember", "", reference=f"r-{n}", **facts) for n in range(RIVALS))
    )

    assert outcomes(answers) == {"Member": 1, "InvalidInput": RIVALS - 1}
    assert await Member.all().count() == 1


async def test_one_name_goes_to_one_partner() -> None:
    admin = as_operator(new_id())
    facts = {"name": "Puma", "kind": "COMMERCIAL", "country": "DE"}

    answers = await asyncio.gather(*(admin.do("createPartner", "", **facts) for _ in range(RIVALS)))

    assert outcomes(answers) == {"Partner": 1, "PartnerNameTaken": RIVALS - 1}
    assert await Partner.all().count() == 1


async def test_one_name_goes_to_one_brand() -> None:
    admin = as_operator(new_id())
    partners = [ids.public("partner", (await builders.a_partner()).id) for _ in range(RIVALS)]

    answers = await asyncio.gather(
        *(admin.do("createBrand", "", name="Puma", countries=["NL"], partnerId=partner) for partner in partners)
    )

    assert outcomes(answers) == {"Brand": 1, "BrandNameTaken": RIVALS - 1}
    assert await Brand.all().count() == 1
