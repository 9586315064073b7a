"""Tables of the books. The application's role may only SELECT and INSERT accounts, journals and transfers."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class OwnerKind(StrEnum):
    """Whose account it is."""

    MEMBER = "MEMBER"
    PROGRAM = "PROGRAM"
    PARTNER = "PARTNER"
    MARKETPLACE = "MARKETPLACE"


class Purpose(StrEnum):
    """What an account is for."""

    WALLET = "WALLET"
    HELD = "HELD"
    ISSUED = "ISSUED"
    REDEEMED = "REDEEMED"
    BREAKAGE = "BREAKAGE"
    TIER_DISCOUNT = "TIER_DISCOUNT"
    FUNDING = "FUNDING"
    FUNDING_HELD = "FUNDING_HELD"
    CREDIT_LINE = "CREDIT_LINE"
    UNCOVERED = "UNCOVERED"
    PAYABLE = "PAYABLE"
    RESERVE = "RESERVE"
    DUE = "DUE"
    IN_TRANSIT = "IN_TRANSIT"
    STRIPE_CONNECTED = "STRIPE_CONNECTED"
    COMMISSION = "COMMISSION"
    COMMISSION_VAT = "COMMISSION_VAT"
    CASH_DUE = "CASH_DUE"
    FX = "FX"
    CARD_CLEARING = "CARD_CLEARING"
    STRIPE_CLEARING = "STRIPE_CLEARING"
    STRIPE_FEES = "STRIPE_FEES"
    DISPUTED = "DISPUTED"
    BANK = "BANK"
    BANK_CLEARING = "BANK_CLEARING"
    OWN_FUNDS = "OWN_FUNDS"
    ADJUSTMENTS = "ADJUSTMENTS"


class PeriodState(StrEnum):
    """A period stays closed until a second person has agreed to open it again."""

    CLOSED = "CLOSED"
    REOPENING = "REOPENING"
    REOPENED = "REOPENED"


GUARDED = frozenset({Purpose.WALLET, Purpose.HELD, Purpose.FUNDING})
FUNDING_SLICES = 8


class Account(Model):
    """A place where units of one kind stand. Guarded ones have a balance row that cannot go below zero."""

    id: fields.Field[UUID] = columns.key()
    owner_kind: fields.Field[str] = columns.text(20)
    owner_id: fields.Field[UUID] = fields.UUIDField()
    purpose: fields.Field[str] = columns.text(30)
    unit: fields.Field[str] = columns.text(30)
    slice: fields.Field[int] = fields.SmallIntField(default=0)
    guarded: fields.Field[bool] = columns.flag()
    opened_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "account"
        unique_together = (("owner_kind", "owner_id", "purpose", "unit", "slice"), ("id", "unit"))
        constraints = [
            columns.one_of("account", "owner_kind", OwnerKind),
            columns.one_of("account", "purpose", Purpose),
        ]


class Balance(Model):
    """Credits minus debits of a guarded account, kept by the statement that posts to it."""

    account: Any = columns.ref_key("ledger.Account")
    account_id: UUID
    balance: fields.Field[int] = columns.whole(0)

    class Meta(Model.Meta):
        table = "balance"
        constraints = [columns.holds("balance", "never_negative", "balance >= 0")]


class Journal(Model):
    """Why transfers were made. (reason, ref_id) is unique: one cause is posted once."""

    id: fields.Field[UUID] = columns.key()
    reason: fields.Field[str] = columns.text(60)
    ref_type: fields.Field[str] = columns.text(60)
    ref_id: fields.Field[UUID] = fields.UUIDField()
    booked_at: fields.Field[datetime] = columns.moment()
    effective_on: fields.Field[date] = columns.day()
    corrects: Any = columns.ref("ledger.Journal", null=True)
    corrects_id: UUID | None

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "journal"
        unique_together = (("reason", "ref_id"),)
        indexes = [
            Index(fields=["ref_id"], name="journal_ref"),
            Index(fields=["booked_at", "id"], name="journal_booked"),
            Index(fields=["effective_on"], name="journal_effective"),
        ]


class Transfer(Model):
    """An amount of one unit from the debit account to the credit account. Append-only.

    Composite foreign keys (account, unit), made in the migration, hold both accounts to the transfer's unit.
    """

    id: fields.Field[UUID] = columns.key()
    journal: Any = columns.ref("ledger.Journal")
    journal_id: UUID
    debit_account_id: fields.Field[UUID] = fields.UUIDField()
    credit_account_id: fields.Field[UUID] = fields.UUIDField()
    unit: fields.Field[str] = columns.text(30)
    amount: fields.Field[int] = columns.whole()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "transfer"
        indexes = [
            Index(fields=["debit_account_id", "id"], name="transfer_debit"),
            Index(fields=["credit_account_id", "id"], name="transfer_credit"),
        ]
        constraints = [
            columns.holds("transfer", "amount_positive", "amount > 0"),
            columns.holds("transfer", "two_accounts", "debit_account_id <> credit_account_id"),
        ]


class FxRate(Model):
    """Units of `quote` for one unit of `base`, as one source stated it at one time."""

    id: fields.Field[UUID] = columns.key()
    base: fields.Field[str] = columns.text(3)
    quote: fields.Field[str] = columns.text(3)
    rate: fields.Field[Decimal] = columns.exact()
    source: fields.Field[str] = columns.text(80)
    as_of: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "fx_rate"
        unique_together = (("base", "quote", "as_of"),)
        indexes = [Index(fields=["as_of"], name="fx_rate_as_of")]
        constraints = [columns.holds("fx_rate", "positive", "rate > 0")]


class LedgerDigest(Model):
    """A day's transfers as one SHA-256, chained to the day before: tampering with the past shows."""

    id: fields.Field[UUID] = columns.key()
    day: fields.Field[date] = fields.DateField(unique=True)
    transfers: fields.Field[int] = columns.whole()
    previous: fields.Field[str] = columns.text(64)
    digest: fields.Field[str] = columns.text(64)
    made_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "ledger_digest"


class PeriodClose(Model):
    """The books are closed up to and with a day, by one person; to open them again takes two.

    A trigger on `journal` moves what would count on a closed day to the first open one. `digest` is SHA-256 over
    the trial balance that was closed.
    """

    id: fields.Field[UUID] = columns.key()
    until: fields.Field[date] = columns.day()
    state: fields.Field[str] = columns.text(20)
    note: fields.Field[str] = columns.text(300, default="")
    digest: fields.Field[str] = columns.text(64)
    closed_by: fields.Field[UUID] = fields.UUIDField()
    closed_at: fields.Field[datetime] = columns.moment()
    reason: fields.Field[str | None] = columns.text_or_none(300)
    reopening_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    reopening_at: fields.Field[datetime | None] = columns.moment_or_none()
    reopened_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    reopened_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "period_close"
        constraints = [
            columns.one_of("period_close", "state", PeriodState),
            columns.holds("period_close", "two_people", "reopened_by IS NULL OR reopened_by <> reopening_by"),
            columns.holds(
                "period_close", "reopened_by_somebody", "(state = 'REOPENED') = (reopened_by IS NOT NULL)"
            ),
            columns.holds("period_close", "proposed_by_somebody", "(state = 'CLOSED') = (reopening_by IS NULL)"),
        ]
