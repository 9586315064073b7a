"""What we order from our banks: whose account is paid, transfers with their numbered attempts, batches."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns
from marketplace.kit.rails import Rail


class DetailsState(StrEnum):
    """PROPOSED until a second person agrees, AGREED until its wait is over and after it, or CANCELLED."""

    PROPOSED = "PROPOSED"
    AGREED = "AGREED"
    CANCELLED = "CANCELLED"


class TransferState(StrEnum):
    """What is known about money on its way through a bank; each from evidence of its own.

    PLANNED, then BATCHED in a file that is not approved; ORDERED once the bank may have it; ACCEPTED when a
    pain.002 says so; BOOKED when the debit stands on our account; RETURNED when it came back; REJECTED when the
    bank will not do it.
    """

    PLANNED = "PLANNED"
    BATCHED = "BATCHED"
    ORDERED = "ORDERED"
    ACCEPTED = "ACCEPTED"
    BOOKED = "BOOKED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"


class AttemptState(StrEnum):
    """What became of one attempt. GIVEN_UP: the bank never had it, by its statements and two people's word."""

    MADE = "MADE"
    ORDERED = "ORDERED"
    ACCEPTED = "ACCEPTED"
    BOOKED = "BOOKED"
    RETURNED = "RETURNED"
    REJECTED = "REJECTED"
    GIVEN_UP = "GIVEN_UP"
    DISCARDED = "DISCARDED"


class BatchState(StrEnum):
    """PREPARED until it is approved; APPROVED can be fetched; DISCARDED and GIVEN_UP were never at the bank."""

    PREPARED = "PREPARED"
    APPROVED = "APPROVED"
    DISCARDED = "DISCARDED"
    GIVEN_UP = "GIVEN_UP"


class Hold(StrEnum):
    """Why a planned transfer is not put into a batch now."""

    NO_BANK_DETAILS = "NO_BANK_DETAILS"
    BANK_DETAILS_CHANGING = "BANK_DETAILS_CHANGING"
    PARTNER_SUSPENDED = "PARTNER_SUSPENDED"
    WAITING_FOR_FUNDS = "WAITING_FOR_FUNDS"
    RAIL_CANNOT_REACH = "RAIL_CANNOT_REACH"


class BankDetails(Model):
    """A partner's account at its bank. `sealed` has it; `print` finds the same account again.

    Changed details are used from `usable_from` on, after another person agreed: until then nothing is paid.
    """

    id: fields.Field[UUID] = columns.key()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    state: fields.Field[str] = columns.text(20)
    country: fields.Field[str] = columns.text(2)
    shown: fields.Field[str] = columns.text(60)
    sealed: fields.Field[str] = columns.text(1500)
    print: fields.Field[str] = columns.text(64)
    proposed_by: fields.Field[UUID] = fields.UUIDField()
    proposed_at: fields.Field[datetime] = columns.moment()
    usable_from: fields.Field[datetime] = columns.moment()
    agreed_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    agreed_at: fields.Field[datetime | None] = columns.moment_or_none()
    cancelled_by: fields.Field[UUID | None] = fields.UUIDField(null=True)

    class Meta(Model.Meta):
        table = "bank_details"
        indexes = [Index(fields=["print"], name="bank_details_print")]
        constraints = [
            columns.one_of("bank_details", "state", DetailsState),
            columns.holds("bank_details", "two_people", "agreed_by IS NULL OR agreed_by <> proposed_by"),
            columns.holds("bank_details", "agreed_by_somebody", "state <> 'AGREED' OR agreed_by IS NOT NULL"),
            columns.Unique(
                fields=("partner_id",), name="bank_details_one_proposal", condition="state = 'PROPOSED'"
            ),
        ]


class BankBatch(Model):
    """One pain.001: what its transfers are together, and the file as it is fetched (sealed: it has names)."""

    id: fields.Field[UUID] = columns.key()
    account: Any = columns.ref("banking.BankAccount")
    account_id: UUID
    state: fields.Field[str] = columns.text(20)
    message_id: fields.Field[str] = columns.text(35, unique=True)
    payment_id: fields.Field[str] = columns.text(35, unique=True)
    transfers: fields.Field[int] = fields.IntField()
    control_minor: fields.Field[int] = columns.whole()
    execute_on: fields.Field[date] = columns.day()
    sha256: fields.Field[str] = columns.text(64)
    sealed: fields.Field[str] = columns.prose()
    prepared_by: fields.Field[UUID] = fields.UUIDField()
    prepared_at: fields.Field[datetime] = columns.moment()
    approved_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    approved_at: fields.Field[datetime | None] = columns.moment_or_none()
    answered_at: fields.Field[datetime | None] = columns.moment_or_none()
    answer: fields.Field[str | None] = columns.text_or_none(35)

    class Meta(Model.Meta):
        table = "bank_batch"
        constraints = [
            columns.one_of("bank_batch", "state", BatchState),
            columns.holds("bank_batch", "pays_something", "transfers > 0 AND control_minor > 0"),
            columns.holds("bank_batch", "approved_by_somebody", "state <> 'APPROVED' OR approved_by IS NOT NULL"),
        ]


class BankTransfer(Model):
    """Money to a partner's bank for one cause. `attempt` counts the attempts, each a row of its own.

    `returned_minor` is what came back of it in parts, while the rest stays BOOKED.
    """

    id: fields.Field[UUID] = columns.key()
    purpose: fields.Field[str] = columns.text(40)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    partner: Any = columns.ref("partners.Partner")
    partner_id: UUID
    rail: fields.Field[str] = columns.text(20)
    amount_minor: fields.Field[int] = columns.whole()
    returned_minor: fields.Field[int] = columns.whole(0)
    currency: fields.Field[str] = columns.text(3)
    remittance: fields.Field[str] = columns.text(140)
    state: fields.Field[str] = columns.text(20)
    hold: fields.Field[str | None] = columns.text_or_none(30)
    attempt: fields.Field[int] = fields.IntField(default=0)
    reason_code: fields.Field[str | None] = columns.text_or_none(35)
    created_at: fields.Field[datetime] = columns.moment()
    ordered_at: fields.Field[datetime | None] = columns.moment_or_none()
    accepted_at: fields.Field[datetime | None] = columns.moment_or_none()
    booked_at: fields.Field[datetime | None] = columns.moment_or_none()
    closed_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "bank_transfer"
        unique_together = (("purpose", "ref_id"),)
        indexes = [Index(fields=["state", "id"], name="bank_transfer_state")]
        constraints = [
            columns.one_of("bank_transfer", "state", TransferState),
            columns.one_of("bank_transfer", "hold", Hold),
            columns.one_of("bank_transfer", "rail", [Rail.SEPA, Rail.MANUAL]),
            columns.holds("bank_transfer", "amount_positive", "amount_minor > 0"),
            columns.holds(
                "bank_transfer",
                "parts_of_what_left",
                "returned_minor BETWEEN 0 AND amount_minor AND (returned_minor = 0 OR state = 'BOOKED')",
            ),
        ]


class BankAttempt(Model):
    """One try to pay a transfer, under an end-to-end id of its own, to the details of that moment.

    By hand it has no batch, but the bank's reference and the word of two people.
    """

    id: fields.Field[UUID] = columns.key()
    transfer: Any = columns.ref("banking.BankTransfer", index=False)
    transfer_id: UUID
    number: fields.Field[int] = fields.IntField()
    end_to_end_id: fields.Field[str] = columns.text(35, unique=True)
    batch: Any = columns.ref("banking.BankBatch", null=True, index=True)
    batch_id: UUID | None
    details: Any = columns.ref("banking.BankDetails", index=False)
    details_id: UUID
    state: fields.Field[str] = columns.text(20)
    answer: fields.Field[str | None] = columns.text_or_none(35)
    reference: fields.Field[str | None] = columns.text_or_none(80)
    paid_on: fields.Field[date | None] = columns.day_or_none()
    evidence: fields.Field[str | None] = columns.text_or_none(300)
    made_by: fields.Field[UUID] = fields.UUIDField()
    made_at: fields.Field[datetime] = columns.moment()
    confirmed_by: fields.Field[UUID | None] = fields.UUIDField(null=True)

    class Meta(Model.Meta):
        table = "bank_attempt"
        unique_together = (("transfer_id", "number"),)
        constraints = [
            columns.one_of("bank_attempt", "state", AttemptState),
            columns.holds("bank_attempt", "two_people", "confirmed_by IS NULL OR confirmed_by <> made_by"),
            columns.holds(
                "bank_attempt",
                "by_file_or_by_hand",
                "batch_id IS NOT NULL OR (reference IS NOT NULL AND paid_on IS NOT NULL)",
            ),
        ]


class BankNote(Model):
    """One step of a transfer, as evidence told it: what was known from then on, and from which file or entry."""

    id: fields.Field[UUID] = columns.key()
    transfer: Any = columns.ref("banking.BankTransfer")
    transfer_id: UUID
    attempt: fields.Field[int] = fields.IntField()
    state: fields.Field[str] = columns.text(20)
    said: fields.Field[str | None] = columns.text_or_none(300)
    file: Any = columns.ref("banking.BankFile", null=True, index=False)
    file_id: UUID | None
    entry: Any = columns.ref("banking.BankEntry", null=True, index=False)
    entry_id: UUID | None
    at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_note"
