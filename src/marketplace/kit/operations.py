"""The one door every write passes: scope, idempotency, transaction, audit, bounded retry.

A body runs inside one transaction and raises a Refusal to say no; then nothing has happened, and the
idempotency key may be used again. The first statement claims (principal, operation, key), so twins wait
for each other on the unique index and the second answers what the first one made. Whoever comes second to
another unique row runs again, sees it, and answers or refuses by name.

Commands of an operation that is `together` first try to share a transaction with those of others
(`kit/sharing.py`): there the key is looked up, and claimed by what is written.
"""

import asyncio
import hashlib
import random
import re
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import orjson
import structlog
from tortoise.exceptions import IntegrityError, ValidationError
from tortoise.models import Model

from marketplace.kit import clock, database, memory, metrics, sharing
from marketplace.kit.actor import Actor, Scope
from marketplace.kit.ids import new_id
from marketplace.kit.memory import Lately
from marketplace.kit.models import AuditEntry, OperationRecord
from marketplace.kit.refusals import IdempotencyKeyReused, InProgress, InvalidInput, NotAllowed
from marketplace.kit.rows import new
from marketplace.kit.sharing import SharedRead
from marketplace.kit.writes import Clauses, Raced

ATTEMPTS = 4
APART_S = 5.0
"""So long what could not share a transaction does not try again."""
KEY_LENGTH = 255
R = TypeVar("R", bound=Model)
C = TypeVar("C", bound="Command")
log = structlog.get_logger()
_LENGTH = re.compile(r"(?P<column>\w+): Length of .* \d+ > (?P<most>\d+)", re.DOTALL)  # Tortoise's words

_CLAIM = """
INSERT INTO operation_record (id, actor_kind, actor_id, operation, idempotency_key, fingerprint, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id"""
_FIRST = """
SELECT asked.nr, o.fingerprint, o.result_id
FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) WITH ORDINALITY AS asked (kind, id, operation, key, nr)
JOIN operation_record o ON o.actor_kind = asked.kind AND o.actor_id = asked.id AND o.operation = asked.operation
    AND o.idempotency_key = asked.key"""


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

    def join(self, other: "Closing") -> None:
        """Only who is alone in a transaction closes a claim."""
        raise TypeError("one claim is closed by one statement")

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


class Key(NamedTuple):
    """Whose key, and for which operation."""

    actor_kind: str
    actor_id: UUID
    operation: str
    idempotency_key: str


async def _firsts(keys: Sequence[Key]) -> dict[Key, database.Row]:
    found = await database.rows(_FIRST, *(list(column) for column in zip(*keys, strict=True)))
    return {keys[row["nr"] - 1]: row for row in found}


_first = SharedRead(_firsts)


async def _must_be_first(key: Key, print_of_command: str) -> None:
    """Raise Replayed or IdempotencyKeyReused when the key was claimed before."""
    first = await _first.ask(key)
    if first is None:
        return
    if first["fingerprint"] != print_of_command:
        raise IdempotencyKeyReused
    raise Replayed(first["result_id"])


async def _claim(key: Key, print_of_command: str, moment: datetime) -> UUID:
    """Take the key, or raise Replayed, IdempotencyKeyReused or InProgress."""
    try:
        claimed = await database.value(_CLAIM, new_id(), *key, print_of_command, moment)
    except asyncpg.LockNotAvailableError:
        raise InProgress from None
    if claimed is not None:
        return claimed
    await _must_be_first(key, print_of_command)
    raise InProgress


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


class Door(Generic[R]):
    """One operation: who may pass, what runs inside, and what is done when somebody else was faster."""

    def __init__(
        self, name: str, scope: Scope, returns: type[R], body: Callable[[Actor, Any], Awaitable[R]]
    ) -> None:
        self._name = name
        self._scope = scope
        self._returns = returns
        self._body = body
        self._apart: Lately[Hashable] = Lately(10_000, seconds=APART_S)
        self.before: Callable[[Actor, Any], Awaitable[None]] | None = None
        self.together: Callable[[Any], Hashable | None] | None = None

    async def __call__(self, actor: Actor, command: Command) -> R:
        """See `operation`."""
        if not actor.may(self._scope):
            raise NotAllowed(f"This needs the scope {self._scope.value}.")
        if self.before is not None:
            await self.before(actor, command)
        try:
            return await self._until_done(actor, command)
        except Replayed as first:
            return await self._returns.get(pk=first.result_id)
        except asyncpg.LockNotAvailableError:
            raise InProgress from None
        except ValidationError as error:
            raise _too_long(error) from error

    async def _until_done(self, actor: Actor, command: Command) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._do(actor, command)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, IntegrityError, Raced) as error:
                _must_be_a_race(error, attempt)
                log.info("retrying", operation=self._name, attempt=attempt)
                await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 (spreads retries only)
        raise InProgress

    async def _do(self, actor: Actor, command: Command) -> R:
        about = self.together(command) if self.together is not None else None
        if about is not None and about not in self._apart:
            try:
                return await self._together(actor, command)
            except sharing.Apart as why:
                undone = isinstance(why, sharing.Undone)
                if not undone:
                    self._apart.remember([about])
                metrics.apart.labels("undone" if undone else "asked").inc()
                log.info("apart", operation=self._name, undone=undone, why=str(why))
        return await self._alone(actor, command)

    async def _alone(self, actor: Actor, command: Command) -> R:
        """In a transaction of its own."""
        moment = clock.now()
        async with database.transaction():
            claim = await _claim(self._key(actor, command), fingerprint(command), moment)
            result = await self._body(actor, command)
            async with database.part(Closing, lambda: Closing(claim, result.pk)):
                await self._audit(actor, result, moment)
        return result

    async def _together(self, actor: Actor, command: Command) -> R:
        """In a transaction that commands of others may share, or Apart is raised."""
        moment = clock.now()
        key, print_of_command = self._key(actor, command), fingerprint(command)
        async with sharing.seat((actor.kind, actor.id)):
            await _must_be_first(key, print_of_command)
            result = await self._body(actor, command)
            facts = {"fingerprint": print_of_command, "result_id": result.pk, "recorded_at": moment}
            await database.add(new(OperationRecord, **key._asdict(), **facts))
            await self._audit(actor, result, moment)
        return result

    def _key(self, actor: Actor, command: Command) -> Key:
        return Key(actor.kind.value, actor.id, self._name, command.idempotency_key)

    async def _audit(self, actor: Actor, result: R, moment: datetime) -> None:
        """Note the act in the audit log, with all that the body left to be written."""
        await database.add(
            new(
                AuditEntry,
                at=moment,
                actor_kind=actor.kind.value,
                actor_id=actor.id,
                operation=self._name,
                subject_type=type(result).__name__,
                subject_id=result.pk,
                person_id=actor.person,
            )
        )


def operation(
    *,
    scope: Scope,
    returns: type[R],
    before: Callable[[Actor, Any], Awaitable[None]] | None = None,
    together: Callable[[Any], Hashable | None] | None = None,
) -> Callable[[Callable[[Actor, C], Awaitable[R]]], Callable[[Actor, C], Awaitable[R]]]:
    """Make `async def do(actor, command) -> Row` an authorised, replayable, atomic, audited write.

    Raises NotAllowed without the scope, InvalidInput for a bad key, IdempotencyKeyReused when the key came
    with another input, InProgress when a twin holds the key too long, and whatever the body refuses. What `before`
    raises is said before a transaction is opened: it must let pass every key that has been claimed, so that a
    repeat answers what was done and not what could be done now. A command shares its transaction with those of
    others when `together` tells what it is about; when it could not, none that is about it tries for a while.
    """

    def wrap(body: Callable[[Actor, C], Awaitable[R]]) -> Callable[[Actor, C], Awaitable[R]]:
        door = Door(_named(body), scope, returns, body)
        door.before, door.together = before, together

        @wraps(body)
        async def run(actor: Actor, command: C) -> R:
            return await door(actor, command)

        return run

    return wrap


def _named(body: Any) -> str:
    return body.__name__
