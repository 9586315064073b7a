"""The bench fills its books by SQL of its own: that knows every column that has to be filled."""

import re
from pathlib import Path
from typing import Any

SOURCE = (Path(__file__).parents[2] / "bench" / "books.py").read_text()
INSERTS = re.findall(r"INSERT INTO (\w+) \(([^)]*)\)", SOURCE)
NEEDED = r"""
SELECT column_name FROM information_schema.columns
WHERE table_name = $1 AND is_nullable = 'NO' AND column_default IS NULL AND is_generated = 'NEVER'
UNION
SELECT (regexp_match(pg_get_constraintdef(oid), '^CHECK \(\((\w+) IS NOT NULL\)\)$'))[1] FROM pg_constraint
WHERE conrelid = to_regclass($1::text) AND pg_get_constraintdef(oid) ~ '^CHECK \(\(\w+ IS NOT NULL\)\)$'"""


async def test_every_column_that_has_to_be_filled_is(opened_database: Any) -> None:
    missing: dict[str, set[str]] = {}
    for table, columns in INSERTS:
        needed = {row["column_name"] for row in await opened_database.fetch(NEEDED, table)}
        known = {column.strip() for column in columns.split(",")}
        if needed - known:
            missing[table] = needed - known
    assert {table for table, _ in INSERTS} >= {"redemption", "accrual", "transfer", "lot"}
    assert missing == {}
