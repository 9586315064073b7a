"""Whose day it is: members with an award by the clock, which has not been told yet."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from marketplace.earning.words import EventType
from marketplace.kit import clock, database

_NEVER = UUID(int=0)
_DUE = """
SELECT m.id AS member_id, r.id AS rule_id, r.code, v.type, local.day,
    'clock:' || r.code || ':' || local.day || ':' || m.reference AS reference
FROM earning_rule r JOIN program p ON p.id = r.program_id
CROSS JOIN LATERAL (SELECT ($1::timestamptz AT TIME ZONE p.timezone)::date AS day) local
JOIN LATERAL (
    SELECT v.terms, v.terms->'events'->>0 AS type FROM earning_rule_version v
    WHERE v.rule_id = r.id AND v.valid_from <= $1 ORDER BY v.valid_from DESC LIMIT 1
) v ON v.type IN ('ANNIVERSARY', 'ON_DATE', 'EVERY_MONTH')
JOIN member m ON m.program_id = p.id AND m.status = 'ACTIVE'
CROSS JOIN LATERAL (SELECT (m.enrolled_at AT TIME ZONE p.timezone)::date AS day) joined
WHERE r.state = 'LIVE' AND (r.id, m.id) > ($2, $3) AND CASE v.type
        WHEN 'ON_DATE' THEN v.terms->>'on_day' = local.day::text
        WHEN 'EVERY_MONTH' THEN (v.terms->>'day_of_month')::int = extract(day FROM local.day)
        ELSE joined.day < local.day AND (
            to_char(joined.day, 'MM-DD') = to_char(local.day, 'MM-DD')
            OR (to_char(joined.day, 'MM-DD') = '02-29' AND to_char(local.day, 'MM-DD') = '02-28'
                AND to_char(local.day + 1, 'MM-DD') = '03-01'))
    END
    AND NOT EXISTS (SELECT FROM earning_event e WHERE e.program_id = p.id
        AND e.reference = 'clock:' || r.code || ':' || local.day || ':' || m.reference)
ORDER BY r.id, m.id LIMIT $4"""


@dataclass(frozen=True, slots=True)
class Due:
    """An award that the calendar brings to one member today."""

    member_id: UUID
    rule_id: UUID
    rule_code: str
    type: EventType
    day: date
    reference: str

    @property
    def place(self) -> tuple[UUID, UUID]:
        """Where it stands in the list."""
        return self.rule_id, self.member_id


async def due(limit: int, after: tuple[UUID, UUID] | None) -> list[Due]:
    """The next awards of today that were not told yet, by rule and member."""
    rule, member = after or (_NEVER, _NEVER)
    return [
        Due(row["member_id"], row["rule_id"], row["code"], EventType(row["type"]), row["day"], row["reference"])
        for row in await database.rows(_DUE, clock.now(), rule, member, limit)
    ]
