"""How keys are made and recognised, and what each owner's key may do. No I/O."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from marketplace.access.models import KeyOwner
from marketplace.kit.actor import PARTNER_ROLES, PARTNER_SCOPES, PROGRAM_ROLES, PROGRAM_SCOPES, ROLE_SCOPES, Scope
from marketplace.kit.money import Money

KEY_PREFIX = "mk_live_"
KEY_ID_BYTES = 8
SECRET_BYTES = 24
_KEY = re.compile(r"mk_live_([0-9a-z]{6,24})_([0-9A-Za-z]{32,128})")


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as its holder has it: the public id and the secret."""

    key_id: str
    secret: str

    def __str__(self) -> str:
        return f"{KEY_PREFIX}{self.key_id}_{self.secret}"

    def __repr__(self) -> str:
        return f"KeyText({self.key_id}, secret hidden)"


def new_key() -> KeyText:
    """A fresh key with 192 random bits of secret."""
    return KeyText(secrets.token_hex(KEY_ID_BYTES), secrets.token_hex(SECRET_BYTES))


def parse_key(text: str) -> KeyText | None:
    """The parts of `mk_live_<id>_<secret>`, or None when it is not written so."""
    match = _KEY.fullmatch(text)
    return KeyText(match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
    """What is kept of a secret. Plain SHA-256 suffices: the secret is random, not a password."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, kept_hash: str) -> bool:
    """Whether the secret is the one kept, in time that tells nothing about how close it was."""
    return hmac.compare_digest(hash_secret(secret), kept_hash)


def is_live(*, expires_at: datetime | None, revoked_at: datetime | None, at: datetime) -> bool:
    """Whether a key works at a moment: not revoked, not expired."""
    return revoked_at is None and (expires_at is None or at < expires_at)


def scopes_of_roles(roles: Iterable[str]) -> frozenset[Scope]:
    """Everything an operator with these roles may do; unknown roles give nothing."""
    return frozenset[Scope]().union(*(ROLE_SCOPES.get(role, frozenset[Scope]()) for role in roles))


def grantable(owner: KeyOwner, roles: Iterable[str] = ()) -> frozenset[Scope]:
    """Every scope a key of this owner may hold; an operator's by the roles they have."""
    if owner is KeyOwner.PARTNER:
        return PARTNER_SCOPES
    return PROGRAM_SCOPES if owner is KeyOwner.PROGRAM else scopes_of_roles(roles)


def staff_roles(owner: KeyOwner) -> dict[str, frozenset[Scope]]:
    """The roles that people of a partner or a program can have, with what each may do."""
    return {KeyOwner.PARTNER: PARTNER_ROLES, KeyOwner.PROGRAM: PROGRAM_ROLES}.get(owner, {})


def scopes_of_staff(owner: KeyOwner, roles: Iterable[str]) -> frozenset[Scope]:
    """Everything a person of a partner or a program may do with these roles; unknown ones give nothing."""
    known = staff_roles(owner)
    return frozenset[Scope]().union(*(known.get(role, frozenset[Scope]()) for role in roles))


def overlap_end(*, expires_at: datetime | None, now: datetime, overlap: timedelta) -> datetime:
    """Until when a key works that was replaced: for the overlap, and not longer than it would have."""
    end = now + overlap
    return end if expires_at is None else min(end, expires_at)


def takes_two(amount: Money, alone_up_to: Mapping[str, Decimal]) -> bool:
    """Whether moving this amount takes two people: it is over the limit of its currency, or there is none."""
    return amount.amount > alone_up_to.get(amount.currency, Decimal(0))


def known_scopes(names: Iterable[str]) -> frozenset[Scope]:
    """The scopes behind stored names; names that no longer exist grant nothing."""
    known = set(Scope)
    return frozenset(Scope(name) for name in names if name in known)
