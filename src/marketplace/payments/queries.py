"""Reads of connected accounts and of money on its way."""

from uuid import UUID

from marketplace.payments.models import CardPayment, ConnectedAccount, InboundPayment, OutboundTransfer, PayeeKind


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
