"""Reading the cells of one row: each either gives its value, or a finding and None."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from marketplace.kit import money
from marketplace.kit.messages import noted
from marketplace.uploads.rules import Finding, closest, finding, suggest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/:+-]{0,79}")
"""SKUs: a letter or digit, then up to 79 letters, digits, spaces and ._/:+-"""
LEAVE_BLANK = noted("Leave it blank.")
_AMOUNT = re.compile(r"-?[0-9]{1,11}(\.[0-9]{1,20})?")
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FORMULA = ("=", "+", "@", "\t=", "\r=")
_OTHER_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%m-%Y")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})


class Row:
    """One line of a file: its cells by column (blank ones are left out), and what was found in it."""

    __slots__ = ("cells", "findings", "line")

    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self.line = line
        self.cells = cells
        self.findings: list[Finding] = []

    def bad(
        self,
        column: str,
        code: str,
        message: str,
        suggestion: str = "",
        *,
        advice: str = "",
        value: str | None = None,
        **facts: str | int,
    ) -> None:
        """Note what is wrong in a column; the value is the cell's unless another is given to show."""
        shown = self.cells.get(column, "") if value is None else value
        self.findings.append(finding(self.line, column, shown, code, message, suggestion, advice, **facts))

    def needs(self, column: str) -> bool:
        """Whether the cell is filled; a finding when it is not."""
        if column in self.cells:
            return True
        self.bad(column, "MISSING_VALUE", "This cell must be filled.")
        return False

    def name(self, column: str) -> str | None:
        """A SKU."""
        text = self.cells.get(column)
        if text is None or NAME.fullmatch(text):
            return text
        self.bad(column, "BAD_SKU", "A SKU has 1 to 80 letters, digits, spaces and ._/:+-")
        return None

    def text(self, column: str, longest: int, *, lines: bool = False) -> str | None:
        """Text of people: on one line unless `lines`; nothing that a spreadsheet would run."""
        text = self.cells.get(column)
        if text is None:
            return None
        if text.startswith(_FORMULA):
            bare = text.lstrip("=+@ \t\r\n")
            self.bad(column, "FORMULA", "Text must not begin with =, + or @: spreadsheets would run it.", bare)
            return None
        if not lines:
            text = " ".join(text.split())
        if len(text) > longest:
            message = noted("At most {longest} characters fit here; these are {length}.")
            self.bad(column, "TOO_LONG", message, longest=longest, length=len(text))
            return None
        if not text.isprintable() and any(not char.isprintable() and char not in "\n\r\t" for char in text):
            self.bad(column, "CONTROL_CHARACTERS", "The text holds characters that cannot be shown.")
            return None
        return text

    def choice(self, column: str, choices: Collection[str], code: str, message: str) -> str | None:
        """One of a few words, in any case; the nearest one is suggested. The message may say the {text}."""
        text = self.cells.get(column)
        if text is None:
            return None
        for written in (text, text.upper(), text.lower()):
            if written in choices:
                return written
        self.bad(column, code, message, suggest(text, choices), text=text[:80])
        return None

    def known(self, column: str, known: Mapping[str, object], code: str, message: str) -> str | None:
        """A name that must be there already. The message may say the {text}."""
        text = self.cells.get(column)
        if text is None or text in known:
            return text
        self.bad(column, code, message, closest(text, frozenset(known)), text=text[:80])
        return None

    def whole(self, column: str, least: int, most: int) -> int | None:
        """A whole number in a range."""
        text = self.cells.get(column)
        if text is None:
            return None
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            message = noted("Give a whole number from {least} to {most}.")
            self.bad(column, "NOT_A_NUMBER", message, least=least, most=most)
            return None
        return int(text)

    def yes_or_no(self, column: str, default: bool) -> bool:
        """A yes or a no."""
        text = self.cells.get(column)
        if text is None:
            return default
        if text.lower() not in _YES | _NO:
            self.bad(column, "NOT_YES_OR_NO", "Write yes or no.", closest(text, frozenset({"yes", "no"})))
        return text.lower() in _YES

    def amount(self, column: str, currency: str | None) -> int | None:
        """An amount in minor units of a currency; None without a currency that could say how many decimals."""
        text = self.cells.get(column)
        if text is None:
            return None
        if not _AMOUNT.fullmatch(text):
            self.bad(column, "NOT_AN_AMOUNT", "Write an amount like 1250.00: digits and one point.", _point(text))
            return None
        if currency is None:
            return None
        minor = _minor(text, currency)
        if minor is not None:
            return minor
        decimals = money.minor_digits(currency)
        message = noted("Decimals that {currency} has: {decimals}; here are more.")
        fitting = f"{Decimal(text):.{decimals}f}"
        self.bad(column, "TOO_MANY_DECIMALS", message, fitting, currency=currency, decimals=decimals)
        return None

    def moment(self, column: str, *, end_of_day: bool = False, with_time: bool = False) -> datetime | None:
        """A moment in UTC: a day (its start, or its end), or a time with its offset."""
        text = self.cells.get(column)
        if text is None:
            return None
        if with_time and _DAY.fullmatch(text):
            self.bad(column, "NO_TIME", "Give the time of day too.", f"{text}T18:00:00+01:00")
            return None
        parsed = _moment(text, end_of_day)
        if isinstance(parsed, datetime):
            return parsed
        code, message, suggestion = parsed
        self.bad(column, code, message, suggestion)
        return None


def _point(text: str) -> str:
    """What an amount with a comma or spaces was meant to be, when that is clear."""
    tight = text.replace(" ", "").replace("\u00a0", "").replace("'", "")
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})*\.[0-9]+", tight):
        return tight.replace(",", "")
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{3})*,[0-9]{1,3}|[0-9]+,[0-9]{1,3}", tight):
        return tight.replace(".", "").replace(",", ".")
    return tight if _AMOUNT.fullmatch(tight) else ""


@lru_cache(maxsize=4096)
def _minor(text: str, currency: str) -> int | None:
    """Minor units; None when the amount has more decimals than its currency."""
    try:
        return money.Money.of(text, currency).minor
    except money.BadAmount:
        return None


@lru_cache(maxsize=4096)
def _moment(text: str, end_of_day: bool) -> datetime | tuple[str, str, str]:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        message = noted("Write a day like 2027-03-31, or a time with its offset like 2027-03-31T18:00:00+02:00.")
        return "BAD_DATE", message, _as_iso(text)
    if not 2000 <= parsed.year <= 2200:
        return "BAD_DATE", noted("The year must lie between 2000 and 2200."), ""
    if _DAY.fullmatch(text):
        return parsed.replace(tzinfo=UTC) + timedelta(days=1 if end_of_day else 0)
    if parsed.tzinfo is None:
        return "NO_TIME_ZONE", noted("A time needs its offset from UTC."), f"{text}+01:00, {text}Z"
    return parsed.astimezone(UTC)


def _as_iso(text: str) -> str:
    for written in _OTHER_DAYS:
        try:
            return datetime.strptime(text, written).replace(tzinfo=UTC).date().isoformat()
        except ValueError:
            continue
    return ""
