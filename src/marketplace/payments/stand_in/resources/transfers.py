"""Transfers to connected accounts, and their reversals.

docs.stripe.com/api/transfers: the money arrives in the connected account's balance at once, as a
payment (`py_...`) that names the transfer. docs.stripe.com/connect/separate-charges-and-transfers:
a transfer beyond the platform's available balance fails, unless it names a source transaction.
docs.stripe.com/api/transfer_reversals: a reversal needs the destination's balance to cover it.
"""

from marketplace.payments.stand_in import money
from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.regions import may_transfer
from marketplace.payments.stand_in.resources.listing import expanded, page
from marketplace.payments.stand_in.store import PLATFORM
from marketplace.payments.stand_in.webhooks import emit


def create(call: Call) -> Json:
    """Move money from the platform's balance to the connected account's, or refuse."""
    currency = money.currency_of(call.params["currency"])
    amount = money.must_be_payable(call.param("amount"), currency)
    destination = _destination(call)
    ready = _source(call, amount, currency)
    transfer = call.store.new(
        "transfer", "tr", PLATFORM, amount=amount, amount_reversed=0, balance_transaction=None,
        currency=currency, description=call.param("description"), destination=destination["id"],
        destination_payment=None, livemode=False, metadata=call.metadata(), reversed=False,
        source_transaction=call.param("source_transaction"), source_type=call.param("source_type", "card"),
        transfer_group=call.param("transfer_group"),
    )  # fmt: skip
    url = f"/v1/transfers/{transfer['id']}/reversals"
    transfer["reversals"] = {"object": "list", "data": [], "has_more": False, "total_count": 0, "url": url}
    out = money.move(call.store, PLATFORM, "transfer", -amount, currency, transfer["id"])
    payment = call.store.new(
        "charge", "py", destination["id"], amount=amount, amount_refunded=0, currency=currency, paid=True,
        captured=True, refunded=False, status="succeeded", source_transfer=transfer["id"], metadata={},
        balance_transaction=None, payment_intent=None, livemode=False, transfer_group=None,
    )  # fmt: skip
    into = money.move(
        call.store, destination["id"], "payment", amount, currency, payment["id"], available_on=ready
    )
    call.store.save({**payment, "balance_transaction": into["id"]})
    transfer |= {"balance_transaction": out["id"], "destination_payment": payment["id"]}
    emit(call, "transfer.created", call.store.save(transfer))
    return expanded(call, transfer)


def _destination(call: Call) -> Json:
    named = str(call.params["destination"])
    account = call.store.find("account", named)
    if account is None:
        raise invalid(f"No such destination: '{named}'", code="resource_missing", param="destination")
    if account["capabilities"].get("transfers") != "active":
        raise invalid(
            "Your destination account needs to have at least one of the following capabilities enabled: "
            "transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    if not may_transfer(call.options.country, account["country"]):
        raise invalid(
            f"Funds can't be sent to accounts located in {account['country']} because of restrictions.",
            code="transfers_not_allowed",
            param="destination",
        )
    return account


def _source(call: Call, amount: int, currency: str) -> int | None:
    """When the money becomes available to the destination."""
    source = call.param("source_transaction")
    if source is None:
        money.must_cover(call.store, PLATFORM, amount, currency)
        return None
    charge = call.store.get("charge", source, PLATFORM, "source_transaction")
    txn = call.store.get("balance_transaction", charge["balance_transaction"])
    if amount > charge["amount"] or currency != charge["currency"]:
        raise invalid("The transfer is larger than its source charge, or in another currency.", param="amount")
    return int(txn["available_on"])


def retrieve(call: Call) -> Json:
    return expanded(call, call.store.get("transfer", call.path["id"], PLATFORM))


def list_all(call: Call) -> Json:
    wanted = {name: call.param(name) for name in ("destination", "transfer_group")}
    return page(call, "transfer", "/v1/transfers", account=PLATFORM, equal=wanted)


def reverse(call: Call) -> Json:
    """Take back all or a part; docs.stripe.com/connect/separate-charges-and-transfers#reverse-transfers."""
    transfer = call.store.get("transfer", call.path["id"], PLATFORM)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = int(call.param("amount", left))
    if left == 0:
        raise invalid(f"Transfer {transfer['id']} is already fully reversed.", param="id")
    if not 1 <= amount <= left:
        raise invalid(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            param="amount",
        )
    account, currency = transfer["destination"], transfer["currency"]
    if money.available(call.store, account, currency) < amount:
        raise StripeRefusal(
            400,
            "The recipient does not have enough available balance to cover the reversal.",
            code="balance_insufficient",
        )
    reversal = call.store.new(
        "transfer_reversal", "trr", PLATFORM, amount=amount, currency=currency, transfer=transfer["id"],
        metadata=call.metadata(), source_refund=None, balance_transaction=None,
        destination_payment_refund=None,
    )  # fmt: skip
    refund = call.store.new(
        "refund", "pyr", account, amount=amount, currency=currency, charge=transfer["destination_payment"],
        status="succeeded", metadata={}, payment_intent=None, reason=None,
    )  # fmt: skip
    back = money.move(call.store, PLATFORM, "transfer_refund", amount, currency, reversal["id"])
    money.move(call.store, account, "payment_refund", -amount, currency, refund["id"])
    reversal |= {"balance_transaction": back["id"], "destination_payment_refund": refund["id"]}
    _record(call, transfer, call.store.save(reversal))
    return expanded(call, reversal)


def _record(call: Call, transfer: Json, reversal: Json) -> None:
    transfer["amount_reversed"] += reversal["amount"]
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    reversals = transfer["reversals"]
    reversals["data"] = [reversal, *reversals["data"]][:10]
    reversals["total_count"] += 1
    reversals["has_more"] = reversals["total_count"] > 10
    emit(call, "transfer.reversed", call.store.save(transfer))


def list_reversals(call: Call) -> Json:
    call.store.get("transfer", call.path["id"], PLATFORM)
    url = f"/v1/transfers/{call.path['id']}/reversals"
    return page(call, "transfer_reversal", url, account=PLATFORM, equal={"transfer": call.path["id"]})


ENDPOINTS = [
    Endpoint("POST", "/v1/transfers", "TransferCreateParams", create),
    Endpoint("GET", "/v1/transfers", "TransferListParams", list_all),
    Endpoint("GET", "/v1/transfers/{id}", "TransferRetrieveParams", retrieve),
    Endpoint("POST", "/v1/transfers/{id}/reversals", "TransferReversalCreateParams", reverse),
    Endpoint("GET", "/v1/transfers/{id}/reversals", "TransferReversalListParams", list_reversals),
]
