"""Scalars take what they say and nothing that would take forever to compute with."""

from uuid import uuid4

import pytest

from marketplace.kit import ids
from marketplace.members.models import PointValue
from tests.builders import a_program
from tests.client import as_operator, new_key

pytestmark = pytest.mark.usefixtures("db")
SET = """
mutation ($input: SetPointValueInput!) { setPointValue(input: $input) { __typename ... on UserError { code } } }"""
UNSOUND: list[object] = ["NaN", "Infinity", "-sNaN", "1e999999999", "1e-999999999", "9" * 31, "", "x", True, []]


@pytest.mark.parametrize("value", UNSOUND)
async def test_a_decimal_that_is_no_amount_is_refused_at_the_door(value: object):
    program = await a_program()
    before = await PointValue.all().count()
    fields = {"programId": ids.public("program", program.id), "validFrom": "2030-01-01", "value": value}

    answer = await as_operator(uuid4(), "admin").ask(SET, input={"idempotencyKey": new_key(), **fields})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "at .value" in error["message"]
    assert await PointValue.all().count() == before


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "20260131T00", "", 7])
async def test_a_day_that_has_no_neighbours_is_refused_at_the_door(day: object):
    program = await a_program()
    fields = {"programId": ids.public("program", program.id), "validFrom": day, "value": "0.01"}

    answer = await as_operator(uuid4(), "admin").ask(SET, input={"idempotencyKey": new_key(), **fields})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "Date is a day in the years 1900 to 9998" in error["message"]
