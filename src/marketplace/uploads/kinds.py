"""What each kind of offer needs in its rows, and what its figures must be."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from marketplace.catalog.models import Delivery, OfferKind
from marketplace.kit import money, vault
from marketplace.kit.messages import noted
from marketplace.uploads.cells import LEAVE_BLANK, Row

TextsOf = Callable[[Row, str], dict[str, str]]
DELIVERIES = frozenset(Delivery)
RIGHTS = frozenset({"SAMPLE", "UPGRADE", "MEMBERSHIP", "FREE_SHIPPING"})
MOST_OF_A_CODE = 200
CHECK_DIGITS = frozenset({"luhn"})
_WEB_ADDRESS = re.compile(r"https://[A-Za-z0-9.-]+\.[A-Za-z]{2,}(:[0-9]{1,5})?(/[^\s<>\"]*)?")
# A safe part of regular expressions: letters, digits and classes with counts, so that none can run away.
_PATTERN = re.compile(r"(?:(?:[A-Za-z0-9 -]|\\d|\[[A-Z0-9a-z-]{1,20}\])(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\})?){1,40}")
_OPEN_COUNT = re.compile(r"\{[0-9]+,[0-9]+\}")


def of_offer(row: Row, kind: OfferKind, texts: TextsOf) -> dict[str, Any]:
    """What the kind says of the offer as a whole."""
    if kind is OfferKind.VOUCHER:
        row.needs("delivery")
        message = noted("{text} is not a way of delivery.")
        return {"delivery": row.choice("delivery", DELIVERIES, "UNKNOWN_DELIVERY", message)}
    if kind is OfferKind.BRAND_CURRENCY:
        names = texts(row, "unit_name")
        if not names and not any(column.startswith("unit_name") for column in row.cells):
            row.bad("unit_name_en", "MISSING_VALUE", "Say what the units are called, such as miles.")
        unknown = noted("{text} is not a scheme of check digits.")
        return {
            "unit_name": names,
            "number_pattern": _pattern(row),
            "check_digit": row.choice("check_digit", CHECK_DIGITS, "UNKNOWN_CHECK_DIGIT", unknown),
        }
    if kind is OfferKind.EXPERIENCE:
        return {"cancel_until_hours": row.whole("cancel_until_hours", 0, 8760)}
    if kind is OfferKind.DONATION:
        return {"cause": texts(row, "cause")}
    return {}


def _pattern(row: Row) -> str | None:
    text = row.cells.get("number_pattern")
    if text is not None and (not _PATTERN.fullmatch(text) or len(_OPEN_COUNT.findall(text)) > 2):
        message = noted(
            "Write letters, digits, {digit} and [A-Z] with counts such as {count}; no groups, *, + or |."
        )
        row.bad("number_pattern", "BAD_PATTERN", message, "\\d{9}", digit="\\d", count="{9}")
        return None
    return text


def of_item(row: Row, kind: OfferKind, currency: str | None, price: int | None) -> dict[str, Any]:
    """What the kind says of the item: figures, dates and how its units are counted."""
    delivery = row.cells.get("delivery", "").upper() if kind is OfferKind.VOUCHER else ""
    _must_cost(row, price, free=delivery == Delivery.ENTITLEMENT)
    item: dict[str, Any] = {}
    if kind in (OfferKind.VOUCHER, OfferKind.DONATION):
        item |= _range(row, currency, price, coded=delivery == Delivery.CODE)
    if kind is OfferKind.VOUCHER:
        item |= _voucher(row, delivery, currency)
    elif kind is OfferKind.BRAND_CURRENCY:
        row.needs("units")
        item["units"] = row.whole("units", 1, 10**9)
        lots = {name: row.whole(name, 1, 100) for name in ("min_lots", "lot_step")}
        item["attributes"] = {name: number for name, number in lots.items() if number is not None}
    elif kind is OfferKind.EXPERIENCE:
        item |= _session(row)
    if kind in (OfferKind.VOUCHER, OfferKind.MERCHANDISE, OfferKind.EXPERIENCE) and delivery != Delivery.CODE:
        item["stock"] = row.whole("stock", 0, 10**9)
    return item


def _must_cost(row: Row, price: int | None, *, free: bool) -> None:
    """A price is above zero; an entitlement voucher may cost nothing."""
    if price is not None and (price < 0 or (price == 0 and not free)):
        free_ones = noted("Only vouchers delivered as ENTITLEMENT may cost nothing.")
        advice = free_ones if "delivery" in row.cells and not free else ""
        row.bad("price", "PRICE_NOT_POSITIVE", "The price must be above zero.", advice=advice)


def _voucher(row: Row, delivery: str, currency: str | None) -> dict[str, Any]:
    item: dict[str, Any] = {"face_minor": row.amount("face_value", currency), "coded": delivery == Delivery.CODE}
    if item["face_minor"] is not None and item["face_minor"] <= 0:
        row.bad("face_value", "PRICE_NOT_POSITIVE", "A face value is above zero.")
    if delivery == Delivery.CODE and "stock" in row.cells:
        row.bad(
            "stock", "STOCK_IS_CODES", "The stock of this item is the codes you upload.", advice="Leave it blank."
        )
    if delivery == Delivery.LINK:
        row.needs("link")
    if "link" in row.cells:
        if delivery != Delivery.LINK:
            row.bad("link", "NOT_FOR_KIND", "A link goes with the delivery LINK.", advice=LEAVE_BLANK)
        elif not _WEB_ADDRESS.fullmatch(row.cells["link"]) or len(row.cells["link"]) > 500:
            row.bad("link", "BAD_LINK", "Give an address that begins with https://")
        item["attributes"] = {"link": row.cells["link"]}
    return item | _generic(row, delivery) | _right(row, delivery)


def _generic(row: Row, delivery: str) -> dict[str, Any]:
    """One code for everybody, sealed as soon as it is found good; `stock` is how often it may be handed out."""
    if delivery == Delivery.GENERIC_CODE:
        row.needs("generic_code")
    code = row.cells.get("generic_code")
    if code is None:
        return {}
    if delivery != Delivery.GENERIC_CODE:
        row.bad(
            "generic_code", "NOT_FOR_KIND", "This goes with the delivery GENERIC_CODE.", advice="Leave it blank."
        )
    elif len(code) > MOST_OF_A_CODE or not code.isprintable():
        row.bad("generic_code", "BAD_CODE", "A code has 1 to {most} characters on one line.", most=MOST_OF_A_CODE)
    return {"attributes": {"generic_code": vault.seal(code)}}


def _right(row: Row, delivery: str) -> dict[str, Any]:
    """What an entitlement gives a right to, and for how many days."""
    if delivery != Delivery.ENTITLEMENT:
        for column in ("right", "valid_days"):
            if column in row.cells:
                row.bad(
                    column, "NOT_FOR_KIND", "This goes with the delivery ENTITLEMENT.", advice="Leave it blank."
                )
        return {}
    found = {
        "right": row.choice("right", RIGHTS, "UNKNOWN_RIGHT", noted("{text} is not a right.")),
        "valid_days": row.whole("valid_days", 1, 3660),
    }
    return {"attributes": {name: value for name, value in found.items() if value is not None}}


def _range(row: Row, currency: str | None, price: int | None, *, coded: bool) -> dict[str, Any]:
    """Amounts of the member's choice: from the price to max_price in steps."""
    most, step = row.amount("max_price", currency), row.amount("step", currency)
    if "max_price" not in row.cells and "step" not in row.cells:
        return {}
    if coded:
        row.bad("max_price", "RANGE_OF_CODES", "A code has one value: use a row for each amount.")
        return {}
    if not (row.needs("max_price") and row.needs("step")) or most is None or step is None or price is None:
        return {}
    if most < price:
        row.bad("max_price", "RANGE_IN_DISORDER", "The highest amount is below the price.")
    elif step <= 0:
        row.bad("step", "PRICE_NOT_POSITIVE", "A step is above zero.")
    else:
        _must_be_on_step(row, price, most, step, currency or "")
    return {"max_price_minor": most, "step_minor": step}


def _must_be_on_step(row: Row, price: int, most: int, step: int, currency: str) -> None:
    """Both ends of the range are whole steps, so that every amount in it is a round one."""
    for column, minor in (("price", price), ("max_price", most)):
        below = minor // step * step
        if minor != below:
            near = {amount for amount in (below, below + step) if amount > 0}
            shown = ", ".join(str(money.Money(amount, currency).amount) for amount in sorted(near))
            row.bad(
                column, "OFF_STEP", "This is not a multiple of the step {step}.", shown, step=row.cells["step"]
            )


def _session(row: Row) -> dict[str, Any]:
    times: dict[str, datetime | None] = {}
    for column in ("starts_at", "ends_at"):
        row.needs(column)
        times[column] = row.moment(column, with_time=True)
    if times["starts_at"] and times["ends_at"] and times["ends_at"] <= times["starts_at"]:
        row.bad("ends_at", "DATES_IN_DISORDER", "It must end after it starts.")
    return dict(times)
