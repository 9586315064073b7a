"""Days of our accounts that are closed: both sides were equal, and nothing is booked on them any more."""

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from marketplace.kit import columns


class BankDay(Model):
    """An account up to and with a day, when the bank's closing balance was ours and every entry explained."""

    id: fields.Field[UUID] = columns.key()
    account: Any = columns.ref("banking.BankAccount", index=False)
    account_id: UUID
    day: fields.Field[date] = columns.day()
    closing_minor: fields.Field[int] = columns.whole()
    statement: Any = columns.ref("banking.BankStatement", index=False)
    statement_id: UUID
    closed_by: fields.Field[UUID] = fields.UUIDField()
    closed_at: fields.Field[datetime] = columns.moment()

    append_only: ClassVar[bool] = True

    class Meta(Model.Meta):
        table = "bank_day"
        unique_together = (("account_id", "day"),)
