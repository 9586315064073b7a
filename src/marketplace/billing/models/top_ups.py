"""Money that programs pay in."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class TopUpMethod(StrEnum):
    """How a program pays in."""

    STRIPE = "STRIPE"
    STRIPE_INVOICE = "STRIPE_INVOICE"
    BANK_TRANSFER = "BANK_TRANSFER"


class TopUpState(StrEnum):
    """PENDING until the money is there; RETURNED when it went back to the payer."""

    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    RETURNED = "RETURNED"


class TopUp(Model):
    """Money that a program says it pays in before its members spend, and what of it came and went back.

    `creditor_reference` is what a bank transfer of it names. When money goes back, `uncovered_minor` is what
    members had spent of it by then: the marketplace advances it until the next money makes it good.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    method: fields.Field[str] = columns.text(20)
    state: fields.Field[str] = columns.text(20)
    reference: fields.Field[str] = columns.text(120)
    creditor_reference: fields.Field[str | None] = columns.text_or_none(25, unique=True)
    amount_minor: fields.Field[int] = columns.whole()
    received_minor: fields.Field[int] = columns.whole(0)
    returned_minor: fields.Field[int] = columns.whole(0)
    currency: fields.Field[str] = columns.text(3)
    requested_at: fields.Field[datetime] = columns.moment()
    evidence: fields.Field[str | None] = columns.text_or_none(300)
    confirmed_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    failure: fields.Field[str | None] = columns.text_or_none(120)
    uncovered_minor: fields.Field[int | None] = columns.whole_or_none()
    succeeded_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "top_up"
        unique_together = (("program_id", "reference"),)
        constraints = [
            columns.one_of("top_up", "method", TopUpMethod),
            columns.one_of("top_up", "state", TopUpState),
            columns.holds("top_up", "amount_positive", "amount_minor > 0"),
            columns.holds("top_up", "returned_came", "returned_minor BETWEEN 0 AND received_minor"),
            columns.holds("top_up", "uncovered_in_range", "uncovered_minor BETWEEN 0 AND returned_minor"),
            columns.holds(
                "top_up", "returned_says_what_it_leaves", "state <> 'RETURNED' OR uncovered_minor IS NOT NULL"
            ),
            columns.holds(
                "top_up", "succeeded_when_there", "state <> 'SUCCEEDED' OR received_minor >= amount_minor"
            ),
        ]
