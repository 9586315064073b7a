"""The examples of the README run as they are printed."""

import json
import re
from pathlib import Path

import pytest

from marketplace.kit.ids import new_id
from tests import builders
from tests.client import Caller, as_member, as_operator, as_partner, as_program

pytestmark = pytest.mark.usefixtures("db")
README = (Path(__file__).parents[2] / "README.md").read_text()
EXAMPLES = re.findall(r"^ask (\w+) '(\{.*\})'$", README, re.MULTILINE)


async def callers() -> dict[str, Caller]:
    program = await builders.a_program()
    member = await builders.a_member(program)
    item = await builders.a_voucher()
    offer = await item.offer
    brand = await offer.brand
    return {
        "member": as_member(member.id, program.id),
        "partner": as_partner(brand.partner_id),
        "program": as_program(program.id),
        "operator": as_operator(new_id()),
    }


async def test_there_is_an_example_for_each_user() -> None:
    assert [role for role, _ in EXAMPLES] == ["member", "partner", "program", "operator"]


@pytest.mark.parametrize("role", [role for role, _ in EXAMPLES])
async def test_an_example_answers_without_an_error(role: str) -> None:
    request = json.loads(dict(EXAMPLES)[role])
    data = await (await callers())[role].get(request["query"], **request.get("variables", {}))
    assert all(value is not None for value in data.values())
    assert not any("code" in value for value in data.values())  # a refusal has one
