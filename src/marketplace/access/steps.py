"""Writes of access, inside a transaction somebody else opened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.access import rules
from marketplace.access.models import ApiKey, FirstWord, KeyOwner
from marketplace.access.refusals import SecondPersonNeeded
from marketplace.kit import clock
from marketplace.kit.actor import Actor, Scope


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key's row, and its text for the one time it can be shown."""

    row: ApiKey
    text: rules.KeyText


async def create_key(
    owner: KeyOwner,
    owner_id: UUID,
    *,
    name: str,
    scopes: Iterable[Scope],
    expires_at: datetime | None = None,
    text: rules.KeyText | None = None,
    staff_id: UUID | None = None,
    replaces_id: UUID | None = None,
) -> IssuedKey:
    """A new key, or one with a given text; only the hash of its secret is stored."""
    text = text or rules.new_key()
    row = await ApiKey.create(
        owner_kind=owner.value,
        owner_id=owner_id,
        name=name,
        key_id=text.key_id,
        secret_hash=rules.hash_secret(text.secret),
        scopes=sorted(scope.value for scope in scopes),
        created_at=clock.now(),
        expires_at=expires_at,
        staff_id=staff_id,
        replaces_id=replaces_id,
    )
    return IssuedKey(row, text)


async def is_second(actor: Actor, act: str, subject_id: UUID, said: str) -> bool:
    """Whether another person said the same before; the first one's word is kept for the second.

    The caller holds the subject's row locked. Raises SecondPersonNeeded when the first person says it again.
    """
    first = await FirstWord.get_or_none(act=act, subject_id=subject_id)
    if first is None:
        await FirstWord.create(act=act, subject_id=subject_id, said_by=actor.id, said=said, said_at=clock.now())
        return False
    if first.said_by == actor.id:
        raise SecondPersonNeeded
    return True
