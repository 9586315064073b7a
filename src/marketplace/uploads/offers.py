"""Checking a file of offers row by row: one row is one item (a denomination, variant, session) in one market."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.catalog.models import OfferKind, StockMode
from marketplace.kit import money, places
from marketplace.kit.messages import noted
from marketplace.uploads import headers, kinds
from marketplace.uploads.cells import LEAVE_BLANK, Row
from marketplace.uploads.headers import Column
from marketplace.uploads.models import RowChange, UploadKind
from marketplace.uploads.rehearsal import Checked, rehearse
from marketplace.uploads.rules import suggest
from marketplace.uploads.tables import Table

LONGEST = {"title": 200, "description": 4000, "unit_name": 40, "cause": 200, "label": 80}
OfferKey = tuple[UUID, str]
ItemKey = tuple[UUID, str, str, str]


@dataclass(frozen=True, slots=True)
class KnownOffer:
    """An offer that is in the catalogue already."""

    kind: OfferKind
    popularity: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What the file is checked against: the partner's brands and offers, markets and categories."""

    brands: Mapping[str, UUID]
    markets: Mapping[str, str]
    categories: frozenset[str]
    charity: bool = False
    offers: Mapping[OfferKey, KnownOffer] = field(default_factory=dict[OfferKey, KnownOffer])
    items: Mapping[ItemKey, StockMode] = field(default_factory=dict[ItemKey, StockMode])


def check_offers(table: Table, known: Known) -> Checked:
    """Rehearse a file of offers."""
    columns = headers.columns_of(table, UploadKind.OFFERS)
    return rehearse(table, columns, OfferRows(known, [column for column in columns if column]).row)


class OfferRows:
    """The rows of one file in their order: an offer's first row speaks for those that follow."""

    def __init__(self, known: Known, columns: list[Column]) -> None:
        self.known = known
        self.kinds = headers.EVERY - {OfferKind.DONATION} if not known.charity else frozenset({OfferKind.DONATION})
        self.texts = {
            base: [(column.name, column.tag) for column in columns if column.base == base]
            for base in (*headers.TEXTS, "attribute")
        }
        self.has = {column.name for column in columns}
        wide = headers.OFFER_WIDE.keys() | headers.OFFER_WIDE_TEXTS.keys()
        self.wide = [column.name for column in columns if column.base in wide]
        self.only_for = {
            column.name: headers.FOR_KINDS[column.base]
            for column in columns
            if headers.FOR_KINDS[column.base] != headers.EVERY
        }
        self.first: dict[OfferKey, tuple[int, dict[str, str]]] = {}
        self.lines: dict[ItemKey, int] = {}

    def row(self, row: Row) -> dict[str, Any] | None:
        """The offer and item of a row as they would be published; findings are in the row."""
        brand = self._brand(row)
        sku = row.name("sku") if self._needs(row, "sku") else None
        if brand is not None and sku is not None:
            self._follow(row, (brand, sku))
        kind = self._kind(row)
        offer = self._offer(row, kind)
        item = self._item(row, kind, sku)
        if brand is None or sku is None or kind is None or row.findings:
            return None
        self._must_fit_catalogue(row, (brand, sku), kind, item)
        self._must_be_new(row, (brand, sku, item["sku"], item["country"]))
        change = RowChange.UPDATE if (brand, sku) in self.known.offers else RowChange.NEW
        return {"brand": brand.hex, "sku": sku, "offer": offer, "item": item, "change": change}

    def _needs(self, row: Row, column: str) -> bool:
        """Whether the cell is filled. A column that is not there is a fault of the file, told once."""
        return column in self.has and row.needs(column)

    def _brand(self, row: Row) -> UUID | None:
        brands = self.known.brands
        if "brand" not in row.cells and len(brands) == 1:
            return next(iter(brands.values()))
        if "brand" not in row.cells:
            row.bad("brand", "MISSING_VALUE", "Say which of your brands it is.", suggest("", brands))
            return None
        slug = row.known("brand", brands, "UNKNOWN_BRAND", noted("{text} is not one of your brands."))
        return brands.get(slug) if slug else None

    def _follow(self, row: Row, key: OfferKey) -> None:
        """Take over what the offer's first row says; a finding where this row says something else."""
        line, first = self.first.setdefault(key, (row.line, row.cells))
        if first is row.cells:
            return
        for column in self.wide:
            said = first.get(column)
            if row.cells.setdefault(column, said or "") != (said or ""):
                message = noted("Line {first_line} says something else of the same offer.")
                advice = "" if said else LEAVE_BLANK
                row.bad(column, "OFFER_DISAGREES", message, said or "", advice=advice, first_line=line)
            if not row.cells[column]:
                del row.cells[column]

    def _kind(self, row: Row) -> OfferKind | None:
        if not self._needs(row, "kind"):
            return None
        found = row.choice("kind", headers.EVERY, "UNKNOWN_KIND", noted("{text} is not a kind of offer."))
        if found is None:
            return None
        if found not in self.kinds:
            charity = self.known.charity
            message = noted("A charity offers causes.") if charity else noted("Only charities have causes.")
            row.bad("kind", "KIND_NOT_YOURS", message, suggest(found, self.kinds))
            return None
        kind = OfferKind(found)
        for column in row.cells.keys() & self.only_for.keys():
            if kind not in self.only_for[column]:
                fitting = ", ".join(sorted(self.only_for[column]))
                message = noted("This column is for {kinds}.")
                row.bad(column, "NOT_FOR_KIND", message, advice=LEAVE_BLANK, kinds=fitting)
        return kind

    def _texts(self, row: Row, base: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for column, tag in self.texts[base]:
            if column in row.cells:
                text = row.text(column, LONGEST.get(base, 80), lines=base == "description")
                if text is not None:
                    found[tag] = text
        return found

    def _offer(self, row: Row, kind: OfferKind | None) -> dict[str, Any]:
        title = self._texts(row, "title")
        if not title and self.texts["title"] and not any(name in row.cells for name, _ in self.texts["title"]):
            row.bad(self.texts["title"][0][0], "MISSING_TITLE", "A title is missing in every language.")
        category = None
        if self._needs(row, "category"):
            message = noted("{text} is not a category.")
            category = row.choice("category", self.known.categories, "UNKNOWN_CATEGORY", message)
        starts = row.moment("published_from")
        ends = row.moment("published_until", end_of_day=True)
        if starts and ends and ends <= starts:
            row.bad("published_until", "DATES_IN_DISORDER", "It must end after it begins.")
        offer: dict[str, Any] = {
            "kind": kind,
            "category": category,
            "title": title,
            "description": self._texts(row, "description"),
            "published_from": starts,
            "published_until": ends,
            "min_tier_rank": row.whole("min_tier_rank", 0, 20) or 0,
            "segment": row.name("segment"),
        }
        if kind is not None:
            offer |= kinds.of_offer(row, kind, self._texts)
        return offer

    def _item(self, row: Row, kind: OfferKind | None, sku: str | None) -> dict[str, Any]:
        currency = self._currency(row, self._country(row))
        item: dict[str, Any] = {
            "sku": row.name("item_sku") or sku,
            "country": row.cells.get("country", "").upper(),
            "currency": currency,
            "price_minor": row.amount("price", currency) if self._needs(row, "price") else None,
            "label": self._texts(row, "label"),
            "max_per_member": row.whole("max_per_member", 1, 1_000_000),
            "active": row.yes_or_no("active", True),
        }
        if kind is not None:
            item |= kinds.of_item(row, kind, currency, item["price_minor"])
            if kind is OfferKind.MERCHANDISE:
                item["attributes"] = self._texts(row, "attribute")
        return item

    def _country(self, row: Row) -> str | None:
        if not self._needs(row, "country"):
            return None
        asked = row.cells["country"].upper()
        if asked in self.known.markets:
            return asked
        if asked in places.countries():
            near = suggest("", self.known.markets)
            row.bad("country", "NO_MARKET", "Nothing is sold in {country} yet.", near, country=asked)
        else:
            near = suggest(asked, self.known.markets)
            row.bad("country", "UNKNOWN_COUNTRY", "This is no ISO 3166-1 alpha-2 country, such as NO.", near)
        return None

    def _currency(self, row: Row, country: str | None) -> str | None:
        """The currency, which must be its market's: lists sort by price."""
        if not self._needs(row, "currency"):
            return None
        asked = row.cells["currency"].upper()
        sold_in = self.known.markets.get(country) if country else None
        if not money.is_currency(asked):
            near = sold_in or suggest(asked, frozenset(self.known.markets.values()))
            row.bad("currency", "UNKNOWN_CURRENCY", "This is no ISO 4217 currency, such as EUR.", near)
            return None
        if sold_in is not None and asked != sold_in:
            message = noted("What is sold in {country} is priced in {currency}.")
            row.bad("currency", "OTHER_CURRENCY", message, sold_in, country=country or "", currency=sold_in)
            return None
        return asked

    def _must_fit_catalogue(self, row: Row, key: OfferKey, kind: OfferKind, item: dict[str, Any]) -> None:
        """What is in the catalogue keeps its kind, and coded items stay coded."""
        before = self.known.offers.get(key)
        if before is not None and before.kind != kind:
            message = noted("This SKU is in the catalogue as {kind}.")
            row.bad("kind", "KIND_CHANGED", message, before.kind, kind=before.kind.value)
            return
        mode = self.known.items.get((*key, item["sku"], item["country"]))
        if mode is not None and (mode is StockMode.CODES) != bool(item.get("coded")):
            coded = noted("This item hands out codes, and that cannot change. Use another item_sku.")
            other = noted("This item hands out no codes, and that cannot change. Use another item_sku.")
            column = "delivery" if "delivery" in row.cells else "item_sku"
            row.bad(column, "DELIVERY_CHANGED", coded if mode is StockMode.CODES else other)

    def _must_be_new(self, row: Row, key: ItemKey) -> None:
        line = self.lines.setdefault(key, row.line)
        if line != row.line:
            column = "item_sku" if "item_sku" in row.cells else "sku"
            message = noted("The same SKU is in line {first_line} for the same country.")
            row.bad(
                column,
                "DUPLICATE_SKU",
                message,
                advice="Give each row of an offer its own item_sku.",
                first_line=line,
            )
