"""The one door every write passes: scope, idempotency, transaction, audit, bounded retry.

A body runs inside one transaction and raises a Refusal to say no; then nothing has happened, and the
idempotency key may be used again. The first statement claims (principal, operation, key), so twins wait
for each other on the unique index and the second answers what the first one made. Whoever comes second to
another unique row runs again, sees it, and answers or refuses by name.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import orjson
import structlog
from tortoise.exceptions import IntegrityError, ValidationError
from tortoise.models import Model

from marketplace.kit import clock, database, memory
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.models import AuditEntry
from marketplace.kit.refusals import IdempotencyKeyReused, InProgress, InvalidInput, NotAllowed
from marketplace.kit.rows import new
from marketplace.kit.writes import Clauses, Raced

ATTEMPTS = 4
KEY_LENGTH = 255
R = TypeVar("R", bound=Model)
C = TypeVar("C", bound="Command")
log = structlog.get_logger()
_LENGTH = re.compile(r"(?P<column>\w+): Length of .* \d+ > (?P<most>\d+)", re.DOTALL)  # Tortoise's words

_CLAIM = """
INSERT INTO operation_record (id, actor_kind, actor_id, operation, idempotency_key, fingerprint, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id"""
_FIRST = """
SELECT fingerprint, result_id FROM operation_record
WHERE actor_kind = $1 AND actor_id = $2 AND operation = $3 AND idempotency_key = $4"""


def is_sound_key(key: str) -> bool:
    """Whether an idempotency key can be kept."""
    return 0 < len(key) <= KEY_LENGTH and key.isprintable()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What an actor asks for. Repeating the key repeats the answer, not the act."""

    idempotency_key: str

    def __post_init__(self) -> None:
        if not is_sound_key(self.idempotency_key):
            raise InvalidInput.at("idempotencyKey", "Give 1 to {most} printable characters.", most=KEY_LENGTH)


class Closing:
    """The result noted on the claim, so that a repeat of the key finds it."""

    tables = frozenset({"operation_record"})

    def __init__(self, claim: UUID, result: UUID) -> None:
        self._values = (claim, result)

    def shape(self) -> Hashable:
        """There is one of it."""
        return "closing"

    def sql(self, first: int) -> Clauses:
        """UPDATE of the claim."""
        update = f"UPDATE operation_record SET result_id = ${first + 1} WHERE id = ${first}"
        return Clauses({"operation_closed": update}, {})

    def values(self) -> Sequence[object]:
        """The claim and the result."""
        return self._values

    def written(self, answers: Mapping[str, Any]) -> None:
        """The claim was made by this transaction."""


class Replayed(Exception):
    """Inside the door only: the first request's result is the answer."""

    def __init__(self, result_id: UUID | None) -> None:
        super().__init__()
        self.result_id = result_id


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))  # pyright: ignore[reportUnknownArgumentType]
    return str(value)


def fingerprint(command: Command) -> str:
    """SHA-256 over every field of a command but its key."""
    facts = {f.name: getattr(command, f.name) for f in fields(command) if f.name != "idempotency_key"}
    options = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_NON_STR_KEYS
    return hashlib.sha256(orjson.dumps(facts, default=_plain, option=options)).hexdigest()


async def _claim(actor: Actor, name: str, command: Command, moment: datetime) -> UUID:
    """Take the key, or raise Replayed, IdempotencyKeyReused or InProgress."""
    print_of_command = fingerprint(command)
    who = (actor.kind.value, actor.id, name, command.idempotency_key)
    try:
        claimed = await database.value(_CLAIM, new_id(), *who, print_of_command, moment)
    except asyncpg.LockNotAvailableError:
        raise InProgress from None
    if claimed is not None:
        return claimed
    first = await database.row(_FIRST, *who)
    if first is None:
        raise InProgress
    if first["fingerprint"] != print_of_command:
        raise IdempotencyKeyReused
    raise Replayed(first["result_id"])


def _must_be_a_race(error: Exception, attempt: int) -> None:
    """Raise what running again would not mend: a broken constraint, or a unique row that the body never sees.

    A row that was referred to and is not there was only remembered: the database may have been put back. What is
    remembered is forgotten, and the body runs once more.
    """
    if isinstance(error, Raced) and attempt == ATTEMPTS:
        raise error
    if not isinstance(error, IntegrityError):
        return
    if attempt == 1 and isinstance(error.__cause__, asyncpg.ForeignKeyViolationError):
        memory.forget()
    elif attempt == ATTEMPTS or not isinstance(error.__cause__, asyncpg.UniqueViolationError):
        raise error


def _too_long(error: ValidationError) -> Exception:
    """A text that no rule looked at and that its column cannot hold, as what it is: input to be mended."""
    match = _LENGTH.fullmatch(str(error))
    if match is None:
        return error
    first, *rest = match["column"].split("_")
    path = first + "".join(map(str.capitalize, rest))
    return InvalidInput.at(path, "Give at most {most} characters.", most=int(match["most"]))


async def _once(actor: Actor, name: str, command: C, body: Callable[[Actor, C], Awaitable[R]]) -> R:
    moment = clock.now()
    async with database.transaction():
        claim = await _claim(actor, name, command, moment)
        result = await body(actor, command)
        await _close(actor, name, claim, result, moment)
        return result


async def _close(actor: Actor, name: str, claim: UUID, result: Model, moment: datetime) -> None:
    """Note the result on the claim and the act in the audit log, with all that the body left to be written."""
    async with database.part(Closing, lambda: Closing(claim, result.pk)):
        await database.add(
            new(
                AuditEntry,
                at=moment,
                actor_kind=actor.kind.value,
                actor_id=actor.id,
                operation=name,
                subject_type=type(result).__name__,
                subject_id=result.pk,
                person_id=actor.person,
            )
        )


def operation(
    *, scope: Scope, returns: type[R], before: Callable[[Actor, Any], Awaitable[None]] | None = None
) -> Callable[[Callable[[Actor, C], Awaitable[R]]], Callable[[Actor, C], Awaitable[R]]]:
    """Make `async def do(actor, command) -> Row` an authorised, replayable, atomic, audited write.

    Raises NotAllowed without the scope, InvalidInput for a bad key, IdempotencyKeyReused when the key came
    with another input, InProgress when a twin holds the key too long, and whatever the body refuses. What `before`
    raises is said before a transaction is opened: it must let pass every key that has been claimed, so that a
    repeat answers what was done and not what could be done now.
    """

    def wrap(body: Callable[[Actor, C], Awaitable[R]]) -> Callable[[Actor, C], Awaitable[R]]:
        name = body.__name__  # pyright: ignore[reportUnknownMemberType,reportAttributeAccessIssue,reportUnknownVariableType]

        @wraps(body)
        async def run(actor: Actor, command: C) -> R:
            if not actor.may(scope):
                raise NotAllowed(f"This needs the scope {scope.value}.")
            if before is not None:
                await before(actor, command)
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return await _once(actor, name, command, body)
                except Replayed as first:
                    return await returns.get(pk=first.result_id)
                except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, IntegrityError, Raced) as error:
                    _must_be_a_race(error, attempt)
                    log.info("retrying", operation=name, attempt=attempt)
                    await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 (spreads retries only)
                except asyncpg.LockNotAvailableError:
                    raise InProgress from None
                except ValidationError as error:
                    raise _too_long(error) from error
            raise InProgress

        return run

    return wrap
