"""Creditor references by ISO 11649: what a payer writes into a transfer, and finding it in what a bank tells.

Ours are `RF`, two check digits, a letter for what is paid, and the first twelve digits of the MD5 of its id: the
same thing always has the same one, and a slip of the pen is no reference.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import md5
from uuid import UUID

from stdnum import iso11649
from stdnum.iso7064 import mod_97_10

TEXTS, LONGEST = 50, 2_000
"""How many texts of one credit are read, and how much of each."""
_DIGITS = 12
_LENGTH = len("RF00") + 1 + _DIGITS
_NOT_WRITTEN = re.compile(r"[^0-9A-Z]")


class Pays(StrEnum):
    """What a reference stands for; the value is its letter."""

    TOP_UP = "T"
    PROGRAM = "P"
    INVOICE = "N"


@dataclass(frozen=True, slots=True)
class Found:
    """A reference of ours: what it pays for, the whole, and the digits that find the thing."""

    pays: Pays
    reference: str
    digits: str


def creditor_reference(pays: Pays, id: UUID) -> str:
    """The reference under which this is paid, without spaces."""
    body = pays.value + md5(str(id).encode(), usedforsecurity=False).hexdigest()[:_DIGITS].upper()
    return f"RF{mod_97_10.calc_check_digits(f'{body}RF')}{body}"


def printed(reference: str) -> str:
    """The reference in groups of four, as it is printed."""
    return iso11649.format(reference)


def references_in(texts: Iterable[str]) -> list[Found]:
    """Every reference of ours in these texts, each once, in whatever spaces and points it is written."""
    found: dict[str, Found] = {}
    for text in list(texts)[:TEXTS]:
        written = _NOT_WRITTEN.sub("", text[:LONGEST].upper())
        for start in (match.start() for match in re.finditer("RF", written)):
            if one := _read(written[start : start + _LENGTH]):
                found[one.reference] = one
    return list(found.values())


def _read(candidate: str) -> Found | None:
    if len(candidate) != _LENGTH or candidate[4] not in set(Pays) or not iso11649.is_valid(candidate):
        return None
    return Found(Pays(candidate[4]), candidate, candidate[5:])
