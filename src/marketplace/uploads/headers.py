"""Which columns a file may have, and what its header says."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from babel import Locale

from marketplace.catalog.models import OfferKind
from marketplace.kit.messages import noted
from marketplace.uploads.models import UploadKind
from marketplace.uploads.rules import Finding, closest, finding
from marketplace.uploads.tables import Line, Table

V, B, M, E, D = OfferKind
EVERY = frozenset(OfferKind)
OFFER_WIDE: dict[str, frozenset[OfferKind]] = {
    "kind": EVERY,
    "category": EVERY,
    "published_from": EVERY,
    "published_until": EVERY,
    "min_tier_rank": EVERY,
    "segment": EVERY,
    "delivery": frozenset({V}),
    "number_pattern": frozenset({B}),
    "check_digit": frozenset({B}),
    "cancel_until_hours": frozenset({E}),
}
"""Columns that say the same in every row of an offer; rows after its first may leave them blank."""
OFFER_WIDE_TEXTS: dict[str, frozenset[OfferKind]] = {
    "title": EVERY,
    "description": EVERY,
    "unit_name": frozenset({B}),
    "cause": frozenset({D}),
}
ITEM: dict[str, frozenset[OfferKind]] = {
    "sku": EVERY,
    "brand": EVERY,
    "item_sku": EVERY,
    "country": EVERY,
    "currency": EVERY,
    "price": EVERY,
    "max_price": frozenset({V, D}),
    "step": frozenset({V, D}),
    "face_value": frozenset({V}),
    "link": frozenset({V}),
    "generic_code": frozenset({V}),
    "right": frozenset({V}),
    "valid_days": frozenset({V}),
    "units": frozenset({B}),
    "min_lots": frozenset({B}),
    "lot_step": frozenset({B}),
    "stock": frozenset({V, M, E}),
    "starts_at": frozenset({E}),
    "ends_at": frozenset({E}),
    "max_per_member": EVERY,
    "active": EVERY,
}
ITEM_TEXTS: dict[str, frozenset[OfferKind]] = {"label": EVERY}
CODES = frozenset({"sku", "item_sku", "country", "brand", "code", "expires_at"})
NEEDED = {
    UploadKind.OFFERS: ("sku", "kind", "category", "country", "currency", "price"),
    UploadKind.CODES: ("sku", "code"),
}
TEXTS = OFFER_WIDE_TEXTS | ITEM_TEXTS
FOR_KINDS = OFFER_WIDE | ITEM | TEXTS | {"attribute": frozenset({M})}
"""The kinds of offer that each column is for."""
_LOCALISED = re.compile(
    r"(?P<base>title|description|unit_name|cause|label)[_-](?P<tag>[a-z]{2,3}([_-][a-z0-9]{2,8})*)"
)
_ATTRIBUTE = re.compile(r"attribute[_-](?!link$)[a-z0-9_-]{1,40}")
"""Attributes of variants. `link` is what a voucher hands out, and nothing else is called so."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the file: its name, what it is about, and its language or attribute."""

    name: str
    base: str
    tag: str = ""


def columns_of(table: Table, kind: UploadKind) -> list[Column | None]:
    """The columns of a table in their order, None for those to be left out; faults go to the table."""
    if not table.header:
        return []
    known = CODES if kind is UploadKind.CODES else frozenset(OFFER_WIDE | ITEM)
    texts = frozenset(f"{base}_en" for base in TEXTS) if kind is UploadKind.OFFERS else frozenset[str]()
    columns = [None if name.startswith("#") else _column(name, known, bool(texts)) for name in table.header]
    seen: set[str] = set()
    faults: list[Finding] = []
    for name, column in zip(table.header, columns, strict=True):
        if column is None and name and not name.startswith("#"):
            message = noted("There is no such column. Rename it, or begin its name with # to leave it out.")
            near = closest(_plain(name), known | texts)
            faults.append(finding(table.header_line, name, name, "UNKNOWN_COLUMN", message, near))
        elif column is not None and column.name in seen:
            faults.append(finding(table.header_line, name, name, "COLUMN_TWICE", "This column is there twice."))
        seen |= {column.name} if column else set()
    faults += _missing(table.header_line, {column.base for column in columns if column}, kind)
    if not seen:
        table.fault(
            table.header_line,
            "NO_HEADER",
            "The first line has no names of columns that are known here.",
            advice="Begin with a line such as {example}.",
            example=",".join(NEEDED[kind]),
        )
    else:
        table.faults += faults
    return columns


def _missing(line: int, bases: set[str], kind: UploadKind) -> Iterator[Finding]:
    for name in NEEDED[kind]:
        if name not in bases:
            message = noted("The column {name} is missing.")
            yield finding(line, name, "", "MISSING_COLUMN", message, advice="Add {name}.", name=name)
    if kind is UploadKind.OFFERS and "title" not in bases:
        message = noted("A title is missing: one column for each language, such as title_en.")
        yield finding(line, "title_en", "", "MISSING_COLUMN", message, advice="Add {name}.", name="title_en")


def _plain(name: str) -> str:
    return re.sub(r"\s+", "_", name.strip().lower())


def _column(name: str, known: frozenset[str], with_texts: bool) -> Column | None:
    plain = _plain(name)
    if plain in known:
        return Column(plain, plain)
    if not with_texts:
        return None
    if match := _LOCALISED.fullmatch(plain):
        tag = _language(match["tag"])
        return Column(f"{match['base']}_{tag}", match["base"], tag) if tag else None
    if _ATTRIBUTE.fullmatch(plain):
        return Column(plain, "attribute", plain[len("attribute_") :])
    return None


def _language(tag: str) -> str:
    """A BCP 47 tag as it is written, `nb-NO` for `nb_no`; empty when nobody speaks it."""
    first, *rest = tag.replace("_", "-").split("-")
    if first not in Locale("en").languages:
        return ""
    written = (part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part for part in rest)
    return "-".join((first, *written))


def cells_of(line: Line, columns: list[Column | None]) -> tuple[dict[str, str], int]:
    """The filled cells of a line by column, and how many filled cells stand beyond the last column."""
    _, texts = line
    cells = {column.name: text for column, text in zip(columns, texts, strict=False) if text and column}
    beyond = sum(1 for text in texts[len(columns) :] if text) if len(texts) > len(columns) else 0
    return cells, beyond
