"""The control surface: what a test or a demo may order, under `/_stand_in/`, as JSON.

| order | body | what happens |
|---|---|---|
| `POST faults` | `{"kind", "method"?, "path"?, "status"?, "saved"?, "seconds"?, "times"?}` | see faults.py |
| `POST webhook_faults` | `{"kind", "event"?, "seconds"?, "times"?}` | see faults.py |
| `DELETE faults` | | forget all faults |
| `POST balance` | `{"currency", "amount", "account"?}` | `amount` is available, by an adjustment |
| `POST clock` | `{"advance_s"}` | Stripe's clock goes forward (24 h keys, pending money, links) |
| `POST accounts/{id}/onboard` | `{"bank"?}` | the holder finishes onboarding, with a bank account |
| `POST accounts/{id}/disable` | `{"reason"?}` | the account is disabled; `enable` undoes it |
| `POST accounts/{id}/require` | `{"names", "in_s"?}` | Stripe asks for more, at once or by a deadline |
| `POST accounts/{id}/payout` | | the automatic payout runs; answers the payouts |
| `POST payout` | | our own automatic payout runs, to our bank; answers the payouts |
| `POST payouts/{id}/paid` | | the payout arrives |
| `POST payouts/{id}/fail` | `{"code"?}` | the payout fails, also after it was paid |
| `POST payment_intents/{id}/pay` | `{"client_secret", "payment_method"}` | the payer's app confirms it |
| `POST payment_intents/{id}/authenticate` | `{"passed"?}` | the payer answers their bank (3D Secure) |
| `POST payment_intents/{id}/dispute` | `{"amount"?, "inquiry"?}` | the payer's bank disputes it |
| `POST invoices/{id}/pay` | `{"payment_method"}` | its customer pays it on its page |
| `POST invoices/{id}/overdue` | | Stripe tells that its day has passed |
| `POST disputes/{id}/close` | `{"won"}` | the bank has decided |
| `POST events/{id}/resend` | | the event is delivered again |
| `POST webhook` | `{"url"}` | where webhooks go from now on |
| `POST reset` | | everything is forgotten |
| `GET requests`, `GET deliveries` | | what was asked and delivered, oldest first |
"""

import json
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from marketplace.payments.stand_in import faults, money
from marketplace.payments.stand_in.call import Call, Options
from marketplace.payments.stand_in.errors import Json, StripeRefusal, no_such
from marketplace.payments.stand_in.resources import accounts, disputes, invoices, payment_intents, payouts
from marketplace.payments.stand_in.store import PLATFORM, Store
from marketplace.payments.stand_in.webhooks import Courier

Order = Callable[[Call, Json], Any]


def _fault(call: Call, body: Json) -> Json:
    faults.order(call.store, "request", body, int(body.get("times", 1)))
    return body


def _webhook_fault(call: Call, body: Json) -> Json:
    faults.order(call.store, "webhook", body, int(body.get("times", 1)))
    return body


def _forget(call: Call, body: Json) -> Json:
    call.store.execute("DELETE FROM faults")
    return {}


def _balance(call: Call, body: Json) -> Json:
    account, currency = body.get("account", PLATFORM), money.currency_of(body["currency"])
    difference = int(body["amount"]) - money.available(call.store, account, currency)
    if difference:
        money.move(call.store, account, "adjustment", difference, currency, None, description="Stand-in control")
    return money.balance(call.store, account)


def _clock(call: Call, body: Json) -> Json:
    offset = int(call.store.setting("clock_offset_s", "0")) + int(body["advance_s"])
    call.store.set_setting("clock_offset_s", str(offset))
    payment_intents.run_out(call)
    return {"now": call.store.now()}


def _onboard(call: Call, body: Json) -> Json:
    return accounts.onboard(call, call.path["id"], body.get("bank"))


def _disable(call: Call, body: Json) -> Json:
    return accounts.restrict(call, call.path["id"], str(body.get("reason", "rejected.other")))


def _enable(call: Call, body: Json) -> Json:
    return accounts.restrict(call, call.path["id"], None)


def _require(call: Call, body: Json) -> Json:
    deadline = call.store.now() + int(body["in_s"]) if "in_s" in body else None
    return accounts.require(call, call.path["id"], [str(name) for name in body["names"]], deadline)


def _payout(call: Call, body: Json) -> list[Json]:
    return payouts.automatic(call, call.path["id"])


def _our_payout(call: Call, body: Json) -> list[Json]:
    return payouts.automatic(call, PLATFORM)


def _paid(call: Call, body: Json) -> Json:
    return payouts.arrive(call, call.path["id"])


def _fail(call: Call, body: Json) -> Json:
    return payouts.fail(call, call.path["id"], str(body.get("code", "account_closed")))


def _pay(call: Call, body: Json) -> Json:
    try:
        return payment_intents.pay(call, call.path["id"], str(body["client_secret"]), str(body["payment_method"]))
    except StripeRefusal as refusal:
        if refusal.keep_changes:
            return refusal.body
        raise


def _authenticate(call: Call, body: Json) -> Json:
    answered = payment_intents.authenticate(call, call.path["id"], passed=bool(body.get("passed", True)))
    invoices.follow(call, call.path["id"])
    return answered


def _pay_invoice(call: Call, body: Json) -> Json:
    try:
        return invoices.pay_with(call, call.path["id"], str(body["payment_method"]))
    except StripeRefusal as refusal:
        if refusal.keep_changes:
            return refusal.body
        raise


def _overdue(call: Call, body: Json) -> Json:
    return invoices.overdue(call, call.path["id"])


def _dispute(call: Call, body: Json) -> Json:
    return disputes.open_one(call, call.path["id"], body.get("amount"), inquiry=bool(body.get("inquiry")))


def _close_dispute(call: Call, body: Json) -> Json:
    return disputes.close(call, call.path["id"], won=bool(body["won"]))


def _resend(call: Call, body: Json) -> Json:
    event = call.store.find("event", call.path["id"])
    if event is None:
        raise no_such("event", call.path["id"])
    call.store.execute(
        "INSERT INTO deliveries (event, payload, due) VALUES (?, ?, ?)",
        event["id"], json.dumps(event), time.time(),
    )  # fmt: skip
    return event


def _webhook(call: Call, body: Json) -> Json:
    call.store.set_setting("webhook_url", str(body["url"]))
    return body


def _reset(call: Call, body: Json) -> Json:
    call.store.forget_everything()
    return {}


def _requests(call: Call, body: Json) -> list[Json]:
    rows = call.store.rows("SELECT * FROM requests ORDER BY seq")
    return [{**dict(row), "params": json.loads(row["params"]), "replayed": bool(row["replayed"])} for row in rows]


def _deliveries(call: Call, body: Json) -> list[Json]:
    rows = call.store.rows("SELECT * FROM deliveries ORDER BY seq")
    return [{**dict(row), "payload": json.loads(row["payload"])} for row in rows]


ORDERS: dict[tuple[str, str], Order] = {
    ("POST", "/faults"): _fault,
    ("DELETE", "/faults"): _forget,
    ("POST", "/webhook_faults"): _webhook_fault,
    ("POST", "/balance"): _balance,
    ("POST", "/clock"): _clock,
    ("POST", "/accounts/{id}/onboard"): _onboard,
    ("POST", "/accounts/{id}/disable"): _disable,
    ("POST", "/accounts/{id}/enable"): _enable,
    ("POST", "/accounts/{id}/require"): _require,
    ("POST", "/accounts/{id}/payout"): _payout,
    ("POST", "/payout"): _our_payout,
    ("POST", "/payouts/{id}/paid"): _paid,
    ("POST", "/payouts/{id}/fail"): _fail,
    ("POST", "/payment_intents/{id}/pay"): _pay,
    ("POST", "/payment_intents/{id}/authenticate"): _authenticate,
    ("POST", "/payment_intents/{id}/dispute"): _dispute,
    ("POST", "/invoices/{id}/pay"): _pay_invoice,
    ("POST", "/invoices/{id}/overdue"): _overdue,
    ("POST", "/disputes/{id}/close"): _close_dispute,
    ("POST", "/events/{id}/resend"): _resend,
    ("POST", "/webhook"): _webhook,
    ("POST", "/reset"): _reset,
    ("GET", "/requests"): _requests,
    ("GET", "/deliveries"): _deliveries,
}


class Control:
    """Carries out orders, each in one transaction."""

    def __init__(self, store: Store, options: Options, courier: Courier) -> None:
        self._store, self._options, self._courier = store, options, courier

    def endpoint(self, order: Order) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            body: Json = json.loads(await request.body() or b"{}")
            call = Call(
                store=self._store, options=self._options, account=PLATFORM, params={},
                path=dict(request.path_params),
            )  # fmt: skip
            try:
                with self._store.transaction():
                    answer = order(call, body)
            except StripeRefusal as refusal:
                return JSONResponse(refusal.body, refusal.status)
            except KeyError as gap:
                return JSONResponse({"error": {"message": f"{gap} is missing"}}, 400)
            self._courier.wake()
            return JSONResponse(answer)

        return handle
