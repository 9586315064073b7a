"""The only door to Stripe's SDK. Answers are our own frozen values; failures are of three kinds.

`Refused`: Stripe said no, and nothing happened. `Unknown`: the outcome is not known, look before doing
anything again. `Busy`: Stripe did not take it now; the same call with the same key may be made later.
A clash of idempotency keys is a bug of ours and is raised as it comes.
"""

import json
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast

import stripe

from marketplace.payments.answers import (
    AccountState,
    BadSignature,
    BalanceLine,
    Balances,
    MadeRefund,
    MadeReversal,
    OnboardingLink,
    Payment,
    SentTransfer,
    StripeEvent,
)
from marketplace.payments.calls import PAGE, classified, minor_amount, stripe_amount
from marketplace.payments.client_invoices import InvoicesAtStripe

if TYPE_CHECKING:
    from stripe.params import (
        AccountCreateParams,
        BalanceTransactionListParams,
        RefundCreateParams,
        TransferCreateParams,
    )


class StripeGateway(InvoicesAtStripe):
    """Stripe as the marketplace uses it. Safe to share within one event loop."""

    def __init__(
        self,
        api_key: str,
        *,
        api_base: str | None = None,
        webhook_secrets: tuple[str, ...] = (),
        timeout_s: float = 20.0,
        max_network_retries: int = 2,
    ) -> None:
        self._http = stripe.HTTPXClient(timeout=timeout_s)
        bases: Any = {"base_addresses": {"api": api_base}} if api_base else {}
        self._stripe = stripe.StripeClient(
            api_key, http_client=self._http, max_network_retries=max_network_retries, **bases
        )
        self._webhook_secrets = webhook_secrets

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close_async()

    @classified
    async def create_connected_account(
        self, *, country: str, key: str, metadata: Mapping[str, str], email: str | None = None
    ) -> AccountState:
        """An Express account that can receive transfers; its holder finishes it by `onboarding_link`."""
        params: AccountCreateParams = {
            "type": "express",
            "country": country,
            "capabilities": {"transfers": {"requested": True}},
            "metadata": dict(metadata),
        }
        if email is not None:
            params["email"] = email
        made = await self._stripe.v1.accounts.create_async(params, {"idempotency_key": key})
        return account_state(made.to_dict())

    @classified
    async def account_state(self, account: str) -> AccountState:
        """What Stripe says about the account now."""
        return account_state((await self._stripe.v1.accounts.retrieve_async(account)).to_dict())

    @classified
    async def onboarding_link(self, account: str, *, return_url: str, refresh_url: str) -> OnboardingLink:
        """A link for the account's holder: it works once, for minutes. Never store it."""
        made = await self._stripe.v1.account_links.create_async(
            {"account": account, "type": "account_onboarding", "return_url": return_url,
             "refresh_url": refresh_url}
        )  # fmt: skip
        return OnboardingLink(url=made.url, expires_at=made.expires_at)

    @classified
    async def send_transfer(
        self,
        *,
        amount: int,
        currency: str,
        destination: str,
        transfer_group: str,
        key: str,
        metadata: Mapping[str, str] | None = None,
    ) -> SentTransfer:
        """Move money from our available balance into a connected account's, at once."""
        params: TransferCreateParams = {
            "amount": stripe_amount(amount, currency),
            "currency": currency.lower(),
            "destination": destination,
            "transfer_group": transfer_group,
            "metadata": dict(metadata or {}),
        }
        made = await self._stripe.v1.transfers.create_async(params, {"idempotency_key": key})
        return sent_transfer(made.to_dict())

    @classified
    async def find_transfers(self, transfer_group: str) -> list[SentTransfer]:
        """Every transfer of this group, newest first: how an unknown outcome is found out."""
        found = await self._stripe.v1.transfers.list_async({"transfer_group": transfer_group, "limit": PAGE})
        return [sent_transfer(item.to_dict()) async for item in found.auto_paging_iter()]

    @classified
    async def transfer(self, id: str) -> SentTransfer:
        """One transfer as it stands now."""
        return sent_transfer((await self._stripe.v1.transfers.retrieve_async(id)).to_dict())

    @classified
    async def reverse_transfer(self, id: str, *, key: str, amount: int | None = None) -> MadeReversal:
        """Take back all (or `amount`, as Stripe counts) of a transfer, as far as the account holds it."""
        made = await self._stripe.v1.transfers.reversals.create_async(
            id, {} if amount is None else {"amount": amount}, {"idempotency_key": key}
        )
        came = minor_amount(made.amount, made.currency)
        return MadeReversal(id=made.id, transfer_id=id, amount=came, currency=made.currency.upper())

    @classified
    async def payout_transfers(self, account: str, payout: str) -> list[str]:
        """Ids of our transfers whose money an automatic payout of this account carries to the bank.

        docs.stripe.com/payouts/reconciliation: the payout's balance transactions are listed with their
        sources; a transfer arrived as a payment that names it. Manual payouts cannot be broken down,
        and are Refused.
        """
        found = await self._stripe.v1.balance_transactions.list_async(
            {"payout": payout, "limit": PAGE, "expand": ["data.source"]}, {"stripe_account": account}
        )
        sources = [item.to_dict().get("source") async for item in found.auto_paging_iter()]
        payments = [cast("dict[str, Any]", source) for source in sources if isinstance(source, dict)]
        return [str(payment["source_transfer"]) for payment in payments if payment.get("source_transfer")]

    @classified
    async def create_payment(
        self, *, amount: int, currency: str, key: str, metadata: Mapping[str, str], transfer_group: str
    ) -> Payment:
        """Ask for money, for example a program's top-up; `confirm_payment` or the payer's app takes it."""
        made = await self._stripe.v1.payment_intents.create_async(
            {"amount": stripe_amount(amount, currency), "currency": currency.lower(), "metadata": dict(metadata),
             "transfer_group": transfer_group, "allowed_payment_method_types": ["card"]},
            {"idempotency_key": key},
        )  # fmt: skip
        return payment(made.to_dict())

    @classified
    async def create_card_payment(
        self, *, amount: int, currency: str, key: str, metadata: Mapping[str, str], transfer_group: str
    ) -> Payment:
        """Ask a card for money that is authorised first, by its payer's app, and captured later or let go.

        docs.stripe.com/payments/place-a-hold-on-a-payment-method
        """
        made = await self._stripe.v1.payment_intents.create_async(
            {"amount": stripe_amount(amount, currency), "currency": currency.lower(), "metadata": dict(metadata),
             "transfer_group": transfer_group, "allowed_payment_method_types": ["card"],
             "capture_method": "manual"},
            {"idempotency_key": key},
        )  # fmt: skip
        return payment(made.to_dict())

    @classified
    async def capture_payment(self, id: str, *, key: str) -> Payment:
        """Take all of what was authorised; Refused when that is over, or was done before."""
        made = await self._stripe.v1.payment_intents.capture_async(id, {}, {"idempotency_key": key})
        return payment(made.to_dict())

    @classified
    async def confirm_payment(self, id: str, *, payment_method: str, key: str) -> Payment:
        """Take the money with this method; Refused when the card is declined, or asks for its holder.

        Nobody is there to answer the bank's question, so a payment that needs one ends now instead of waiting
        (docs.stripe.com/api/payment_intents/confirm, error_on_requires_action).
        """
        made = await self._stripe.v1.payment_intents.confirm_async(
            id,
            {"payment_method": payment_method, "error_on_requires_action": True},
            {"idempotency_key": key},
        )
        return payment(made.to_dict())

    @classified
    async def payment(self, id: str) -> Payment:
        """One payment as it stands now."""
        return payment((await self._stripe.v1.payment_intents.retrieve_async(id)).to_dict())

    @classified
    async def cancel_payment(self, id: str, *, key: str) -> Payment:
        """Give up a payment that has not succeeded."""
        made = await self._stripe.v1.payment_intents.cancel_async(id, {}, {"idempotency_key": key})
        return payment(made.to_dict())

    @classified
    async def refund(
        self, payment_id: str, *, key: str, amount: int | None = None, metadata: Mapping[str, str] | None = None
    ) -> MadeRefund:
        """Give a payment back, whole or in part (`amount` as Stripe counts)."""
        params: RefundCreateParams = {"payment_intent": payment_id}
        if amount is not None:
            params["amount"] = amount
        if metadata is not None:
            params["metadata"] = dict(metadata)
        made = await self._stripe.v1.refunds.create_async(params, {"idempotency_key": key})
        went = minor_amount(made.amount, made.currency)
        return MadeRefund(id=made.id, amount=went, currency=made.currency.upper(),
                          status=made.status or "pending")  # fmt: skip

    @classified
    async def refund_of(self, payment_id: str, named: str) -> MadeRefund | None:
        """The refund of a payment that carries our id in its metadata; None when there is none."""
        found = await self._stripe.v1.refunds.list_async({"payment_intent": payment_id, "limit": PAGE})
        async for made in found.auto_paging_iter():
            carried = cast("dict[str, str]", made.to_dict().get("metadata") or {})
            if carried.get("refund") == named and made.status not in {"failed", "canceled"}:
                went = minor_amount(made.amount, made.currency)
                return MadeRefund(id=made.id, amount=went, currency=made.currency.upper(),
                                  status=made.status or "pending")  # fmt: skip
        return None

    @classified
    async def refunds_of(self, payment_id: str) -> list[MadeRefund]:
        """Every refund of a payment that took money, oldest first."""
        found = await self._stripe.v1.refunds.list_async({"payment_intent": payment_id, "limit": PAGE})
        made = [item async for item in found.auto_paging_iter() if item.status not in {"failed", "canceled"}]
        return [
            MadeRefund(id=item.id, amount=minor_amount(item.amount, item.currency),
                       currency=item.currency.upper(), status=item.status or "pending")
            for item in reversed(made)
        ]  # fmt: skip

    @classified
    async def balance(self, account: str | None = None) -> Balances:
        """What is available and pending, per currency, in minor units; ours, or a connected account's."""
        options: Any = {"stripe_account": account} if account else {}
        found = await self._stripe.v1.balance.retrieve_async({}, options)
        return Balances(
            available={
                line.currency.upper(): minor_amount(line.amount, line.currency) for line in found.available
            },
            pending={line.currency.upper(): minor_amount(line.amount, line.currency) for line in found.pending},
        )

    async def balance_lines(self, newer_than: str | None = None) -> AsyncIterator[list[BalanceLine]]:
        """Our balance transactions in pages, each oldest first, from after the one named, or from the first.

        Without a starting point everything is read before the first page is handed out, because Stripe
        lists the newest first.
        """
        if newer_than is None:
            lines = [line async for page in self._newest_first() for line in page]
            if lines:
                yield lines[::-1]
            return
        cursor, more = newer_than, True
        while more:
            page, more = await self._page({"limit": PAGE, "ending_before": cursor})
            if page:
                cursor = page[0].id
                yield page[::-1]

    async def _newest_first(self) -> AsyncIterator[list[BalanceLine]]:
        page, more = await self._page({"limit": PAGE})
        yield page
        while more:
            page, more = await self._page({"limit": PAGE, "starting_after": page[-1].id})
            yield page

    @classified
    async def _page(self, params: "BalanceTransactionListParams") -> tuple[list[BalanceLine], bool]:
        found = await self._stripe.v1.balance_transactions.list_async(params)
        return [balance_line(item.to_dict()) for item in found.data], found.has_more

    @classified
    async def event(self, id: str) -> StripeEvent:
        """One event, for when a webhook was missed."""
        return stripe_event((await self._stripe.v1.events.retrieve_async(id)).to_dict())

    def verified(self, payload: bytes, signature: str | None) -> StripeEvent:
        """The event of a webhook; raises BadSignature unless one of our secrets signed it lately."""
        for secret in self._webhook_secrets:
            try:
                self._stripe.construct_event(payload, signature, secret)
            except (stripe.SignatureVerificationError, ValueError):
                continue
            return stripe_event(json.loads(payload))
        raise BadSignature


def account_state(body: Mapping[str, Any]) -> AccountState:
    """Our view of an account object, from an answer or from an event."""
    requirements = cast("dict[str, Any]", body.get("requirements") or {})
    capabilities = cast("dict[str, Any]", body.get("capabilities") or {})
    listed = cast("dict[str, Any]", body.get("external_accounts") or {}).get("data")
    banks = cast("list[dict[str, Any]]", listed or [{}])
    return AccountState(
        id=str(body["id"]),
        country=str(body.get("country") or ""),
        payouts_enabled=bool(body.get("payouts_enabled")),
        transfers_active=capabilities.get("transfers") == "active",
        details_submitted=bool(body.get("details_submitted")),
        currently_due=tuple(cast("list[str]", requirements.get("currently_due") or [])),
        disabled_reason=cast("str | None", requirements.get("disabled_reason")),
        past_due=tuple(cast("list[str]", requirements.get("past_due") or [])),
        deadline=cast("int | None", requirements.get("current_deadline")),
        bank_print=cast("str | None", banks[0].get("fingerprint")),
    )


def sent_transfer(body: Mapping[str, Any]) -> SentTransfer:
    """Our view of a transfer object."""
    return SentTransfer(
        id=str(body["id"]),
        amount=minor_amount(int(body["amount"]), str(body["currency"])),
        amount_reversed=minor_amount(int(body.get("amount_reversed") or 0), str(body["currency"])),
        currency=str(body["currency"]).upper(),
        destination=str(body["destination"]),
        destination_payment=cast("str | None", body.get("destination_payment")),
        transfer_group=cast("str | None", body.get("transfer_group")),
        reversals=_reversals(body),
    )


def _reversals(body: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """What brought a transfer's money back, as far as the object names it."""
    listed = cast("dict[str, Any]", body.get("reversals") or {}).get("data")
    found = cast("list[dict[str, Any]]", listed or [])
    return tuple((str(each["id"]), minor_amount(int(each["amount"]), str(body["currency"]))) for each in found)


def payment(body: Mapping[str, Any]) -> Payment:
    """Our view of a payment intent object."""
    error = cast("dict[str, Any]", body.get("last_payment_error") or {})
    return Payment(
        id=str(body["id"]),
        status=str(body["status"]),
        amount=minor_amount(int(body["amount"]), str(body["currency"])),
        amount_received=minor_amount(int(body.get("amount_received") or 0), str(body["currency"])),
        currency=str(body["currency"]).upper(),
        charge_id=cast("str | None", body.get("latest_charge")),
        client_secret=cast("str | None", body.get("client_secret")),
        transfer_group=cast("str | None", body.get("transfer_group")),
        error_code=cast("str | None", error.get("decline_code") or error.get("code")),
    )


def balance_line(body: Mapping[str, Any]) -> BalanceLine:
    """Our view of a balance transaction object."""
    source = body.get("source")
    return BalanceLine(
        id=str(body["id"]),
        kind=str(body["type"]),
        amount=minor_amount(int(body["amount"]), str(body["currency"])),
        fee=minor_amount(int(body["fee"]), str(body["currency"])),
        net=minor_amount(int(body["net"]), str(body["currency"])),
        currency=str(body["currency"]).upper(),
        source=None if source is None else str(source),
        created=int(body["created"]),
        available_on=int(body["available_on"]),
    )


def stripe_event(body: Mapping[str, Any]) -> StripeEvent:
    """Our view of an event object."""
    return StripeEvent(
        id=str(body["id"]),
        type=str(body["type"]),
        account=cast("str | None", body.get("account")),
        created=int(body["created"]),
        object=cast("dict[str, Any]", body["data"]["object"]),
    )
