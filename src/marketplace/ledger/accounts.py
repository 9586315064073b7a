"""Naming accounts: an account's id follows from its key, so nobody has to look it up."""

from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID, uuid5

from marketplace.ledger.models import FUNDING_SLICES, GUARDED, OwnerKind, Purpose

_NAMESPACE = UUID("6f6e5f1c-7a52-4f0c-9b63-0f2f5a1f7c11")
MARKETPLACE = UUID(int=0)


@dataclass(frozen=True, slots=True)
class AccountKey:
    """Who owns an account, what for, and in which unit."""

    owner_kind: OwnerKind
    owner_id: UUID
    purpose: Purpose
    unit: str
    slice: int = 0

    @property
    def id(self) -> UUID:
        """UUIDv5 of the key."""
        return _id_of(self)

    @property
    def guarded(self) -> bool:
        """Whether it keeps a balance row that cannot go below zero."""
        return self.purpose in GUARDED


@lru_cache(maxsize=20_000)
def _id_of(key: AccountKey) -> UUID:
    return uuid5(_NAMESPACE, f"{key.owner_kind}:{key.owner_id.hex}:{key.purpose}:{key.unit}:{key.slice}")


def member(member_id: UUID, purpose: Purpose, unit: str) -> AccountKey:
    """A member's account: WALLET or HELD, in points."""
    return AccountKey(OwnerKind.MEMBER, member_id, purpose, unit)


def program(program_id: UUID, purpose: Purpose, unit: str, slice: int = 0) -> AccountKey:
    """A program's account."""
    return AccountKey(OwnerKind.PROGRAM, program_id, purpose, unit, slice)


def partner(partner_id: UUID, purpose: Purpose, unit: str) -> AccountKey:
    """A partner's account."""
    return AccountKey(OwnerKind.PARTNER, partner_id, purpose, unit)


def house(purpose: Purpose, unit: str) -> AccountKey:
    """The marketplace's own account."""
    return AccountKey(OwnerKind.MARKETPLACE, MARKETPLACE, purpose, unit)


def funding_slices(program_id: UUID, currency: str) -> list[AccountKey]:
    """The accounts that a program's funding stands on, so that no single row is touched by everybody."""
    return [program(program_id, Purpose.FUNDING, currency, slice) for slice in range(FUNDING_SLICES)]
