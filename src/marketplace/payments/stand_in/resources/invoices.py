"""Invoices that are sent to a customer, who pays them on a page of Stripe's.

docs.stripe.com/invoicing/integration/workflow-transitions: `draft` until it is finalised, then `open`; `paid` when
a payment covered it (docs.stripe.com/invoicing/overview), `void` or `uncollectible` otherwise, and an
uncollectible one can still be paid. An invoice names no payment: its payments are a list of their own
(docs.stripe.com/changelog/basil/2025-03-31/add-support-for-multiple-partial-payments-on-invoices), and the payment
intent is made when it is finalised. Stripe takes a fee for an invoice that is paid (stripe.com/invoicing/pricing).
"""

import secrets

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.resources import payment_intents
from marketplace.payments.stand_in.resources.listing import expanded, page
from marketplace.payments.stand_in.webhooks import emit

DAY_S = 24 * 60 * 60
FEE_BP, FEE_MOST = 40, 200
"""0.4 % of an invoice that is paid, at most two units."""


def create(call: Call) -> Json:
    """docs.stripe.com/api/invoices/create: a draft without lines."""
    customer = call.store.get("customer", str(call.param("customer")), call.account, "customer")
    method, days = call.param("collection_method", "charge_automatically"), call.param("days_until_due")
    if (method == "send_invoice") != (days is not None or call.param("due_date") is not None):
        raise invalid(
            "If invoice collection method is 'send_invoice' then one of 'days_until_due' or 'due_date' is "
            "required, and otherwise neither may be given.",
            param="days_until_due",
        )
    invoice = call.store.new(
        "invoice", "in", call.account, amount_due=0, amount_overpaid=0, amount_paid=0, amount_remaining=0,
        attempt_count=0, attempted=False, auto_advance=call.param("auto_advance", False), billing_reason="manual",
        collection_method=method, currency=money.currency_of(str(call.param("currency", "eur"))),
        customer=customer["id"], customer_email=customer["email"], customer_name=customer["name"],
        description=call.param("description"), due_date=call.param("due_date"), hosted_invoice_url=None,
        invoice_pdf=None, livemode=False, metadata=call.metadata(), number=None, status="draft", subtotal=0,
        total=0, stand_in_days=int(days or 0),
        status_transitions={"finalized_at": None, "marked_uncollectible_at": None, "paid_at": None,
                            "voided_at": None},
    )  # fmt: skip
    emit(call, "invoice.created", invoice, account=call.account)
    return expanded(call, invoice)


def add_item(call: Call) -> Json:
    """docs.stripe.com/api/invoiceitems/create: a line of a draft."""
    call.store.get("customer", str(call.param("customer")), call.account, "customer")
    invoice = call.store.get("invoice", str(call.param("invoice")), call.account, "invoice")
    if invoice["status"] != "draft":
        raise invalid("This invoice is no longer editable.", code="invoice_not_editable", param="invoice")
    amount = int(call.param("amount", 0))
    currency = money.currency_of(str(call.param("currency", invoice["currency"])))
    if currency != invoice["currency"]:
        raise invalid("The currency of the item differs from the invoice's.", param="currency")
    item = call.store.new(
        "invoiceitem", "ii", call.account, amount=amount, currency=currency, customer=invoice["customer"],
        description=call.param("description"), invoice=invoice["id"], metadata=call.metadata(), livemode=False,
    )  # fmt: skip
    total = invoice["total"] + amount
    call.store.save({**invoice, "total": total, "subtotal": total, "amount_due": total, "amount_remaining": total})
    return expanded(call, item)


def finalize(call: Call) -> Json:
    """docs.stripe.com/api/invoices/finalize: numbered, with its page and its payment intent."""
    invoice = _get(call)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.",
                      code="invoice_not_editable")  # fmt: skip
    return expanded(call, _finalized(call, invoice))


def _finalized(call: Call, invoice: Json) -> Json:
    money.must_be_chargeable(money.must_be_payable(invoice["total"], invoice["currency"]), invoice["currency"])
    customer = call.store.get("customer", invoice["customer"], call.account)
    count = len(call.store.rows("SELECT 1 FROM objects WHERE kind = 'invoice_payment'")) + 1
    intent = payment_intents.for_invoice(call, invoice)
    call.store.new(
        "invoice_payment", "inpay", call.account, amount_paid=None, amount_requested=invoice["total"],
        currency=invoice["currency"], invoice=invoice["id"], is_default=True, livemode=False, status="open",
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        stand_in_intent=intent["id"],
    )  # fmt: skip
    url = f"{call.base_url}/i/{secrets.token_urlsafe(24)}"
    invoice |= {
        "status": "open", "number": f"{customer['invoice_prefix']}-{count:04}", "hosted_invoice_url": url,
        "invoice_pdf": f"{url}/pdf",
        "due_date": invoice["due_date"] or call.store.now() + invoice["stand_in_days"] * DAY_S,
        "status_transitions": invoice["status_transitions"] | {"finalized_at": call.store.now()},
    }  # fmt: skip
    emit(call, "invoice.finalized", call.store.save(invoice), account=call.account)
    return invoice


def send(call: Call) -> Json:
    """docs.stripe.com/api/invoices/send: mails it, and finalises a draft first."""
    invoice = _get(call)
    if invoice["status"] == "draft":
        invoice = _finalized(call, invoice)
    if invoice["status"] != "open" or invoice["collection_method"] != "send_invoice":
        raise invalid(f"You can only manually send an invoice that is open, not {invoice['status']}.")
    if not invoice["customer_email"]:
        raise invalid("The customer has no email, so this invoice cannot be sent.", code="missing_email")
    emit(call, "invoice.sent", invoice, account=call.account)
    return expanded(call, invoice)


def pay(call: Call) -> Json:
    """docs.stripe.com/api/invoices/pay: by a payment method, or noted as paid elsewhere."""
    invoice = _payable(call, call.path["id"])
    if call.param("paid_out_of_band"):
        return expanded(call, _paid(call, invoice, None))
    return expanded(call, pay_with(call, invoice["id"], str(call.param("payment_method"))))


def pay_with(call: Call, id: str, method: str) -> Json:
    """What the customer does on the page. A declined card leaves it open."""
    invoice = _payable(call, id)
    payment = _payment(call, invoice)
    invoice |= {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
    call.store.save(invoice)
    try:
        payment_intents.confirm_with(call, payment["stand_in_intent"], method)
    except StripeRefusal as refusal:
        if refusal.keep_changes:
            emit(call, "invoice.payment_failed", invoice, account=call.account)
        raise
    return follow(call, payment["stand_in_intent"]) or invoice


def follow(call: Call, intent_id: str) -> Json | None:
    """An intent has moved: the invoice that it pays, if any, is paid when it succeeded."""
    intent = call.store.get("payment_intent", intent_id, call.account)
    if intent["status"] != "succeeded" or not intent.get("stand_in_invoice"):
        return None
    invoice = call.store.get("invoice", intent["stand_in_invoice"], call.account)
    return invoice if invoice["status"] == "paid" else _paid(call, invoice, intent)


def _paid(call: Call, invoice: Json, intent: Json | None) -> Json:
    total = invoice["total"]
    invoice |= {"status": "paid", "amount_paid": total, "amount_remaining": 0,
                "status_transitions": invoice["status_transitions"] | {"paid_at": call.store.now()}}  # fmt: skip
    payment = _payment(call, invoice)
    if intent is not None:
        call.store.save({**payment, "status": "paid", "amount_paid": total})
        fee = min(total * FEE_BP // 10_000, FEE_MOST)
        if fee:
            money.move(call.store, call.account, "stripe_fee", -fee, invoice["currency"], None,
                       description=f"Invoicing: {invoice['number']}")  # fmt: skip
        emit(call, "invoice_payment.paid", payment, account=call.account)
    else:
        call.store.save({**payment, "status": "canceled"})
        payment_intents.end(call, payment["stand_in_intent"])
    emit(call, "invoice.paid", call.store.save(invoice), account=call.account)
    emit(call, "invoice.payment_succeeded", invoice, account=call.account)
    return invoice


def void(call: Call) -> Json:
    """docs.stripe.com/api/invoices/void: for good; what was paid stays paid."""
    invoice = _payable(call, call.path["id"])
    payment_intents.end(call, _payment(call, invoice)["stand_in_intent"])
    return expanded(call, _moved(call, invoice, "void", "voided_at", "invoice.voided"))


def mark_uncollectible(call: Call) -> Json:
    """docs.stripe.com/api/invoices/mark_uncollectible: given up, and payable all the same."""
    invoice = _get(call)
    if invoice["status"] != "open":
        raise invalid(f"An invoice that is {invoice['status']} cannot be marked uncollectible.")
    moved = _moved(call, invoice, "uncollectible", "marked_uncollectible_at", "invoice.marked_uncollectible")
    return expanded(call, moved)


def overdue(call: Call, id: str) -> Json:
    """What an automation says of an open invoice (docs.stripe.com/billing/automations)."""
    invoice = call.store.get("invoice", id, call.account)
    emit(call, "invoice.overdue", invoice, account=call.account)
    return invoice


def _moved(call: Call, invoice: Json, status: str, at: str, event: str) -> Json:
    invoice |= {"status": status, "status_transitions": invoice["status_transitions"] | {at: call.store.now()}}
    emit(call, event, call.store.save(invoice), account=call.account)
    return invoice


def _payable(call: Call, id: str) -> Json:
    invoice = call.store.get("invoice", id, call.account)
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid(f"Invoice {id} is {invoice['status']}: this cannot be done with it.")
    return invoice


def _payment(call: Call, invoice: Json) -> Json:
    rows = call.store.rows(
        "SELECT id FROM objects WHERE kind = 'invoice_payment' AND json_extract(body, '$.invoice') = ?",
        invoice["id"],
    )
    return call.store.get("invoice_payment", rows[0]["id"], call.account)


def _get(call: Call) -> Json:
    return call.store.get("invoice", call.path["id"], call.account)


def retrieve(call: Call) -> Json:
    return expanded(call, _get(call))


def list_all(call: Call) -> Json:
    wanted = {name: call.param(name) for name in ("customer", "status")}
    return page(call, "invoice", "/v1/invoices", account=call.account, equal=wanted)


def list_payments(call: Call) -> Json:
    """docs.stripe.com/api/invoice-payment/list"""
    wanted = {name: call.param(name) for name in ("invoice", "status")}
    return page(call, "invoice_payment", "/v1/invoice_payments", account=call.account, equal=wanted)


ENDPOINTS = [
    Endpoint("POST", "/v1/invoices", "InvoiceCreateParams", create),
    Endpoint("GET", "/v1/invoices", "InvoiceListParams", list_all),
    Endpoint("GET", "/v1/invoices/{id}", "InvoiceRetrieveParams", retrieve),
    Endpoint("POST", "/v1/invoices/{id}/finalize", "InvoiceFinalizeInvoiceParams", finalize),
    Endpoint("POST", "/v1/invoices/{id}/send", "InvoiceSendInvoiceParams", send),
    Endpoint("POST", "/v1/invoices/{id}/pay", "InvoicePayParams", pay),
    Endpoint("POST", "/v1/invoices/{id}/void", "InvoiceVoidInvoiceParams", void),
    Endpoint("POST", "/v1/invoices/{id}/mark_uncollectible", "InvoiceMarkUncollectibleParams", mark_uncollectible),
    Endpoint("POST", "/v1/invoiceitems", "InvoiceItemCreateParams", add_item),
    Endpoint("GET", "/v1/invoice_payments", "InvoicePaymentListParams", list_payments),
]
