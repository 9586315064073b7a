"""Reading a file into lines of cells: CSV in UTF-8 with any usual delimiter, or the first sheet of an XLSX.

Nothing here raises: what is wrong with a file as a whole is a fault, and a file with a fault cannot be published.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time

from openpyxl import load_workbook

from marketplace.kit.messages import noted
from marketplace.uploads.rules import Finding, finding

MOST_ROWS = 100_000
MOST_SHEET_ROWS = 20_000
MOST_COLUMNS = 200
MOST_SHEET_BYTES = 200_000_000
"""What an XLSX may unpack to: it is a zip archive, and a small one can hold a very large sheet."""
CELL_LENGTH = 10_000
DELIMITERS = ",;\t"
ZIP, OLD_OFFICE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SAVE_AS = noted("Save it as “CSV UTF-8” or as XLSX.")

Line = tuple[int, list[str]]


@dataclass(slots=True)
class Table:
    """A file's lines: the header, and every line below it with its number in the file."""

    header: list[str] = field(default_factory=list[str])
    header_line: int = 1
    rows: list[Line] = field(default_factory=list[Line])
    faults: list[Finding] = field(default_factory=list[Finding])

    def fault(
        self, line: int, code: str, message: str, advice: str = "", value: str = "", **facts: str | int
    ) -> None:
        """Note something that is wrong with the file as a whole, and what to do about it."""
        self.faults.append(finding(line, "", value, code, message, "", advice, **facts))


def read(content: bytes) -> Table:
    """The table in a file; its faults say what could not be read, and where."""
    table = Table()
    if content.startswith(ZIP):
        _fill(table, _sheet_lines(table, content), MOST_SHEET_ROWS)
    elif content.startswith(OLD_OFFICE):
        table.fault(1, "NOT_A_TABLE", "This is a workbook of an old kind (XLS) or another document.", SAVE_AS)
    else:
        text = _decoded(table, content)
        if text is not None:
            _fill(table, _csv_lines(table, text), MOST_ROWS)
    if not table.faults and not table.header:
        table.fault(1, "EMPTY_FILE", "The file is empty.", advice="Begin with a line of column names.")
    elif not table.faults and not table.rows:
        table.fault(table.header_line, "EMPTY_FILE", "The file has column names and no rows below them.")
    return table


def _fill(table: Table, lines: Iterable[Line], most: int) -> None:
    """Header first, then rows; blank lines are skipped. Too many rows are a fault, and then there are none."""
    for number, cells in lines:
        if not any(cells):
            continue
        if not table.header:
            table.header, table.header_line = cells, number
        elif len(table.rows) == most:
            table.rows = []
            message = noted("A file has at most {most} rows.")
            table.fault(number, "TOO_MANY_ROWS", message, advice="Split it into several.", most=most)
            return
        else:
            table.rows.append((number, cells))


def _decoded(table: Table, content: bytes) -> str | None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        value = f"byte 0x{content[error.start]:02X}"
        advice = noted("Save it as “CSV UTF-8”.")
        table.fault(line, "NOT_UTF8", "The file is not text in UTF-8.", advice, value)
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        table.fault(line, "NOT_A_TABLE", "The file holds characters that no table has.", SAVE_AS)
        return None
    return text


def _csv_lines(table: Table, text: str) -> Iterator[Line]:
    lines = io.StringIO(text, newline="")
    first = next((line for line in lines if line.strip()), "")
    start, lead = 1, first.strip()
    if lead.lower().startswith("sep=") and len(lead) == 5:  # a line that Excel writes for itself
        delimiter, start = lead[4], text[: lines.tell()].count("\n") + 1
    else:
        delimiter = max(DELIMITERS, key=_outside_quotes(first).count)
        lines.seek(0)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number, skipped = start, start - 1
    try:
        for cells in reader:
            yield number, [cell.strip() for cell in cells]
            number = skipped + reader.line_num + 1
    except csv.Error as error:
        table.rows = []
        table.fault(
            number,
            "UNREADABLE_LINE",
            "The line cannot be read: {reason}.",
            advice="A cell that holds quotes needs them doubled, and quotes around it: {example}.",
            reason=str(error),
            example='"5"" screen"',
        )


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def _sheet_lines(table: Table, content: bytes) -> Iterator[Line]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MOST_SHEET_BYTES:
            table.fault(1, "NOT_A_TABLE", "The workbook unpacks to more than can be read.", SAVE_AS)
            return
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS, max_row=MOST_SHEET_ROWS + 2)
        for number, cells in enumerate(rows, start=1):
            texts = [_text(cell) for cell in cells]
            while texts and not texts[-1]:
                texts.pop()
            yield number, texts
    except Exception:  # noqa: BLE001 (a broken workbook makes openpyxl raise nearly anything)
        table.rows = []
        table.fault(1, "NOT_A_TABLE", "The workbook cannot be read.", SAVE_AS)


def _text(cell: object) -> str:
    """A cell of a workbook as it would stand in a CSV; formulas stay what they are, `=…`."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell).strip()
