"""The part of the door to Stripe that makes invoices and asks how they stand (docs.stripe.com/invoicing)."""

from collections.abc import Mapping
from typing import Any, cast

import stripe

from marketplace.payments.answers import ToldInvoice
from marketplace.payments.calls import PAGE, classified, minor_amount, stripe_amount


class InvoicesAtStripe:
    """Invoices, to be part of the gateway."""

    _stripe: stripe.StripeClient

    @classified
    async def create_customer(self, *, name: str, email: str, key: str, metadata: Mapping[str, str]) -> str:
        """To whom invoices are made out; answers the id."""
        made = await self._stripe.v1.customers.create_async(
            {"name": name, "email": email, "metadata": dict(metadata)}, {"idempotency_key": key}
        )
        return made.id

    @classified
    async def update_customer(self, id: str, *, name: str, email: str) -> None:
        """What later invoices say, and where they are sent."""
        await self._stripe.v1.customers.update_async(id, {"name": name, "email": email})

    @classified
    async def create_invoice(
        self, *, customer: str, currency: str, due_days: int, key: str, metadata: Mapping[str, str]
    ) -> ToldInvoice:
        """A draft without lines, which Stripe neither finalises nor charges by itself."""
        made = await self._stripe.v1.invoices.create_async(
            {"customer": customer, "currency": currency.lower(), "collection_method": "send_invoice",
             "days_until_due": due_days, "auto_advance": False, "pending_invoice_items_behavior": "exclude",
             "metadata": dict(metadata)},
            {"idempotency_key": key},
        )  # fmt: skip
        return told_invoice(made.to_dict())

    @classified
    async def add_invoice_line(
        self, invoice: str, *, customer: str, amount: int, currency: str, description: str, key: str
    ) -> None:
        """A line of a draft."""
        await self._stripe.v1.invoice_items.create_async(
            {"invoice": invoice, "customer": customer, "amount": stripe_amount(amount, currency),
             "currency": currency.lower(), "description": description},
            {"idempotency_key": key},
        )  # fmt: skip

    @classified
    async def finalize_invoice(self, id: str, *, key: str) -> ToldInvoice:
        """From now on it can be paid, and not be changed."""
        made = await self._stripe.v1.invoices.finalize_invoice_async(
            id, {"auto_advance": False}, {"idempotency_key": key}
        )
        return told_invoice(made.to_dict())

    @classified
    async def send_invoice(self, id: str, *, key: str) -> None:
        """Stripe mails it to the customer."""
        await self._stripe.v1.invoices.send_invoice_async(id, {}, {"idempotency_key": key})

    @classified
    async def void_invoice(self, id: str, *, key: str) -> ToldInvoice:
        """Nobody can pay it any more; Refused once it is paid."""
        made = await self._stripe.v1.invoices.void_invoice_async(id, {}, {"idempotency_key": key})
        return told_invoice(made.to_dict())

    @classified
    async def invoice(self, id: str) -> ToldInvoice:
        """One invoice as it stands now."""
        return told_invoice((await self._stripe.v1.invoices.retrieve_async(id)).to_dict())

    @classified
    async def invoice_named(self, customer: str, payment: str) -> str | None:
        """The customer's invoice that carries our payment's id in its metadata; None when there is none."""
        found = await self._stripe.v1.invoices.list_async({"customer": customer, "limit": PAGE})
        async for made in found.auto_paging_iter():
            carried = cast("dict[str, str]", made.to_dict().get("metadata") or {})
            if carried.get("payment") == payment and made.status not in {"void", None}:
                return made.id
        return None

    @classified
    async def intent_of_invoice(self, id: str) -> str | None:
        """The payment intent that paid an invoice, or by which it is to be paid."""
        found = await self._stripe.v1.invoice_payments.list_async({"invoice": id, "limit": PAGE})
        each = [item.to_dict() async for item in found.auto_paging_iter()]
        named = [item for item in each if item["payment"].get("payment_intent")]
        named.sort(key=lambda item: (item["status"] != "paid", not item["is_default"]))
        return str(named[0]["payment"]["payment_intent"]) if named else None


def told_invoice(body: Mapping[str, Any]) -> ToldInvoice:
    """Our view of an invoice object."""
    due = body.get("due_date")
    return ToldInvoice(
        id=str(body["id"]),
        status=str(body["status"]),
        total=minor_amount(int(body["total"]), str(body["currency"])),
        currency=str(body["currency"]).upper(),
        number=cast("str | None", body.get("number")),
        hosted_url=cast("str | None", body.get("hosted_invoice_url")),
        due_at=None if due is None else int(due),
    )
