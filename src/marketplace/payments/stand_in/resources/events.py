"""Events, kept so that a missed webhook can be found (docs.stripe.com/api/events, 30 days)."""

from marketplace.payments.stand_in.call import Call, Endpoint
from marketplace.payments.stand_in.errors import Json
from marketplace.payments.stand_in.resources.listing import page


def retrieve(call: Call) -> Json:
    return call.store.get("event", call.path["id"], call.account)


def list_all(call: Call) -> Json:
    """Newest first, by `type` or by several `types`."""
    wanted = {"type": call.param("types") or call.param("type")}
    return page(call, "event", "/v1/events", account=call.account, equal=wanted)


ENDPOINTS = [
    Endpoint("GET", "/v1/events", "EventListParams", list_all),
    Endpoint("GET", "/v1/events/{id}", "EventRetrieveParams", retrieve),
]
