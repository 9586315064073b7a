"""Money that has arrived for programs, and what of it went back: each with its journal."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class Origin(StrEnum):
    """How it is known that money arrived."""

    BANK = "BANK"
    STRIPE = "STRIPE"
    PERSON = "PERSON"


class TakebackCause(StrEnum):
    """Why money went back to the payer."""

    REFUND = "REFUND"
    DISPUTE = "DISPUTE"
    BANK_RETURN = "BANK_RETURN"


class Receipt(Model):
    """Money that arrived for a program, once for each `entry`: of a bank, of Stripe, or a person's word.

    `recovered_minor` of it made good what earlier money had left uncovered when it went back; the rest is funding.
    """

    id: fields.Field[UUID] = columns.key()
    program: Any = columns.ref("members.Program")
    program_id: UUID
    top_up: Any = columns.ref("billing.TopUp", null=True, index=True)
    top_up_id: UUID | None
    origin: fields.Field[str] = columns.text(20)
    entry: fields.Field[str] = columns.text(200)
    amount_minor: fields.Field[int] = columns.whole()
    recovered_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    journal: Any = columns.ref_once("ledger.Journal")
    journal_id: UUID
    received_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "funding_receipt"
        unique_together = (("origin", "entry"),)
        constraints = [
            columns.one_of("funding_receipt", "origin", Origin),
            columns.holds("funding_receipt", "amount_positive", "amount_minor > 0"),
            columns.holds("funding_receipt", "recovers_a_part", "recovered_minor BETWEEN 0 AND amount_minor"),
        ]


class Takeback(Model):
    """A receipt, or a part of it, that went back to the payer. `uncovered_minor` of it was spent by then."""

    id: fields.Field[UUID] = columns.key()
    receipt: Any = columns.ref("billing.Receipt")
    receipt_id: UUID
    cause: fields.Field[str] = columns.text(20)
    entry: fields.Field[str] = columns.text(200)
    amount_minor: fields.Field[int] = columns.whole()
    uncovered_minor: fields.Field[int] = columns.whole()
    journal: Any = columns.ref_once("ledger.Journal")
    journal_id: UUID
    taken_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "funding_takeback"
        unique_together = (("cause", "entry"),)
        constraints = [
            columns.one_of("funding_takeback", "cause", TakebackCause),
            columns.holds("funding_takeback", "amount_positive", "amount_minor > 0"),
            columns.holds("funding_takeback", "uncovers_a_part", "uncovered_minor BETWEEN 0 AND amount_minor"),
        ]
