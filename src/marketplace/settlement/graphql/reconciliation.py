"""What bank, Stripe and books do not agree on yet. For finance only."""

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.banking import queries as banking
from marketplace.banking.graphql import BankEntryType
from marketplace.kit import clock, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    First,
    Info,
    MoneyType,
    actor_with,
    batched,
    describe_enum,
    load_node,
)
from marketplace.kit.refusals import BadUserInput
from marketplace.ledger.graphql.books import JournalType
from marketplace.payments import queries as payments
from marketplace.payments.graphql import StripeTransactionType
from marketplace.settlement import reconciling
from marketplace.settlement.reconciling import Apart, Side

describe_enum(
    Side,
    "Who told of something that the other side does not have.",
    name="ReconciliationSide",
    BANK="The bank has booked it, and no journal says what it was.",
    STRIPE="Stripe has it, and no journal names what it came from, or it came after its day was closed.",
    BOOKS="The books expect it at the bank or at Stripe, who has not told of it.",
)


@strawberry.type(description="Something that bank, Stripe and books do not agree on yet.")
class ReconciliationException:
    side: Side = strawberry.field(description="Who told of it.")
    amount: MoneyType = strawberry.field(description="Above zero is money to the marketplace; what is left of it.")
    day: date = strawberry.field(description="The day of it.")
    age_days: int = strawberry.field(description="How many days ago that was.")
    said: str = strawberry.field(
        description="What it is called there: a code, a kind, or the reason of a journal."
    )
    at: Side = strawberry.field(description="Whose account it is about: BANK or STRIPE.")
    row: strawberry.Private[Apart]

    @strawberry.field(description="The entry of the bank; null for the other sides.")
    async def bank_entry(self, info: Info) -> BankEntryType | None:
        return await load_node(info, "bankEntry", self.row.id) if self.row.side is Side.BANK else None

    @strawberry.field(description="The balance transaction at Stripe; null for the other sides.")
    async def stripe_transaction(self, info: Info) -> StripeTransactionType | None:
        return await load_node(info, "stripeTransaction", self.row.id) if self.row.side is Side.STRIPE else None

    @strawberry.field(
        description="The journal that waits for bank or Stripe; else the one that most likely says what it was."
    )
    async def journal(self, info: Info) -> JournalType | None:
        found = self.row.journal
        if self.row.side is Side.BANK:
            found = await batched(info, "proposed_matches", _proposals, self.row.id)
        if self.row.side is Side.STRIPE:
            found = await batched(info, "proposed_postings", _postings, self.row.id)
        return await load_node(info, "journal", found) if found else None

    @classmethod
    def of(cls, row: Apart) -> "ReconciliationException":
        return cls(
            side=row.side,
            amount=MoneyType.minor(row.minor, row.currency),
            day=row.day,
            age_days=max((clock.today() - row.day).days, 0),
            said=row.said,
            at=row.at,
            row=row,
        )


async def _proposals(info: Info, wanted: list[UUID]) -> dict[UUID, UUID]:
    return await banking.proposals(wanted)


async def _postings(info: Info, wanted: list[UUID]) -> dict[UUID, UUID]:
    return await payments.proposals(wanted)


@strawberry.type
class ReconciliationQuery:
    @strawberry.field(description="What bank, Stripe and books do not agree on yet, oldest first, for finance.")
    async def reconciliation_exceptions(
        self,
        info: Info,
        side: Annotated[Side | None, strawberry.argument(description="Only what this side told.")] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[ReconciliationException]:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        size = paging.page_size(first)
        rows = await reconciling.exceptions(side, _beyond(after), size + 1)
        cursors = [paging.encode_cursor(row.day.isoformat(), row.id.hex) for row in rows[:size]]
        page = paging.Page(rows[:size], cursors, len(rows) > size, after is not None)

        async def count() -> int:
            return await reconciling.count(side)

        return Connection[ReconciliationException].of(page, ReconciliationException.of, count)


def _beyond(after: str | None) -> tuple[date, UUID] | None:
    if after is None:
        return None
    day, id = paging.decode_cursor(after, 2)
    try:
        return date.fromisoformat(str(day)), UUID(hex=str(id))
    except ValueError:
        raise BadUserInput("This is no cursor of ours.") from None
