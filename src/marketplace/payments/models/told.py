"""What Stripe tells: its events, and its balance transactions with the journals that say what each was."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class StripeEvent(Model):
    """The inbox of webhooks: each event of Stripe's once, processed in the transaction that marks it."""

    id: fields.Field[UUID] = columns.key()
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    type: fields.Field[str] = columns.text(80)
    account: fields.Field[str | None] = columns.text_or_none(80)
    payload: fields.Field[dict[str, Any]] = columns.facts()
    received_at: fields.Field[datetime] = columns.moment()
    processed_at: fields.Field[datetime | None] = columns.moment_or_none()
    outcome: fields.Field[str | None] = columns.text_or_none(120)

    class Meta(Model.Meta):
        table = "stripe_event"


class BalanceTransaction(Model):
    """A copy of one of the platform's balance transactions at Stripe: what the books are compared with.

    `counts_on` is its day in UTC, or the first open one if that day was closed before it was told. `explained_at`
    is when it was known what all of it was; by a person for what nothing of ours caused.
    """

    id: fields.Field[UUID] = columns.key()
    stripe_id: fields.Field[str] = columns.text(80, unique=True)
    type: fields.Field[str] = columns.text(60)
    amount_minor: fields.Field[int] = columns.whole()
    fee_minor: fields.Field[int] = columns.whole()
    net_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    source: fields.Field[str | None] = columns.text_or_none(80)
    created_at: fields.Field[datetime] = columns.moment()
    available_on: fields.Field[datetime] = columns.moment()
    counts_on: fields.Field[date] = columns.day()
    explained_at: fields.Field[datetime | None] = columns.moment_or_none()
    explained_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    note: fields.Field[str | None] = columns.text_or_none(300)

    class Meta(Model.Meta):
        table = "balance_transaction"
        indexes = [
            Index(fields=["currency", "created_at"], name="balance_transaction_created"),
            Index(fields=["currency", "counts_on"], name="balance_transaction_counts"),
            Index(fields=["source"], name="balance_transaction_source"),
            Index(fields=["explained_at", "id"], name="balance_transaction_explained"),
        ]


class StripePosting(Model):
    """What a journal moved of our balance at Stripe, and the id there of what it is about.

    That is a charge, a refund, a transfer or its reversal, a dispute, a payout. `transaction` is the balance
    transaction that tells the same. `counted_on` is the closed day whose figure of the books it is part of.
    """

    id: fields.Field[UUID] = columns.key()
    journal: Any = columns.ref("ledger.Journal", index=False)
    journal_id: UUID
    source: fields.Field[str] = columns.text(80)
    minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    posted_at: fields.Field[datetime] = columns.moment()
    transaction: Any = columns.ref("payments.BalanceTransaction", null=True, index=True)
    transaction_id: UUID | None
    matched_at: fields.Field[datetime | None] = columns.moment_or_none()
    counted_on: fields.Field[date | None] = columns.day_or_none()

    class Meta(Model.Meta):
        table = "stripe_posting"
        unique_together = (("journal_id", "source"),)
        indexes = [
            Index(fields=["source"], name="stripe_posting_source"),
            Index(fields=["matched_at", "id"], name="stripe_posting_matched"),
            Index(fields=["currency", "counted_on"], name="stripe_posting_counted"),
        ]
        constraints = [
            columns.holds("stripe_posting", "moves_something", "minor <> 0"),
            columns.holds("stripe_posting", "matched_with", "(transaction_id IS NULL) = (matched_at IS NULL)"),
        ]


class StripeDay(Model):
    """Our balance at Stripe in one currency up to and with a day (UTC) on which Stripe and the books were equal.

    `crossing_minor` is what one side has on an earlier day than the other: closing = books + crossing. What the
    books had is what the postings that are counted on this day and those before it come to.
    """

    id: fields.Field[UUID] = columns.key()
    currency: fields.Field[str] = columns.text(3)
    day: fields.Field[date] = columns.day()
    opening_minor: fields.Field[int] = columns.whole()
    closing_minor: fields.Field[int] = columns.whole()
    crossing_minor: fields.Field[int] = columns.whole()
    transactions: fields.Field[int] = fields.IntField()
    closed_by: fields.Field[UUID] = fields.UUIDField()
    closed_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "stripe_day"
        unique_together = (("currency", "day"),)


class BalanceReading(Model):
    """Up to when all that Stripe tells of our balance is copied. There is one row."""

    id: fields.Field[UUID] = columns.key()
    reached_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "balance_reading"
