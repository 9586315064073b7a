"""Payment intents with test payment methods, and the charges they make.

docs.stripe.com/payments/paymentintents/lifecycle, docs.stripe.com/api/payment_intents and
docs.stripe.com/testing (the payment methods). A charge's money is pending for two days, except with
`pm_card_bypassPending` (docs.stripe.com/testing#available-balance).
"""

import json
import secrets

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.resources.listing import expanded, page
from marketplace.payments.stand_in.webhooks import emit

PENDING_S = 2 * 24 * 60 * 60
AUTHORISED_S = 7 * 24 * 60 * 60
"""docs.stripe.com/payments/place-a-hold-on-a-payment-method: how long a card's authorisation lives."""
GOOD = {"pm_card_visa", "pm_card_mastercard", "pm_card_visa_debit", "pm_card_bypassPending"}
DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "pm_card_visa_chargeDeclined": ("card_declined", "generic_decline", "Your card was declined."),
    "pm_card_chargeDeclinedInsufficientFunds": (
        "card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "pm_card_visa_chargeDeclinedInsufficientFunds": (
        "card_declined", "insufficient_funds", "Your card has insufficient funds."),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", "expired_card", "Your card has expired."),
    "pm_card_chargeDeclinedProcessingError": (
        "processing_error", "processing_error", "An error occurred while processing your card."),
}  # fmt: skip
UNANSWERED = (
    "authentication_required", "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)  # fmt: skip
"""docs.stripe.com/declines/codes: the bank asked for the card's holder, and nobody was there to answer."""
NEEDS_ACTION = {"pm_card_authenticationRequired", "pm_card_threeDSecure2Required"}


def create(call: Call) -> Json:
    """docs.stripe.com/api/payment_intents/create; with `confirm` it goes on to be confirmed."""
    currency = money.currency_of(call.params["currency"])
    amount = money.must_be_payable(call.param("amount"), currency)
    money.must_be_chargeable(amount, currency)
    method = call.param("payment_method")
    intent = _new(
        call, amount, currency,
        automatic_payment_methods=call.param("automatic_payment_methods"),
        capture_method=call.param("capture_method", "automatic"), customer=call.param("customer"),
        description=call.param("description"), metadata=call.metadata(), payment_method=method,
        payment_method_types=call.param("allowed_payment_method_types", ["card"]),
        status="requires_confirmation" if method else "requires_payment_method",
        transfer_group=call.param("transfer_group"),
    )  # fmt: skip
    return expanded(call, _confirm(call, intent) if call.param("confirm") else intent)


def _new(call: Call, amount: int, currency: str, **fields: object) -> Json:
    usual: Json = {
        "automatic_payment_methods": None, "capture_method": "automatic", "customer": None, "description": None,
        "metadata": {}, "payment_method": None, "payment_method_types": ["card"],
        "status": "requires_payment_method", "transfer_group": None,
    }  # fmt: skip
    intent = call.store.new(
        "payment_intent", "pi", call.account, amount=amount, amount_capturable=0, amount_received=0,
        canceled_at=None, cancellation_reason=None, client_secret=None, confirmation_method="automatic",
        currency=currency, last_payment_error=None, latest_charge=None, livemode=False, next_action=None,
        **usual | fields,
    )  # fmt: skip
    secret = f"{intent['id']}_secret_{secrets.token_urlsafe(18)}"
    intent = call.store.save({**intent, "client_secret": secret})
    emit(call, "payment_intent.created", intent, account=call.account)
    return intent


def for_invoice(call: Call, invoice: Json) -> Json:
    """The intent that pays an invoice, made when that is finalised; it has none of the invoice's metadata."""
    return _new(
        call, invoice["total"], invoice["currency"], customer=invoice["customer"],
        description="Payment for Invoice", stand_in_invoice=invoice["id"],
    )  # fmt: skip


def confirm_with(call: Call, id: str, method: str) -> Json:
    """Confirm an intent of ours, such as an invoice's, with this method."""
    intent = _existing(call, id)
    intent["payment_method"] = method
    return _confirm(call, intent)


def end(call: Call, id: str) -> None:
    """End the intent of an invoice that nobody pays any more."""
    intent = _existing(call, id)
    if intent["status"] not in {"succeeded", "canceled"}:
        _end(call, intent, "void_invoice")


def confirm(call: Call) -> Json:
    intent = _get(call)
    if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise _unexpected(intent, "confirm")
    intent["payment_method"] = call.param("payment_method") or intent["payment_method"]
    return expanded(call, _confirm(call, intent))


def _confirm(call: Call, intent: Json) -> Json:
    method = intent["payment_method"]
    if method is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    if method in DECLINES:
        raise _declined(call, intent, *DECLINES[method])
    if method in NEEDS_ACTION and call.param("error_on_requires_action"):
        raise _declined(call, intent, *UNANSWERED)
    if method in NEEDS_ACTION:
        action = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": f"{call.base_url}/3ds/{intent['id']}"},
        }
        intent |= {"status": "requires_action", "next_action": action}
        emit(call, "payment_intent.requires_action", call.store.save(intent), account=call.account)
        return intent
    if method not in GOOD:
        raise invalid(f"No such PaymentMethod: '{method}'", code="resource_missing", param="payment_method")
    if intent["capture_method"] == "manual":
        return _authorise(call, intent)
    return _succeed(call, intent, intent["amount"])


def _declined(call: Call, intent: Json, code: str, decline: str, message: str) -> StripeRefusal:
    """docs.stripe.com/declines: 402, and the intent waits for another payment method."""
    charge = _charge(call, intent, intent["amount"], status="failed", failure_code=code, failure_message=message)
    error = {"type": "card_error", "code": code, "decline_code": decline, "message": message,
             "charge": charge["id"]}  # fmt: skip
    intent |= {"status": "requires_payment_method", "payment_method": None, "last_payment_error": error,
               "latest_charge": charge["id"]}  # fmt: skip
    emit(call, "payment_intent.payment_failed", call.store.save(intent), account=call.account)
    return StripeRefusal(
        402, message, kind="card_error", code=code, decline_code=decline, charge=charge["id"],
        payment_intent=intent, keep_changes=True,
    )  # fmt: skip


def _authorise(call: Call, intent: Json) -> Json:
    charge = _charge(call, intent, intent["amount"], captured=False)
    intent |= {
        "status": "requires_capture",
        "amount_capturable": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
        "stand_in_authorised": call.store.now(),
    }
    emit(call, "payment_intent.amount_capturable_updated", call.store.save(intent), account=call.account)
    return intent


def pay(call: Call, id: str, secret: str, method: str) -> Json:
    """What the payer's app does with the secret (docs.stripe.com/js/payment_intents/confirm_card_payment)."""
    intent = _existing(call, id)
    if secret != intent["client_secret"]:
        raise invalid("The client_secret provided does not match.", code="payment_intent_invalid_parameter")
    if intent["status"] not in {"requires_payment_method", "requires_confirmation", "requires_action"}:
        raise _unexpected(intent, "confirm")
    intent["payment_method"] = method
    return _confirm(call, intent)


def authenticate(call: Call, id: str, *, passed: bool) -> Json:
    """The payer answers their bank (docs.stripe.com/payments/3d-secure): it goes on, or asks for another card."""
    intent = _existing(call, id)
    if intent["status"] != "requires_action":
        raise _unexpected(intent, "authenticate")
    intent["next_action"] = None
    if not passed:
        code = "payment_intent_authentication_failure"
        return _declined(call, intent, code, code, "We are unable to authenticate your payment method.").body
    if intent["capture_method"] == "manual":
        return _authorise(call, intent)
    return _succeed(call, intent, intent["amount"])


def run_out(call: Call) -> None:
    """End the authorisations that are over: `canceled` with the reason `automatic`."""
    for row in call.store.rows("SELECT body FROM objects WHERE kind = 'payment_intent'"):
        intent: Json = json.loads(row["body"])
        over = intent.get("stand_in_authorised", 0) + AUTHORISED_S <= call.store.now()
        if intent["status"] == "requires_capture" and over:
            _end(call, intent, "automatic")


def _end(call: Call, intent: Json, reason: str | None) -> None:
    intent |= {"status": "canceled", "canceled_at": call.store.now(), "cancellation_reason": reason,
               "amount_capturable": 0}  # fmt: skip
    emit(call, "payment_intent.canceled", call.store.save(intent), account=call.account)


def _succeed(call: Call, intent: Json, amount: int, charge: Json | None = None) -> Json:
    charge = charge or _charge(call, intent, amount)
    bypass = intent["payment_method"] == "pm_card_bypassPending"
    txn = money.move(
        call.store, call.account, "charge", amount, intent["currency"], charge["id"],
        fee=money.charge_fee(amount, intent["currency"]),
        available_on=call.store.now() + (0 if bypass else PENDING_S),
    )  # fmt: skip
    charge |= {"captured": True, "amount_captured": amount, "balance_transaction": txn["id"]}
    call.store.save(charge)
    intent |= {"status": "succeeded", "amount_received": amount, "amount_capturable": 0,
               "latest_charge": charge["id"], "last_payment_error": None, "next_action": None}  # fmt: skip
    call.store.save(intent)
    emit(call, "charge.succeeded", charge, account=call.account)
    emit(call, "payment_intent.succeeded", intent, account=call.account)
    return intent


def _charge(call: Call, intent: Json, amount: int, **fields: object) -> Json:
    status = fields.pop("status", "succeeded")
    return call.store.new(
        "charge", "ch", call.account, amount=amount, amount_captured=0, amount_refunded=0,
        balance_transaction=None, currency=intent["currency"], description=intent["description"],
        livemode=False, metadata=intent["metadata"], paid=status == "succeeded",
        payment_intent=intent["id"], payment_method=intent["payment_method"], refunded=False,
        source_transfer=None, status=status, transfer_group=intent["transfer_group"],
        **{"captured": status == "succeeded", "failure_code": None, "failure_message": None, **fields},
    )  # fmt: skip


def capture(call: Call) -> Json:
    """docs.stripe.com/api/payment_intents/capture: at most what was authorised."""
    intent = _get(call)
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    amount = int(call.param("amount_to_capture", intent["amount_capturable"]))
    if not 1 <= amount <= intent["amount_capturable"]:
        raise invalid("The amount to capture exceeds the authorised amount.", code="amount_too_large",
                      param="amount_to_capture")  # fmt: skip
    charge = call.store.get("charge", intent["latest_charge"])
    return expanded(call, _succeed(call, intent, amount, charge))


def cancel(call: Call) -> Json:
    """docs.stripe.com/api/payment_intents/cancel: not once it succeeded."""
    intent = _get(call)
    if intent["status"] in {"succeeded", "canceled"} or intent.get("stand_in_invoice"):
        raise _unexpected(intent, "cancel")
    reason = call.param("cancellation_reason")
    _end(call, intent, reason)
    return expanded(call, intent)


def _unexpected(intent: Json, verb: str) -> StripeRefusal:
    return StripeRefusal(
        400,
        f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=intent,
    )


def _get(call: Call) -> Json:
    return _existing(call, call.path["id"])


def _existing(call: Call, id: str) -> Json:
    run_out(call)
    return call.store.get("payment_intent", id, call.account, "intent")


def retrieve(call: Call) -> Json:
    return expanded(call, _get(call))


def list_all(call: Call) -> Json:
    wanted = {"customer": call.param("customer")}
    return page(call, "payment_intent", "/v1/payment_intents", account=call.account, equal=wanted)


def retrieve_charge(call: Call) -> Json:
    return expanded(call, call.store.get("charge", call.path["id"], call.account))


ENDPOINTS = [
    Endpoint("POST", "/v1/payment_intents", "PaymentIntentCreateParams", create),
    Endpoint("GET", "/v1/payment_intents", "PaymentIntentListParams", list_all),
    Endpoint("GET", "/v1/payment_intents/{id}", "PaymentIntentRetrieveParams", retrieve),
    Endpoint("POST", "/v1/payment_intents/{id}/confirm", "PaymentIntentConfirmParams", confirm),
    Endpoint("POST", "/v1/payment_intents/{id}/capture", "PaymentIntentCaptureParams", capture),
    Endpoint("POST", "/v1/payment_intents/{id}/cancel", "PaymentIntentCancelParams", cancel),
    Endpoint("GET", "/v1/charges/{id}", "ChargeRetrieveParams", retrieve_charge),
]
