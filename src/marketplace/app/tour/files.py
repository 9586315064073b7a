"""The partner's files: offers with mistakes and without, and voucher codes."""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

Line = Mapping[str, str]
CODES_PER_ITEM = 8


def _written(lines: Iterable[Line]) -> bytes:
    rows = list(lines)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _voucher(sku: str, country: str, currency: str, price: str, **more: str) -> Line:
    titles = {
        "title_en": f"Coffee for {price}",
        "title_sv": f"Kaffe för {price}",
        "title_ms": f"Kopi bernilai {price}",
    }
    return {
        "sku": sku, "kind": "VOUCHER", "category": "dining", "country": country, "currency": currency,
        "price": price, "delivery": "CODE", **titles, **more,
    }  # fmt: skip


def with_mistakes() -> tuple[bytes, set[str]]:
    """A file with one mistake a row but its first, and the codes of what is to be found."""
    lines = [
        _voucher("KAFFE-50", "SE", "SEK", "50.00"),
        _voucher("KAFFE-50", "SE", "SEK", "50.00"),
        _voucher("KAFFE-51", "SE", "SKE", "51.00"),
        _voucher("KAFFE-52", "SE", "SEK", "52.005"),
        _voucher("KAFFE-53", "SE", "SEK", "53,50"),
        _voucher("KAFFE-54", "SE", "SEK", "54.00", kind="VOUCHR"),
        _voucher("KAFFE-55", "SW", "SEK", "55.00"),
        _voucher("KAFFE-56", "MY", "SEK", "56.00"),
        _voucher("KAFFE-57", "SE", "SEK", "57.00", category="dinning"),
        _voucher("KAFFE-58", "SE", "SEK", "-58.00"),
        _voucher(
            "KAFFE-59", "SE", "SEK", "55.00", delivery="LINK", link="https://example.com/fika", max_price="500.00",
            step="50.00",
        ),
        _voucher("KAFFE-60", "SE", "SEK", "60.00", title_en="=HYPERLINK(1)"),
    ]  # fmt: skip
    return _written(lines), {
        "DUPLICATE_SKU", "UNKNOWN_CURRENCY", "TOO_MANY_DECIMALS", "NOT_AN_AMOUNT", "UNKNOWN_KIND",
        "UNKNOWN_COUNTRY", "OTHER_CURRENCY", "UNKNOWN_CATEGORY", "PRICE_NOT_POSITIVE", "OFF_STEP", "FORMULA",
    }  # fmt: skip


def offers(run: str) -> bytes:
    """The same shop without mistakes: four kinds, in two markets, and every way of delivering a voucher."""
    now = datetime.now(UTC)
    return _written(
        [
            _voucher("KAFFE-50", "SE", "SEK", "50.00"),
            _voucher("KAFFE-20", "MY", "MYR", "20.00"),
            _voucher("SISTA", "SE", "SEK", "90.00"),
            _voucher("MOGEN", "SE", "SEK", "40.00", published_from=(now + timedelta(days=7)).date().isoformat()),
            _voucher("KORT", "SE", "SEK", "30.00"),
            *(_generic(sku, price, run) for sku, price in (("ALLA", "10.00"), ("SLAPP", "20.00"))),
            _voucher("PROV", "SE", "SEK", "0", delivery="ENTITLEMENT", right="SAMPLE", valid_days="30", stock="5"),
            *(_points(country, currency, price) for country, currency, price in _PRICES["POANG"]),
            *(_mug(country, currency, price) for country, currency, price in _PRICES["MUGG"]),
            _plate(),
            _pot(),
            _session("PROVNING-1", now + timedelta(days=10)),
            _session("PROVNING-2", now + timedelta(hours=20)),
            _session("PROVNING-3", now + timedelta(hours=2), price="150.00"),
        ]
    )


_PRICES = {
    "POANG": (("SE", "SEK", "60.00"), ("MY", "MYR", "25.00")),
    "MUGG": (("SE", "SEK", "149.00"), ("MY", "MYR", "59.00")),
}


def generic_code(sku: str, run: str) -> str:
    """The one code that everybody gets who takes this voucher."""
    return f"FIKA-{run}-{sku}".upper()


def _generic(sku: str, price: str, run: str) -> Line:
    """A voucher with one code for all, two of it."""
    return _voucher(
        sku, "SE", "SEK", price, delivery="GENERIC_CODE", generic_code=generic_code(sku, run), stock="2"
    )


def _points(country: str, currency: str, price: str) -> Line:
    return {
        "sku": "POANG", "kind": "BRAND_CURRENCY", "category": "dining", "country": country, "currency": currency,
        "price": price, "units": "100", "title_en": "Fika stars", "title_sv": "Fikastjärnor",
        "title_ms": "Bintang fika", "unit_name_en": "stars", "unit_name_sv": "stjärnor",
        "number_pattern": "\\d{10}", "check_digit": "luhn",
    }  # fmt: skip


def _mug(country: str, currency: str, price: str) -> Line:
    return {
        "sku": "MUGG", "kind": "MERCHANDISE", "category": "dining", "country": country, "currency": currency,
        "price": price, "stock": "3", "title_en": "A stoneware mug", "title_sv": "En mugg i stengods",
        "title_ms": "Cawan tembikar", "attribute_colour": "blue", "label_en": "Blue", "label_sv": "Blå",
    }  # fmt: skip


def _plate() -> Line:
    return {
        "sku": "FAT", "kind": "MERCHANDISE", "category": "dining", "country": "SE", "currency": "SEK",
        "price": "80.00", "stock": "6", "title_en": "A stoneware plate", "title_sv": "Ett fat i stengods",
    }  # fmt: skip


def _pot() -> Line:
    return {
        "sku": "KANNA", "kind": "MERCHANDISE", "category": "dining", "country": "SE", "currency": "SEK",
        "price": "70.00", "stock": "1", "title_en": "A coffee pot", "title_sv": "En kaffekanna",
    }  # fmt: skip


def _session(sku: str, starts: datetime, price: str = "120.00") -> Line:
    start = starts.replace(microsecond=0)
    return {
        "sku": "PROVNING", "item_sku": sku, "kind": "EXPERIENCE", "category": "dining", "country": "SE",
        "currency": "SEK", "price": price, "stock": "4", "title_en": "A coffee tasting",
        "title_sv": "En kaffeprovning", "cancel_until_hours": "24", "starts_at": start.isoformat(),
        "ends_at": (start + timedelta(hours=2)).isoformat(),
    }  # fmt: skip


def codes(run: str) -> tuple[bytes, int]:
    """Codes with one twice, one for no offer of the partner and one too few for SISTA; how many are good."""
    good = [
        {"sku": sku, "code": f"FIKA-{run}-{sku}-{number:04}".upper()}
        for sku in ("KAFFE-50", "KAFFE-20", "KORT")
        for number in range(CODES_PER_ITEM)
    ]
    good.append({"sku": "SISTA", "code": f"FIKA-{run}-SISTA".upper()})
    return _written(
        [*good, good[0], {"sku": "KAFE-50", "code": f"FIKA-{run}-LOST"}, {"sku": "MUGG", "code": "X"}]
    ), len(good)
