"""Checking a file of voucher codes row by row. A code is sealed as soon as it is found good, and never shown."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.kit import vault
from marketplace.kit.messages import noted
from marketplace.uploads import headers
from marketplace.uploads.cells import Row
from marketplace.uploads.models import UploadKind
from marketplace.uploads.rehearsal import Checked, rehearse
from marketplace.uploads.rules import MOST_CHOICES, closest, mask
from marketplace.uploads.tables import Table

CODE_LENGTH = 200
MOST_SUGGESTIONS = 50


@dataclass(frozen=True, slots=True)
class CodedItem:
    """An item of the partner that hands out codes (or does not), with the names it goes by."""

    id: UUID
    brand: str
    sku: str
    item_sku: str
    country: str
    coded: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """The partner's items by the SKU of their offer, and its SKUs in all (for suggestions)."""

    items: Mapping[str, Sequence[CodedItem]]
    skus: frozenset[str] = frozenset()


def fingerprints(table: Table) -> list[str]:
    """The fingerprint of every code in a table, to be looked up in the vault."""
    columns = headers.columns_of(Table(table.header), UploadKind.CODES)
    found: list[str] = []
    for line in table.rows:
        code = headers.cells_of(line, columns)[0].get("code")
        if code:
            found.append(vault.fingerprint("code", code))
    return found


def check_codes(table: Table, shelf: Shelf, in_vault: Collection[str]) -> Checked:
    """Rehearse a file of codes; `in_vault` are the fingerprints of the partner's codes that are loaded already."""
    columns = headers.columns_of(table, UploadKind.CODES)
    check = CodeRows(shelf, in_vault, {column.name for column in columns if column})
    return rehearse(table, columns, check.row)


class CodeRows:
    """The rows of one file in their order."""

    def __init__(self, shelf: Shelf, in_vault: Collection[str], has: Collection[str]) -> None:
        self.shelf = shelf
        self.in_vault = in_vault
        self.has = has
        self.lines: dict[str, int] = {}
        self.misses: defaultdict[str, str] = defaultdict(str)

    def row(self, row: Row) -> dict[str, Any] | None:
        """The code of a row, sealed, and where it goes; findings are in the row."""
        item = self._item(row)
        expires = row.moment("expires_at", end_of_day=True)
        code = self._code(row)
        if item is None or code is None or row.findings:
            return None
        return {
            "item": item.id.hex,
            "sku": item.sku,
            "item_sku": item.item_sku,
            "country": item.country,
            "ciphertext": vault.seal(code),
            "mask": mask(code),
            "fingerprint": vault.fingerprint("code", code),
            "expires_at": expires,
        }

    def _code(self, row: Row) -> str | None:
        if "code" not in self.has or not row.needs("code"):
            return None
        code = row.cells["code"]
        shown = mask(code)
        if len(code) > CODE_LENGTH or not code.isprintable():
            message = noted("A code has 1 to {most} characters on one line.")
            row.bad("code", "BAD_CODE", message, value=shown, most=CODE_LENGTH)
            return None
        mark = vault.fingerprint("code", code)
        line = self.lines.setdefault(mark, row.line)
        if line != row.line:
            message = noted("The same code is in line {first_line}.")
            row.bad("code", "DUPLICATE_CODE", message, advice="Remove one.", value=shown, first_line=line)
        elif mark in self.in_vault:
            row.bad("code", "CODE_IN_VAULT", "This code was loaded before.", advice="Remove it.", value=shown)
        return code

    def _item(self, row: Row) -> CodedItem | None:
        """The one coded item that the row's SKU, item SKU, country and brand leave."""
        if "sku" not in self.has or not row.needs("sku"):
            return None
        found = list(self.shelf.items.get(row.cells["sku"], ()))
        if not found:
            row.bad("sku", "UNKNOWN_SKU", "None of your offers has this SKU.", self._meant(row.cells["sku"]))
            return None
        for column, name in (("brand", "brand"), ("item_sku", "item_sku"), ("country", "country")):
            asked = row.cells.get(column, "")
            asked = asked.upper() if column == "country" else asked
            left = [item for item in found if getattr(item, name) == asked] if asked else found
            if not left:
                names = frozenset[str](getattr(item, name) for item in found)
                near = closest(asked, names) or ", ".join(sorted(names)[:12])
                row.bad(column, f"UNKNOWN_{column.upper()}", "The offer has no such item.", near)
                return None
            found = left
        return self._only(row, found)

    def _only(self, row: Row, found: list[CodedItem]) -> CodedItem | None:
        coded = [item for item in found if item.coded]
        if not coded:
            row.bad("sku", "NOT_CODED", "This offer hands out no codes: its delivery is another.")
            return None
        if len(coded) > 1:
            column = "item_sku" if len({item.item_sku for item in coded}) > 1 else "country"
            column = "brand" if len({item.brand for item in coded}) > 1 else column
            names = sorted({str(getattr(item, column)) for item in coded})
            message = noted("Several items go by this SKU: fill the column {name} too.")
            row.bad(column, "WHICH_ITEM", message, ", ".join(names[:12]), name=column)
            return None
        return coded[0]

    def _meant(self, sku: str) -> str:
        """The SKU that was probably meant; looked for only so often, because looking takes time."""
        if sku not in self.misses and len(self.misses) < MOST_SUGGESTIONS and len(self.shelf.skus) <= MOST_CHOICES:
            self.misses[sku] = closest(sku, self.shelf.skus)
        return self.misses.get(sku, "")
