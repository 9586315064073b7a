"""What banks tell: our accounts, the files, the statements in them, and each entry."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from marketplace.kit import columns


class FileKind(StrEnum):
    """The messages of ISO 20022 that a bank sends us."""

    CAMT053 = "CAMT053"
    CAMT054 = "CAMT054"
    PAIN002 = "PAIN002"


class Direction(StrEnum):
    """Whether an entry brings money to our account or takes it away."""

    CREDIT = "CREDIT"
    DEBIT = "DEBIT"


class BankAccount(Model):
    """An account of ours at a bank, one a currency. `opening_minor` is what stood there when we began to count."""

    id: fields.Field[UUID] = columns.key()
    iban: fields.Field[str] = columns.text(34, unique=True)
    bic: fields.Field[str] = columns.text(11)
    holder: fields.Field[str] = columns.text(70)
    currency: fields.Field[str] = columns.text(3, unique=True)
    opening_minor: fields.Field[int] = columns.whole()
    opened_on: fields.Field[date] = columns.day()
    registered_by: fields.Field[UUID] = fields.UUIDField()
    registered_at: fields.Field[datetime] = columns.moment()

    class Meta(Model.Meta):
        table = "bank_account"


class BankFile(Model):
    """One message of a bank, or a page of one, read once: its own id, and a digest of its bytes."""

    id: fields.Field[UUID] = columns.key()
    kind: fields.Field[str] = columns.text(20)
    message_id: fields.Field[str] = columns.text(35)
    page: fields.Field[int] = fields.IntField(default=1)
    name: fields.Field[str] = columns.text(200)
    sha256: fields.Field[str] = columns.text(64)
    entries: fields.Field[int] = fields.IntField()
    new_entries: fields.Field[int] = fields.IntField()
    skipped: fields.Field[int] = fields.IntField(default=0)
    read_by: fields.Field[UUID] = fields.UUIDField()
    read_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_file"
        unique_together = (("kind", "message_id", "page"),)
        constraints = [columns.one_of("bank_file", "kind", FileKind)]


class BankStatement(Model):
    """What a camt.053 says of one account and stretch of time: closing = opening + credits - debits."""

    id: fields.Field[UUID] = columns.key()
    account: Any = columns.ref("banking.BankAccount", index=False)
    account_id: UUID
    file: Any = columns.ref("banking.BankFile")
    file_id: UUID
    bank_id: fields.Field[str] = columns.text(35)
    opening_minor: fields.Field[int] = columns.whole()
    closing_minor: fields.Field[int] = columns.whole()
    closing_on: fields.Field[date] = columns.day()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_statement"
        unique_together = (("account_id", "bank_id"),)
        indexes = [Index(fields=["account_id", "closing_on", "id"], name="bank_statement_newest")]


class BankPage(Model):
    """A page of a statement that the bank tells in several; the statement stands once all of them are there.

    It moves the account by `moved_minor` in so many parts, and says the statement's balances or not.
    """

    id: fields.Field[UUID] = columns.key()
    account: Any = columns.ref("banking.BankAccount", index=False)
    account_id: UUID
    file: Any = columns.ref("banking.BankFile")
    file_id: UUID
    bank_id: fields.Field[str] = columns.text(35)
    number: fields.Field[int] = fields.IntField()
    is_last: fields.Field[bool] = columns.flag()
    parts: fields.Field[int] = fields.IntField()
    moved_minor: fields.Field[int] = columns.whole()
    opening_minor: fields.Field[int | None] = columns.whole_or_none()
    closing_minor: fields.Field[int | None] = columns.whole_or_none()
    closing_on: fields.Field[date | None] = columns.day_or_none()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_page"
        unique_together = (("account_id", "bank_id", "number"),)


class BankEntry(Model):
    """The smallest part of a booking that the bank tells of, numbered under the reference of its entry.

    `reference` is the bank's own, or a print of the facts where it gives none. `file` told it first, `statement`
    is the camt.053 that has it, `page` the page of one that comes in several. `counterparty` is sealed: who it
    was, and their account. `explained_at` is when journals had said what all of it was.
    """

    id: fields.Field[UUID] = columns.key()
    account: Any = columns.ref("banking.BankAccount", index=False)
    account_id: UUID
    file: Any = columns.ref("banking.BankFile")
    file_id: UUID
    statement: Any = columns.ref("banking.BankStatement", null=True, index=True)
    statement_id: UUID | None
    page: Any = columns.ref("banking.BankPage", null=True, index=True)
    page_id: UUID | None
    direction: fields.Field[str] = columns.text(10)
    reference: fields.Field[str] = columns.text(80)
    part: fields.Field[int] = fields.IntField()
    amount_minor: fields.Field[int] = columns.whole()
    currency: fields.Field[str] = columns.text(3)
    booked_on: fields.Field[date] = columns.day()
    valued_on: fields.Field[date | None] = columns.day_or_none()
    code: fields.Field[str] = columns.text(80)
    end_to_end_id: fields.Field[str | None] = columns.text_or_none(35)
    batch_reference: fields.Field[str | None] = columns.text_or_none(35)
    returned: fields.Field[bool] = columns.flag()
    return_reason: fields.Field[str | None] = columns.text_or_none(35)
    remittance: fields.Field[str] = columns.text(1000)
    creditor_reference: fields.Field[str | None] = columns.text_or_none(35)
    counterparty: fields.Field[str | None] = columns.text_or_none(1200)
    told_at: fields.Field[datetime] = columns.moment()
    explained_at: fields.Field[datetime | None] = columns.moment_or_none()

    class Meta(Model.Meta):
        table = "bank_entry"
        unique_together = (("account_id", "booked_on", "direction", "reference", "part"),)
        indexes = [
            Index(fields=["account_id", "booked_on", "id"], name="bank_entry_booked"),
            Index(fields=["explained_at", "id"], name="bank_entry_explained"),
            Index(fields=["end_to_end_id"], name="bank_entry_end_to_end"),
        ]
        constraints = [
            columns.one_of("bank_entry", "direction", Direction),
            columns.holds("bank_entry", "amount_positive", "amount_minor > 0"),
        ]


class BankMatch(Model):
    """That a journal says what a bank entry was, or a part of it. A journal explains one entry."""

    id: fields.Field[UUID] = columns.key()
    entry: Any = columns.ref("banking.BankEntry")
    entry_id: UUID
    journal: Any = columns.ref_once("ledger.Journal")
    journal_id: UUID
    amount_minor: fields.Field[int] = columns.whole()
    matched_by: fields.Field[UUID | None] = fields.UUIDField(null=True)
    note: fields.Field[str | None] = columns.text_or_none(300)
    matched_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_match"
        constraints = [columns.holds("bank_match", "amount_positive", "amount_minor > 0")]
