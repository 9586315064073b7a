"""The secret of a claim link: derived, so that it is shown again to the giver and never stored."""

import hashlib
import hmac

from marketplace.gifts.models import Gift
from marketplace.kit import ids, vault

LONGEST_MESSAGE = 500


def claim_token(gift: Gift) -> str:
    """What the link carries: 32 hexadecimal digits that only the house can derive from the gift's id."""
    return vault.fingerprint("gift claim", ids.public("gift", gift.id))[:32]


def token_hash(token: str) -> str:
    """How a token is found again: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def same_hash(one: str | None, other: str) -> bool:
    """Compared in constant time."""
    return one is not None and hmac.compare_digest(one, other)
