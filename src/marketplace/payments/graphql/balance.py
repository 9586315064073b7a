"""Our balance at Stripe: each balance transaction, what it was, and closing a day. For finance only."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import strawberry

from marketplace.access.refusals import SecondPersonNeeded
from marketplace.kit import ids, paging
from marketplace.kit.actor import ActorKind, Scope
from marketplace.kit.graphql import (
    After,
    Connection,
    CurrencyCode,
    First,
    Info,
    MoneyType,
    Node,
    WriteInput,
    actor_of,
    actor_with,
    batched,
    describe_enum,
    id_of,
    load_node,
    mutation,
    node_loader,
)
from marketplace.kit.refusals import InvalidInput, NotFound
from marketplace.ledger.graphql.books import JournalType
from marketplace.payments import days, operations, queries
from marketplace.payments.days import KindOfDay, Standing
from marketplace.payments.models import BalanceTransaction, StripeDay, StripePosting
from marketplace.payments.refusals import (
    NotThatStripeJournal,
    StripeDayClosed,
    StripeDayNotEqual,
    StripeDayUnexplained,
    StripeDayUnknown,
    StripeTransactionExplained,
)

describe_enum(
    operations.StripeOwnPurpose,
    "What a balance transaction was when nothing of ours caused it.",
    OWN_FUNDS="The marketplace moved its own money.",
    GAIN_OR_LOSS="A difference that the marketplace bears, or has.",
)


@strawberry.type(name="StripePosting", description="What a journal says of a balance transaction.")
class StripePostingType:
    amount: MoneyType = strawberry.field(description="What it moved; above zero is to our balance.")
    source: str = strawberry.field(description="Stripe's id of what it is about.")
    row: strawberry.Private[StripePosting]

    @strawberry.field(description="The journal.")
    async def journal(self, info: Info) -> JournalType | None:
        return await load_node(info, "journal", self.row.journal_id)


@strawberry.type(name="StripeTransaction", description="A change of the marketplace's balance at Stripe.")
class StripeTransactionType(Node):
    stripe_id: str = strawberry.field(description="Stripe's id of it.")
    kind: str = strawberry.field(description="What kind it is, in Stripe's words.")
    source: str | None = strawberry.field(description="Stripe's id of what it came from.")
    amount: MoneyType = strawberry.field(description="How much, before Stripe's fee; above zero is to us.")
    fee: MoneyType = strawberry.field(description="Stripe's fee.")
    net: MoneyType = strawberry.field(description="What the balance changed by.")
    created_at: datetime = strawberry.field(description="When it happened.")
    available_on: datetime = strawberry.field(description="When the money can be used.")
    counts_on: date = strawberry.field(description="Its day in UTC, or a later one if that was closed before.")
    explained_at: datetime | None = strawberry.field(description="When it was known what it was; null before.")
    note: str | None = strawberry.field(description="How a person knew what it was.")
    row: strawberry.Private[BalanceTransaction]

    @strawberry.field(description="What journals say of it; together all of it once it is explained.")
    async def matches(self, info: Info) -> list[StripePostingType]:
        found = await batched(info, "stripe_postings", _postings, self.row.id)
        return [
            StripePostingType(amount=MoneyType.minor(each.minor, each.currency), source=each.source, row=each)
            for each in found or []
        ]

    @classmethod
    def of(cls, row: BalanceTransaction) -> "StripeTransactionType":
        return cls(
            id=strawberry.ID(ids.public("stripeTransaction", row.id)),
            stripe_id=row.stripe_id,
            kind=row.type,
            source=row.source,
            amount=MoneyType.minor(row.amount_minor, row.currency),
            fee=MoneyType.minor(row.fee_minor, row.currency),
            net=MoneyType.minor(row.net_minor, row.currency),
            created_at=row.created_at,
            available_on=row.available_on,
            counts_on=row.counts_on,
            explained_at=row.explained_at,
            note=row.note,
            row=row,
        )


async def _postings(_info: Info, wanted: list[UUID]) -> dict[UUID, list[StripePosting]]:
    return await queries.postings_of(wanted)


@node_loader("stripeTransaction")
async def load_transactions(info: Info, wanted: list[UUID]) -> dict[UUID, StripeTransactionType]:
    rows = await queries.transactions_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: StripeTransactionType.of(row) for row in rows}


@strawberry.type(name="StripeDay", description="Our balance at Stripe up to a day on which both sides were equal.")
class StripeDayType(Node):
    currency: CurrencyCode = strawberry.field(description="The currency.")
    day: date = strawberry.field(description="The day, in UTC.")
    opening: MoneyType = strawberry.field(description="What stood there when the last closed day ended.")
    closing: MoneyType = strawberry.field(description="What both sides said stood there.")
    crossing: MoneyType = strawberry.field(
        description="What of it the books have on a later day (below zero: Stripe has), each matched by its id."
    )
    transactions: int = strawberry.field(description="How many balance transactions it has.")
    closed_at: datetime = strawberry.field(description="When it was closed.")
    closed_by: strawberry.ID = strawberry.field(description="The operator who closed it.")

    @classmethod
    def of(cls, row: StripeDay) -> "StripeDayType":
        return cls(
            id=strawberry.ID(ids.public("stripeDay", row.id)),
            currency=CurrencyCode(row.currency),
            day=row.day,
            opening=MoneyType.minor(row.opening_minor, row.currency),
            closing=MoneyType.minor(row.closing_minor, row.currency),
            crossing=MoneyType.minor(row.crossing_minor, row.currency),
            transactions=row.transactions,
            closed_at=row.closed_at,
            closed_by=strawberry.ID(ids.public("operator", row.closed_by)),
        )


@node_loader("stripeDay")
async def load_days(info: Info, wanted: list[UUID]) -> dict[UUID, StripeDayType]:
    rows = await queries.days_visible_to(actor_of(info)).filter(id__in=wanted)
    return {row.id: StripeDayType.of(row) for row in rows}


@strawberry.type(description="What one kind of balance transactions comes to.")
class StripeDayKind:
    kind: str = strawberry.field(description="The kind, in Stripe's words.")
    number: int = strawberry.field(description="How many there are.")
    amount: MoneyType = strawberry.field(description="What they are together, before fees.")
    fee: MoneyType = strawberry.field(description="Stripe's fees on them.")
    net: MoneyType = strawberry.field(description="What the balance changed by.")

    @classmethod
    def of(cls, found: KindOfDay, currency: str) -> "StripeDayKind":
        return cls(
            kind=found.kind,
            number=found.number,
            amount=MoneyType.minor(found.amount_minor, currency),
            fee=MoneyType.minor(found.fee_minor, currency),
            net=MoneyType.minor(found.net_minor, currency),
        )


@strawberry.type(description="How Stripe and the books stand at the end of a day: what closing it would find.")
class StripeStanding:
    since: date = strawberry.field(
        description="The first day since the last one that is closed, or the day itself."
    )
    opening: MoneyType = strawberry.field(description="What stood at Stripe before.")
    kinds: list[StripeDayKind] = strawberry.field(description="What moved it since, by kind.")
    stripe: MoneyType = strawberry.field(description="What Stripe says stands there: the opening and its kinds.")
    books: MoneyType = strawberry.field(description="What the books say stands there.")
    crossing: MoneyType = strawberry.field(
        description="What the books have on a later day (below zero: Stripe has), each matched by its id."
    )
    apart: MoneyType = strawberry.field(description="Stripe less books less crossing: zero when both are equal.")
    unexplained: int = strawberry.field(description="How many balance transactions nobody has explained.")
    told_until: date | None = strawberry.field(description="The last day of which Stripe has told all.")

    @classmethod
    def of(cls, found: Standing, told_until: date | None) -> "StripeStanding":
        currency = found.currency
        return cls(
            since=found.since,
            opening=MoneyType.minor(found.opening_minor, currency),
            kinds=[StripeDayKind.of(kind, currency) for kind in found.kinds],
            stripe=MoneyType.minor(found.stripe_minor, currency),
            books=MoneyType.minor(found.books_minor, currency),
            crossing=MoneyType.minor(found.crossing_minor, currency),
            apart=MoneyType.minor(found.apart_minor, currency),
            unexplained=found.unexplained,
            told_until=told_until,
        )


@strawberry.type
class BalanceQuery:
    @strawberry.field(description="Changes of our balance at Stripe, newest first, for finance.")
    async def stripe_transactions(
        self,
        info: Info,
        explained: Annotated[
            bool | None,
            strawberry.argument(description="Only those that are explained, or only those that are not."),
        ] = None,
        first: First = None,
        after: After = None,
    ) -> Connection[StripeTransactionType]:
        query = queries.transactions_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        query = query if explained is None else query.filter(explained_at__isnull=not explained)
        page = await paging.page_of(query, first=first, after=after)
        return Connection[StripeTransactionType].of(page, StripeTransactionType.of, query.count)

    @strawberry.field(description="Days of our balance at Stripe that are closed, newest first, for finance.")
    async def stripe_days(self, info: Info, first: First = None, after: After = None) -> Connection[StripeDayType]:
        query = queries.days_visible_to(actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR))
        page = await paging.page_of(query, first=first, after=after)
        return Connection[StripeDayType].of(page, StripeDayType.of, query.count)

    @strawberry.field(description="How Stripe and the books stand at the end of a day in UTC, for finance.")
    async def stripe_standing(
        self,
        info: Info,
        currency: Annotated[CurrencyCode, strawberry.argument(description="The currency.")],
        day: Annotated[date, strawberry.argument(description="The day.")],
    ) -> StripeStanding:
        actor_with(info, Scope.FINANCE_READ, ActorKind.OPERATOR)
        return StripeStanding.of(await days.standing(currency, day), await days.complete_until())


@strawberry.input(one_of=True, description="What a balance transaction was: one of these.")
class WhatStripeTransactionWasInput:
    journal_id: strawberry.Maybe[strawberry.ID] = strawberry.field(description="What this journal says.")
    own: strawberry.Maybe[operations.StripeOwnPurpose] = strawberry.field(
        description="The marketplace's own; two people when it is much."
    )
    matched: strawberry.Maybe[bool] = strawberry.field(
        description="True: what its matches say. It came after its day was closed, and you have seen it."
    )


@strawberry.input(description="What a balance transaction at Stripe was.")
class ExplainStripeTransactionInput(WriteInput):
    stripe_transaction_id: strawberry.ID = strawberry.field(description="The balance transaction.")
    was: WhatStripeTransactionWasInput = strawberry.field(description="What it was.")
    note: str = strawberry.field(description="How you know, 1 to 300 characters.")

    def command(self) -> operations.ExplainStripeTransaction:
        """The command; raises InvalidInput for another thing's id."""
        was = self.was
        if was.matched and not was.matched.value:
            raise InvalidInput.at("was.matched", "Give true, or say what else it was.")
        return operations.ExplainStripeTransaction(
            idempotency_key=self.idempotency_key,
            transaction_id=id_of("stripeTransaction", self.stripe_transaction_id, "stripeTransactionId"),
            journal_id=id_of("journal", was.journal_id.value, "was.journalId") if was.journal_id else None,
            own=was.own.value if was.own else None,
            note=self.note,
        )


@strawberry.input(description="A day of our balance at Stripe to close.")
class CloseStripeDayInput(WriteInput):
    currency: CurrencyCode = strawberry.field(description="The currency.")
    day: date = strawberry.field(description="The day in UTC; all before it are closed with it.")


@strawberry.type
class BalanceMutation:
    @mutation(
        gives=StripeTransactionType,
        refuses=(NotFound, StripeTransactionExplained, NotThatStripeJournal, SecondPersonNeeded),
        description="Say what a balance transaction at Stripe was, for finance: the proposed match, or our own.",
    )
    async def explain_stripe_transaction(
        self, info: Info, input: ExplainStripeTransactionInput
    ) -> StripeTransactionType:
        row = await operations.explain_stripe_transaction(actor_of(info), input.command())
        return StripeTransactionType.of(row)

    @mutation(
        gives=StripeDayType,
        refuses=(NotFound, StripeDayClosed, StripeDayUnknown, StripeDayUnexplained, StripeDayNotEqual),
        description="Close our balance at Stripe up to and with a day, for finance: when both sides are equal.",
    )
    async def close_stripe_day(self, info: Info, input: CloseStripeDayInput) -> StripeDayType:
        command = operations.CloseStripeDay(
            idempotency_key=input.idempotency_key, currency=input.currency, day=input.day
        )
        return StripeDayType.of(await operations.close_stripe_day(actor_of(info), command))
