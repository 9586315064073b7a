"""What a member shows at a door or a till: a signed text, as a QR code, that nobody else can make up.

`MT1:<kind>:<number>:<signature>`: the signature is an HMAC under the house's secret over kind and number, so a
number that was guessed or read out opens nothing.
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import segno

from marketplace.kit import vault

VERSION: Final = "MT1"
TICKET: Final = "T"
ENTITLEMENT: Final = "E"
_SIGNATURE_LENGTH: Final = 32
_QUIET_ZONE: Final = 4


@dataclass(frozen=True, slots=True)
class Proof:
    """A number with its signed text."""

    kind: str
    number: str

    @property
    def text(self) -> str:
        """What the QR code holds."""
        return f"{VERSION}:{self.kind}:{self.number}:{_signature(self.kind, self.number)}"

    @property
    def svg(self) -> str:
        """The QR code as a picture that scales."""
        file = BytesIO()
        _drawn(self.text).save(file, kind="svg", scale=4, border=_QUIET_ZONE)
        return file.getvalue().decode()

    @property
    def png(self) -> str:
        """The QR code as a PNG in base64."""
        file = BytesIO()
        _drawn(self.text).save(file, kind="png", scale=6, border=_QUIET_ZONE)
        return b64encode(file.getvalue()).decode()


def _drawn(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m")


def _signature(kind: str, number: str) -> str:
    return vault.fingerprint("proof", f"{kind}:{number}")[:_SIGNATURE_LENGTH].upper()


def read(kind: str, text: str) -> str | None:
    """The number of a signed text of this kind; None when it is not one of ours."""
    parts = text.strip().upper().split(":")
    if len(parts) != 4 or parts[:2] != [VERSION, kind]:
        return None
    sound = hmac.compare_digest(parts[3].encode(), _signature(kind, parts[2]).encode())
    return parts[2] if sound else None
