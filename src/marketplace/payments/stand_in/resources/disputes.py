"""Disputes of charges, as the control surface opens and closes them.

docs.stripe.com/disputes/how-disputes-work: when a dispute is opened, its amount and a fee leave the balance at
once (an `adjustment` with the reporting category `dispute`), and when it is won the amount comes back. An inquiry
(`warning_needs_response`) moves nothing (docs.stripe.com/disputes/inquiries, docs.stripe.com/api/disputes/object).
"""

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call
from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.webhooks import emit

FEE = 2_000


def open_one(call: Call, intent_id: str, amount: int | None, *, inquiry: bool) -> Json:
    """The payer's bank disputes a payment, whole unless an amount is given."""
    intent = call.store.get("payment_intent", intent_id, call.account, "intent")
    dispute = call.store.new(
        "dispute", "du", call.account, amount=amount or intent["amount_received"], charge=intent["latest_charge"],
        currency=intent["currency"], is_charge_refundable=inquiry, livemode=False, metadata={},
        payment_intent=intent["id"], reason="general",
        status="warning_needs_response" if inquiry else "needs_response",
    )  # fmt: skip
    if not inquiry:
        _move(call, dispute, -dispute["amount"], "dispute", fee=FEE)
    emit(call, "charge.dispute.created", dispute, account=call.account)
    return dispute


def close(call: Call, id: str, *, won: bool) -> Json:
    """The bank has decided."""
    dispute = call.store.get("dispute", id, call.account)
    dispute |= {"status": "won" if won else "lost"}
    call.store.save(dispute)
    if won:
        _move(call, dispute, dispute["amount"], "dispute_reversal")
    emit(call, "charge.dispute.closed", dispute, account=call.account)
    return dispute


def _move(call: Call, dispute: Json, amount: int, category: str, fee: int = 0) -> None:
    txn = money.move(
        call.store, call.account, "adjustment", amount, dispute["currency"], dispute["id"], fee=fee,
        description=f"Chargeback for {dispute['charge']}",
    )  # fmt: skip
    call.store.save({**txn, "reporting_category": category})
