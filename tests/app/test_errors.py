"""What clients are told: our words and a code; a bug is an incident id and nothing else."""

import pytest
import structlog
from dirty_equals import IsStr
from strawberry.extensions import SchemaExtension

from tests.app.tiny import ask, client


@pytest.mark.parametrize("query", ["{ broken hello }", "{ strictlyBroken }"])
async def test_a_bug_is_an_incident_and_nothing_else(query: str):
    with structlog.testing.capture_logs() as logs:
        async with client() as http:
            response = await ask(http, query)

    (error,) = response.json()["errors"]
    assert response.status_code == 200
    assert error["extensions"] == {"code": "INTERNAL", "incident": IsStr(regex="[0-9a-f]{16}")}
    assert "hunter2" not in response.text
    assert "secret.py" not in response.text
    (entry,) = [each for each in logs if each["event"] == "incident"]
    assert entry["incident"] == error["extensions"]["incident"]
    assert isinstance(entry["exc_info"], RuntimeError)


async def test_a_bug_spares_its_siblings():
    async with client() as http:
        response = await ask(http, "{ broken hello }")

    assert response.json()["data"] == {"broken": None, "hello": "hello world"}


@pytest.mark.parametrize(
    ("field", "code", "message"),
    [
        ("forbidden", "FORBIDDEN", "This needs the scope finance:write."),
        ("missing", "NOT_FOUND", "There is no such offer."),
    ],
)
async def test_our_own_errors_carry_their_code_and_words(field: str, code: str, message: str):
    with structlog.testing.capture_logs() as logs:
        async with client() as http:
            response = await ask(http, f"{{ {field} }}")

    (error,) = response.json()["errors"]
    assert (error["extensions"], error["message"]) == ({"code": code}, message)
    assert logs == []


class Counting(SchemaExtension):
    """Says how far it got and answers in `extensions`."""

    def on_operation(self):
        self.seen = ["operation"]
        yield

    def on_validate(self):
        self.seen.append("validate")
        yield

    def on_execute(self):
        self.seen.append("execute")
        yield

    def get_results(self):
        return {"seen": self.seen}


async def test_strawberry_extensions_are_entered_and_answer():
    async with client(schema={"extensions": [Counting]}) as http:
        response = await ask(http, "{ hello }")

    assert response.json() == {
        "data": {"hello": "hello world"},
        "extensions": {"seen": ["operation", "validate", "execute"]},
    }


class Failing(SchemaExtension):
    """Has a bug."""

    def on_execute(self):
        raise RuntimeError("password=hunter2")
        yield


async def test_a_bug_outside_any_field_is_500_and_masked():
    async with client(schema={"extensions": [Failing]}) as http:
        response = await ask(http, "{ hello }")

    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in response.text
