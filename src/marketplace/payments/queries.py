"""Reads of connected accounts and of money on its way."""

from uuid import UUID

from tortoise.queryset import QuerySet

from marketplace.kit import database
from marketplace.kit.actor import Actor, ActorKind, Scope
from marketplace.payments.models import (
    BalanceTransaction,
    CardPayment,
    ConnectedAccount,
    InboundPayment,
    OutboundTransfer,
    PayeeKind,
    StripeDay,
    StripeInvoice,
    StripePosting,
)

_LEFT = """
SELECT b.id, (b.net_minor - coalesce(sum(p.minor), 0))::bigint AS minor
FROM balance_transaction b LEFT JOIN stripe_posting p ON p.transaction_id = b.id
WHERE b.id = ANY ($1) GROUP BY b.id"""
_PROPOSED = """
SELECT DISTINCT ON (b.id) b.id, p.journal_id FROM (
    SELECT b.id, b.currency, b.created_at,
        b.net_minor - coalesce((SELECT sum(minor) FROM stripe_posting WHERE transaction_id = b.id), 0) AS minor
    FROM balance_transaction b WHERE b.id = ANY ($1) AND b.explained_at IS NULL
) AS b JOIN stripe_posting p ON p.matched_at IS NULL AND p.currency = b.currency AND p.minor = b.minor
ORDER BY b.id, abs(extract(epoch FROM p.posted_at - b.created_at)), p.id"""


async def account_of(owner_kind: PayeeKind, owner_id: UUID) -> ConnectedAccount | None:
    """The payee's connected account, if they ever asked for one."""
    return await ConnectedAccount.get_or_none(owner_kind=owner_kind.value, owner_id=owner_id)


async def accounts_of(owner_kind: PayeeKind, owner_ids: list[UUID]) -> dict[UUID, ConnectedAccount]:
    """The connected accounts of several payees, by payee."""
    found = await ConnectedAccount.filter(owner_kind=owner_kind.value, owner_id__in=owner_ids)
    return {account.owner_id: account for account in found}


async def outbound_for(purpose: str, ref_id: UUID) -> OutboundTransfer | None:
    """The transfer that was planned for this cause, with its account."""
    return await OutboundTransfer.get_or_none(purpose=purpose, ref_id=ref_id).prefetch_related("account")


async def outbounds_for(purpose: str, ref_ids: list[UUID]) -> dict[UUID, OutboundTransfer]:
    """The transfers that were planned for these causes, by cause."""
    found = await OutboundTransfer.filter(purpose=purpose, ref_id__in=ref_ids)
    return {outbound.ref_id: outbound for outbound in found}


async def payment_for(purpose: str, ref_id: UUID) -> InboundPayment | None:
    """The payment that was asked for this cause."""
    return await InboundPayment.get_or_none(purpose=purpose, ref_id=ref_id)


async def cards_for(purpose: str, ref_ids: list[UUID]) -> dict[UUID, CardPayment]:
    """The cards that pay for these causes, by cause."""
    return {card.ref_id: card for card in await CardPayment.filter(purpose=purpose, ref_id__in=ref_ids)}


async def invoices_for(purpose: str, ref_ids: list[UUID]) -> dict[UUID, StripeInvoice]:
    """The invoices that ask for these causes, by cause."""
    found = StripeInvoice.filter(payment__purpose=purpose, payment__ref_id__in=ref_ids).select_related("payment")
    return {invoice.payment.ref_id: invoice for invoice in await found}


def is_finance(actor: Actor) -> bool:
    """Whether somebody of the marketplace's finance asks: nobody else sees our balance."""
    return actor.kind is ActorKind.OPERATOR and actor.may(Scope.FINANCE_READ)


def transactions_visible_to(actor: Actor) -> QuerySet[BalanceTransaction]:
    """Our balance transactions at Stripe, for finance."""
    return BalanceTransaction.all() if is_finance(actor) else BalanceTransaction.filter(id__in=[])


def days_visible_to(actor: Actor) -> QuerySet[StripeDay]:
    """The days that are closed, for finance."""
    return StripeDay.all() if is_finance(actor) else StripeDay.filter(id__in=[])


async def left_of(transaction_ids: list[UUID]) -> dict[UUID, int]:
    """What no journal says yet of balance transactions, in minor units, by transaction."""
    return {row["id"]: row["minor"] for row in await database.rows(_LEFT, transaction_ids)}


async def postings_of(transaction_ids: list[UUID]) -> dict[UUID, list[StripePosting]]:
    """What journals say of balance transactions, oldest first, by transaction."""
    found: dict[UUID, list[StripePosting]] = {id: [] for id in transaction_ids}
    for posting in await StripePosting.filter(transaction_id__in=transaction_ids).order_by("id"):
        if posting.transaction_id is not None:
            found[posting.transaction_id].append(posting)
    return found


async def proposals(transaction_ids: list[UUID]) -> dict[UUID, UUID]:
    """For each transaction that is not explained the journal that most likely says what it was, if any."""
    return {row["id"]: row["journal_id"] for row in await database.rows(_PROPOSED, transaction_ids)}
