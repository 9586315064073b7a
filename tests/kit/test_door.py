"""The door: one claim, one answer, whatever the twins do."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import pytest

from marketplace.access.models import Operator
from marketplace.kit import clock, database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.kit.models import AuditEntry, OperationRecord
from marketplace.kit.operations import Command, operation
from marketplace.kit.refusals import IdempotencyKeyReused, InvalidInput, NotAllowed, NotFound, Problem

pytestmark = pytest.mark.usefixtures("db")
ADMIN = Actor(ActorKind.OPERATOR, uuid4(), frozenset({Scope.FINANCE}))


@dataclass(frozen=True, slots=True, kw_only=True)
class HireOperator(Command):
    name: str


@operation(scope=Scope.FINANCE, returns=Operator)
async def hire_operator(actor: Actor, command: HireOperator) -> Operator:
    row = await Operator.create(name=command.name, roles=["support"], created_at=clock.now())
    if command.name == "nobody":
        raise NotFound(what="person")
    return row


async def test_a_repeat_of_the_key_answers_the_first_result() -> None:
    first = await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Ada"))
    again = await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Ada"))
    assert first.id == again.id
    assert await Operator.all().count() == 1
    assert await AuditEntry.filter(subject_id=first.id, operation="hire_operator").count() == 1


async def test_fifty_twins_hire_one_person() -> None:
    commands = [hire_operator(ADMIN, HireOperator(idempotency_key="t", name="Ada")) for _ in range(50)]
    answers = await asyncio.gather(*commands)
    assert len({answer.id for answer in answers}) == 1
    assert await Operator.all().count() == 1


async def test_a_changed_input_under_the_same_key_is_refused_by_name() -> None:
    await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Ada"))
    with pytest.raises(IdempotencyKeyReused):
        await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Bea"))
    assert await Operator.all().count() == 1


async def test_a_refusal_undoes_all_and_frees_the_key() -> None:
    with pytest.raises(NotFound):
        await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="nobody"))
    assert await Operator.all().count() == 0
    assert await OperationRecord.all().count() == 0
    await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Ada"))


async def test_a_text_that_no_column_holds_is_input_to_be_mended() -> None:
    with pytest.raises(InvalidInput) as refused:
        await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="x" * 121))
    assert refused.value.facts["problems"] == [Problem("name", "Give at most {most} characters.", {"most": 120})]
    assert await OperationRecord.all().count() == 0


async def test_without_the_scope_nothing_runs() -> None:
    stranger = Actor(ActorKind.MEMBER, uuid4(), frozenset())
    with pytest.raises(NotAllowed):
        await hire_operator(stranger, HireOperator(idempotency_key="a", name="Ada"))
    assert await OperationRecord.all().count() == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\t"])
async def test_a_key_is_1_to_255_printable_characters(key: str) -> None:
    with pytest.raises(InvalidInput):
        HireOperator(idempotency_key=key, name="Ada")


async def test_the_audit_log_cannot_be_changed_by_the_application() -> None:
    await hire_operator(ADMIN, HireOperator(idempotency_key="a", name="Ada"))
    for statement in ("UPDATE audit_entry SET operation = 'x'", "DELETE FROM audit_entry", "TRUNCATE transfer"):
        with pytest.raises(Exception, match="permission denied"):
            await database.execute(statement)
