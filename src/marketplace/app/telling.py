"""Which changes become webhooks, for whom, and what they say: one line for each.

The relay hands changes over in batches (`announcer.py`); a job writes an event for each owner who has an
endpoint, once however often it runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson

from marketplace.kit import database, ids, jobs
from marketplace.settlement import queries as statements
from marketplace.webhooks import queries
from marketplace.webhooks.models import EventType, Owner
from marketplace.webhooks.steps import Happened, tell

FAN_OUT = "webhooks.fan_out"
BOTH = (Owner.PARTNER, Owner.PROGRAM)


@dataclass(frozen=True, slots=True)
class Line:
    """A state that a topic's subject came to, as a type of event, for these owners."""

    type: EventType
    owners: tuple[Owner, ...]


AUDIENCES: Mapping[str, tuple[str, ...]] = {
    "redemption": ("member", "partner", "program"),
    "statement": ("partner",),
    "payout": ("partner", "statement"),
    "gift": ("program",),
    "notice": ("program", "member"),
    "upload": ("partner",),
    "fundingNotice": ("program",),
    "dropReminder": ("program", "member", "drop"),
    "waitingPlace": ("program", "member"),
    "invoice": ("program", "partner"),
}
"""Whose ids a change of a topic carries, as its trigger writes them."""

TOLD: Mapping[tuple[str, str | None], Line] = {
    ("redemption", "PENDING"): Line(EventType.REDEMPTION_REQUESTED, BOTH),
    ("redemption", "FULFILLED"): Line(EventType.REDEMPTION_FULFILLED, BOTH),
    ("redemption", "CANCELLED"): Line(EventType.REDEMPTION_CANCELLED, BOTH),
    ("redemption", "FAILED"): Line(EventType.REDEMPTION_FAILED, BOTH),
    ("redemption", "REFUNDED"): Line(EventType.REDEMPTION_REFUNDED, BOTH),
    ("statement", None): Line(EventType.STATEMENT_ISSUED, (Owner.PARTNER,)),
    ("payout", "SENT"): Line(EventType.PAYOUT_SENT, (Owner.PARTNER,)),
    ("payout", "IN_BANK"): Line(EventType.PAYOUT_IN_BANK, (Owner.PARTNER,)),
    ("payout", "FAILED"): Line(EventType.PAYOUT_FAILED, (Owner.PARTNER,)),
    ("payout", "PARTLY_RETURNED"): Line(EventType.PAYOUT_PARTLY_RETURNED, (Owner.PARTNER,)),
    ("gift", "CLAIMED"): Line(EventType.GIFT_CLAIMED, (Owner.PROGRAM,)),
    ("notice", None): Line(EventType.POINTS_EXPIRING, (Owner.PROGRAM,)),
    ("dropReminder", None): Line(EventType.DROP_OPENING, (Owner.PROGRAM,)),
    ("waitingPlace", "OFFERED"): Line(EventType.WAITING_OFFERED, (Owner.PROGRAM,)),
    ("waitingPlace", "PASSED"): Line(EventType.WAITING_PASSED, (Owner.PROGRAM,)),
    ("fundingNotice", None): Line(EventType.FUNDING_LOW, (Owner.PROGRAM,)),
    ("invoice", "OPEN"): Line(EventType.INVOICE_REOPENED, BOTH),
    ("upload", "PUBLISHED"): Line(EventType.UPLOAD_PUBLISHED, (Owner.PARTNER,)),
}


@dataclass(frozen=True, slots=True)
class Noted:
    """A change as the relay took it."""

    id: int
    topic: str
    subject: UUID
    audience: tuple[UUID, ...]
    state: str | None


@jobs.job(FAN_OUT)
async def fan_out(changes: str) -> None:
    """Write events and deliveries for what changed; what was written before is not written again."""
    noted = [
        Noted(id, topic, UUID(subject), tuple(map(UUID, audience)), state)
        for id, topic, subject, audience, state in orjson.loads(changes)
    ]
    endpoints = await queries.waiting_for({one for change in noted for one in change.audience})
    if not endpoints:
        return
    figures = await statements.figures_of([change.subject for change in noted if change.topic == "statement"])
    for change in noted:
        for happened in _happened(change, figures.get(change.subject, {})):
            waiting = [
                each
                for each in endpoints
                if (each.owner_id, each.owner_kind) == (happened.owner_id, happened.owner_kind)
                and happened.type.value in each.types
            ]
            if waiting:
                async with database.transaction():
                    await tell(happened, waiting)


def _happened(change: Noted, figures: Mapping[str, str]) -> list[Happened]:
    line = TOLD[change.topic, change.state]
    whose = dict(zip(AUDIENCES[change.topic], change.audience, strict=True))
    told: list[Happened] = []
    for owner in line.owners:
        data = {change.topic: ids.public(change.topic, change.subject)}
        if change.state is not None:
            data["state"] = change.state
        data |= figures
        data |= {name: ids.public(name, whose[name]) for name in ("statement", "drop") if name in whose}
        if owner is Owner.PROGRAM and "member" in whose:
            data["member"] = ids.public("member", whose["member"])
        told.append(Happened(line.type, owner, whose[owner.value.lower()], data, change.id))
    return told
