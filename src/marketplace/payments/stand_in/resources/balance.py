"""The balance and its transactions, of the platform or of a connected account.

docs.stripe.com/api/balance, docs.stripe.com/api/balance_transactions/list.
"""

import json

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, invalid
from marketplace.payments.stand_in.resources.listing import expanded, fresh, page


def retrieve(call: Call) -> Json:
    return money.balance(call.store, call.account)


def list_transactions(call: Call) -> Json:
    """Newest first; by `payout` only for automatic payouts."""
    if call.param("payout"):
        return _of_payout(call, str(call.param("payout")))
    wanted = {name: call.param(name) for name in ("currency", "source", "type")}
    return page(call, "balance_transaction", "/v1/balance_transactions", account=call.account, equal=wanted)


def _of_payout(call: Call, id: str) -> Json:
    """docs.stripe.com/payouts/reconciliation: automatic payouts know what they cover."""
    payout = call.store.get("payout", id, call.account, "payout")
    if not payout["automatic"]:
        raise invalid(
            "Balance transaction history can only be filtered on automatic transfers, not manual.",
            param="payout",
        )
    rows = call.store.rows(
        "SELECT body FROM objects JOIN moves ON moves.txn = objects.id WHERE moves.payout = ? ORDER BY seq DESC",
        id,
    )
    found = [fresh(call, json.loads(row["body"])) for row in rows]
    ids = [txn["id"] for txn in found]
    after = call.param("starting_after")
    rest = found[ids.index(after) + 1 :] if after in ids else found
    limit = int(call.param("limit", 10))
    data = [expanded(call, txn, "data.") for txn in rest[:limit] if call.param("type") in (None, txn["type"])]
    return {"object": "list", "url": "/v1/balance_transactions", "has_more": len(rest) > limit, "data": data}


def retrieve_transaction(call: Call) -> Json:
    return expanded(call, fresh(call, call.store.get("balance_transaction", call.path["id"], call.account)))


ENDPOINTS = [
    Endpoint("GET", "/v1/balance", "BalanceRetrieveParams", retrieve),
    Endpoint("GET", "/v1/balance_transactions", "BalanceTransactionListParams", list_transactions),
    Endpoint("GET", "/v1/balance_transactions/{id}", "BalanceTransactionRetrieveParams", retrieve_transaction),
]
