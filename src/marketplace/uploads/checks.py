"""What must always be true of uploads."""

from collections.abc import AsyncIterator

from marketplace.kit import database
from marketplace.kit.checks import Check, Violation

_MISCOUNTED = """
SELECT u.id, u.kind, u.state, u.rows_good, kept.rows
FROM upload u, LATERAL (SELECT count(*) AS rows FROM upload_row r WHERE r.upload_id = u.id) kept
WHERE u.rows_total <> u.rows_good + u.rows_bad
   OR kept.rows <> CASE WHEN u.state = 'DISCARDED' OR (u.state = 'PUBLISHED' AND u.kind = 'CODES')
                        THEN 0 ELSE u.rows_good END
   OR (u.state = 'PUBLISHED') <> (u.published_at IS NOT NULL)"""
_READABLE = """
SELECT r.id FROM upload_row r JOIN upload u ON u.id = r.upload_id
WHERE u.kind = 'CODES' AND (r.data ? 'code' OR NOT r.data ? 'ciphertext')"""


async def check_rows_are_counted() -> AsyncIterator[Violation]:
    """A file's rows are its good ones and its bad ones; what is published or given up keeps no codes."""
    for row in await database.rows(_MISCOUNTED):
        detail = f"{row['kind']} {row['state']}: {row['rows_good']} good, {row['rows']} kept"
        yield Violation("uploads.rows_are_counted", f"upload {row['id']}", detail)


async def check_codes_are_sealed() -> AsyncIterator[Violation]:
    """No code waits in the clear to be published."""
    for row in await database.rows(_READABLE):
        yield Violation("uploads.codes_are_sealed", f"upload_row {row['id']}", "a code is not sealed")


CHECKS: tuple[Check, ...] = (check_rows_are_counted, check_codes_are_sealed)
