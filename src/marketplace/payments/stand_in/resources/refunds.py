"""Refunds of captured charges, whole or in part.

docs.stripe.com/api/refunds: never more than is left of the charge; docs.stripe.com/refunds: Stripe's
fee is not returned. The balance may become negative (docs.stripe.com/connect/account-balances).
"""

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, invalid, missing
from marketplace.payments.stand_in.resources.listing import expanded, page
from marketplace.payments.stand_in.webhooks import emit


def create(call: Call) -> Json:
    charge = _charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount = int(call.param("amount", left))
    if not 1 <= amount <= left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    refund = call.store.new(
        "refund", "re", call.account, amount=amount, balance_transaction=None, charge=charge["id"],
        currency=charge["currency"], metadata=call.metadata(), payment_intent=charge["payment_intent"],
        reason=call.param("reason"), receipt_number=None, status="succeeded", source_transfer_reversal=None,
        transfer_reversal=None,
    )  # fmt: skip
    txn = money.move(call.store, call.account, "refund", -amount, charge["currency"], refund["id"])
    refund["balance_transaction"] = txn["id"]
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.store.save(charge)
    emit(call, "refund.created", call.store.save(refund), account=call.account)
    emit(call, "charge.refunded", charge, account=call.account)
    return expanded(call, refund)


def _charge(call: Call) -> Json:
    if not call.param("payment_intent"):
        if call.param("charge") is None:
            raise missing("payment_intent")
        return call.store.get("charge", call.param("charge"), call.account, "charge")
    name = "payment_intent"
    intent = call.store.get(name, call.param(name), call.account, name)
    if intent["status"] != "succeeded":
        raise invalid(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            code="resource_missing",
            param=name,
        )
    return call.store.get("charge", intent["latest_charge"], call.account, "charge")


def retrieve(call: Call) -> Json:
    return expanded(call, call.store.get("refund", call.path["id"], call.account))


def list_all(call: Call) -> Json:
    wanted = {name: call.param(name) for name in ("charge", "payment_intent")}
    return page(call, "refund", "/v1/refunds", account=call.account, equal=wanted)


ENDPOINTS = [
    Endpoint("POST", "/v1/refunds", "RefundCreateParams", create),
    Endpoint("GET", "/v1/refunds", "RefundListParams", list_all),
    Endpoint("GET", "/v1/refunds/{id}", "RefundRetrieveParams", retrieve),
]
