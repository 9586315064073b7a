"""The rehearsal of a file: every row is looked at once, and either good or told what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from marketplace.uploads import headers
from marketplace.uploads.cells import Row
from marketplace.uploads.headers import Column
from marketplace.uploads.rules import Finding
from marketplace.uploads.tables import Table

Data = dict[str, Any]


@dataclass(slots=True)
class Checked:
    """What a rehearsal found: good rows (line, and JSON as it will be kept), findings, and the number of rows."""

    good: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    findings: list[Finding] = field(default_factory=list[Finding])
    rows_total: int = 0

    @property
    def rows_bad(self) -> int:
        """Rows that cannot be published."""
        return self.rows_total - len(self.good)


def rehearse(table: Table, columns: list[Column | None], check: Callable[[Row], Data | None]) -> Checked:
    """Let `check` look at every row. A fault of the file as a whole leaves no row good, but all are looked at."""
    checked = Checked(findings=list(table.faults), rows_total=len(table.rows))
    if not any(columns):
        return checked
    for line in table.rows:
        cells, beyond = headers.cells_of(line, columns)
        row = Row(line[0], cells)
        if beyond:
            row.bad("", "TOO_MANY_CELLS", "Cells that stand beyond the last column: {beyond}.", beyond=beyond)
        data = check(row)
        if data is not None and not row.findings and not table.faults:
            checked.good.append((row.line, orjson.dumps(_filled(data)).decode()))
        checked.findings += row.findings
    return checked


def _filled(data: Data) -> Data:
    """The data without what is empty."""
    return {
        name: _filled(value) if isinstance(value, dict) else value  # pyright: ignore[reportUnknownArgumentType]
        for name, value in data.items()
        if value is not None and value != {}
    }
