"""The pages that Stripe hosts: the one behind an account link, and the one of an invoice.

docs.stripe.com/connect/hosted-onboarding: the link works once and for minutes; a used or expired one
sends its visitor to `refresh_url`, and leaving the form sends them to `return_url`, finished or not.
docs.stripe.com/invoicing/hosted-invoice-page: whoever has the address of an invoice's page can see and pay it.
"""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from marketplace.payments.stand_in.call import Call, Options
from marketplace.payments.stand_in.errors import Json, StripeRefusal
from marketplace.payments.stand_in.forms import parse
from marketplace.payments.stand_in.resources import accounts, invoices
from marketplace.payments.stand_in.store import PLATFORM, Store
from marketplace.payments.stand_in.webhooks import Courier

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Onboarding (stand-in)</title>
<body style="font-family:sans-serif;max-width:32rem;margin:4rem auto">
<h1>Get paid</h1><p>This page stands in for Stripe's hosted onboarding of <code>{account}</code>.
No real data is asked for, and no money moves.</p>
<form method="post"><button name="outcome" value="complete">Agree and submit</button>
<button name="outcome" value="incomplete">Save for later</button></form></body></html>"""
_INVOICE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Invoice {number} (stand-in)</title>
<body style="font-family:sans-serif;max-width:32rem;margin:4rem auto">
<h1>Invoice {number}</h1><p>{name} owes {amount} {currency}. It is {status}.</p>
<p>This page stands in for Stripe's. No real card is asked for, and no money moves.</p>
<form method="post"><button name="payment_method" value="pm_card_bypassPending">Pay</button>
<button name="payment_method" value="pm_card_chargeDeclined">Pay by a card that is declined</button></form>
</body></html>"""


class Hosted:
    """GET shows the form; POST finishes it (`outcome=complete`, the default) or leaves it."""

    def __init__(self, store: Store, options: Options, courier: Courier) -> None:
        self._store, self._options, self._courier = store, options, courier

    async def visit(self, request: Request) -> Response:
        link = self._link(request)
        if link is None:
            return HTMLResponse("<h1>No such link</h1>", 404)
        if link["used"] or link["expires_at"] <= self._store.now():
            return RedirectResponse(link["refresh_url"], 302)
        if request.method == "GET":
            return HTMLResponse(_PAGE.format(account=escape(link["account_id"])))
        form = parse((await request.body()).decode("utf-8", "replace"))
        with self._store.transaction():
            self._store.save({**link, "used": True})
            if form.get("outcome", "complete") == "complete":
                call = Call(store=self._store, options=self._options, account=PLATFORM, params={})
                accounts.onboard(call, link["account_id"])
        self._courier.wake()
        return RedirectResponse(link["return_url"], 303)

    async def invoice(self, request: Request) -> Response:
        """GET shows an invoice; POST pays it, with a card that is good unless another is named."""
        found = self._found("invoice", "hosted_invoice_url", str(request.url))
        if found is None:
            return HTMLResponse("<h1>No such invoice</h1>", 404)
        status = 200
        if request.method == "POST":
            form = parse((await request.body()).decode("utf-8", "replace"))
            call = Call(store=self._store, options=self._options, account=PLATFORM, params={})
            with self._store.transaction():
                status = _paid(call, found["id"], str(form.get("payment_method", "pm_card_bypassPending")))
            self._courier.wake()
            found = self._store.get("invoice", found["id"])
        shown = {"number": found["number"], "name": found["customer_name"], "status": found["status"]}
        page = _INVOICE.format(
            amount=found["total"] / 100, currency=found["currency"].upper(),
            **{name: escape(str(text)) for name, text in shown.items()},
        )  # fmt: skip
        return HTMLResponse(page, status)

    def _found(self, kind: str, field: str, value: str) -> Json | None:
        rows = self._store.rows(
            f"SELECT id FROM objects WHERE kind = ? AND json_extract(body, '$.{field}') = ?", kind, value
        )
        return self._store.find(kind, rows[0]["id"]) if rows else None

    def _link(self, request: Request) -> Json | None:
        return self._found("stand_in_link", "token", request.path_params["token"])


def _paid(call: Call, id: str, method: str) -> int:
    """Pay an invoice on its page; the status to answer. What a refused card changed stays."""
    try:
        invoices.pay_with(call, id, method)
    except StripeRefusal as refusal:
        return refusal.status
    return 200
