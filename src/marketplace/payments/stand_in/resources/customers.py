"""Customers, to whom invoices are made out (docs.stripe.com/api/customers)."""

from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.resources.listing import expanded, page

KEPT = ("description", "email", "name", "phone", "preferred_locales")


def create(call: Call) -> Json:
    fields = {name: call.param(name) for name in KEPT}
    customer = call.store.new(
        "customer", "cus", call.account, balance=0, currency=None, delinquent=False, livemode=False,
        metadata=call.metadata(), invoice_prefix=f"ST{call.store.now() % 1_000_000:06}", **fields,
    )  # fmt: skip
    return expanded(call, customer)


def update(call: Call) -> Json:
    customer = call.store.get("customer", call.path["id"], call.account)
    customer |= {name: call.param(name) for name in KEPT if call.param(name) is not None}
    customer["metadata"] = call.metadata(customer["metadata"])
    return expanded(call, call.store.save(customer))


def retrieve(call: Call) -> Json:
    return expanded(call, call.store.get("customer", call.path["id"], call.account))


def list_all(call: Call) -> Json:
    return page(call, "customer", "/v1/customers", account=call.account, equal={"email": call.param("email")})


ENDPOINTS = [
    Endpoint("POST", "/v1/customers", "CustomerCreateParams", create),
    Endpoint("GET", "/v1/customers", "CustomerListParams", list_all),
    Endpoint("GET", "/v1/customers/{id}", "CustomerRetrieveParams", retrieve),
    Endpoint("POST", "/v1/customers/{id}", "CustomerUpdateParams", update),
]
