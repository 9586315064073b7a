"""Keeping codes and other secrets: encrypted with keys that rotate, found again by a keyed fingerprint."""

import hashlib
import hmac
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from marketplace.kit.settings import settings


class VaultError(Exception):
    """A ciphertext that none of the keys opens."""


@cache
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key.get_secret_value()) for key in settings().code_keys])


def seal(plaintext: str) -> str:
    """Encrypt with the newest key (Fernet: AES-128-CBC with HMAC-SHA-256)."""
    return _fernet().encrypt(plaintext.encode()).decode()


def unseal(ciphertext: str) -> str:
    """Decrypt with whichever key fits; raises VaultError."""
    try:
        return _fernet().decrypt(ciphertext.encode()).decode()
    except InvalidToken:
        raise VaultError("none of the keys opens this ciphertext") from None


def fingerprint(purpose: str, text: str) -> str:
    """HMAC-SHA-256 under the house's secret: equal texts are found without being stored."""
    pepper = settings().secret.get_secret_value().encode()
    return hmac.new(pepper, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()
