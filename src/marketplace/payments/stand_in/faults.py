"""Faults that the control surface orders: kept in the state file, used up one request at a time.

A fault of scope `request` names a method, a path prefix and what happens there:

| kind | the work | the answer |
|---|---|---|
| `hang_after` | done | never comes: the client times out |
| `drop_after` | done | the connection is closed in the middle of the answer |
| `hang_before`, `drop_before` | not done | as above |
| `status` | not done | `status` (429, 500, 503, ...), saved under the idempotency key if `saved` |
| `slow` | done after `seconds`, the key in use meanwhile | the usual one |

A fault of scope `webhook` changes the delivery of the next matching event: `twice`, `late`
(by `seconds`), `out_of_order` (after the event that follows it), `forged` (a copy with another
amount and a wrong signature arrives first) and `drop`.
"""

import json
from collections.abc import Callable

from marketplace.payments.stand_in.errors import Json, StripeRefusal, invalid
from marketplace.payments.stand_in.store import Store

REQUEST_KINDS = {"hang_after", "drop_after", "hang_before", "drop_before", "status", "slow"}
WEBHOOK_KINDS = {"twice", "late", "out_of_order", "forged", "drop"}


def order(store: Store, scope: str, fault: Json, times: int) -> None:
    """Keep a fault for the next `times` matching requests or events."""
    kinds = REQUEST_KINDS if scope == "request" else WEBHOOK_KINDS
    if fault.get("kind") not in kinds:
        raise invalid(f"A fault of scope {scope} is one of {', '.join(sorted(kinds))}.", param="kind")
    store.execute("INSERT INTO faults (scope, body, times) VALUES (?, ?, ?)", scope, json.dumps(fault), times)


def for_request(store: Store, method: str, path: str) -> Json | None:
    """The fault of this request, used up by asking."""

    def matches(fault: Json) -> bool:
        return fault.get("method", method) == method and path.startswith(fault.get("path", "/"))

    return _take(store, "request", matches)


def for_event(store: Store, kind: str) -> Json | None:
    """The fault of this event's delivery, used up by asking."""

    def matches(fault: Json) -> bool:
        return kind.startswith(fault.get("event", ""))

    return _take(store, "webhook", matches)


def _take(store: Store, scope: str, matches: Callable[[Json], bool]) -> Json | None:
    for row in store.rows("SELECT * FROM faults WHERE scope = ? ORDER BY seq", scope):
        fault: Json = json.loads(row["body"])
        if matches(fault):
            store.execute("UPDATE faults SET times = times - 1 WHERE seq = ?", row["seq"])
            store.execute("DELETE FROM faults WHERE times <= 0")
            return fault
    return None


def as_refusal(fault: Json) -> StripeRefusal:
    """What a `status` fault answers (docs.stripe.com/rate-limits, docs.stripe.com/api/errors)."""
    status = int(fault.get("status", 500))
    if status == 429:
        return StripeRefusal(
            429,
            "This object cannot be accessed right now because another API request or Stripe process is "
            "currently accessing it." if fault.get("code") == "lock_timeout" else "Too many requests.",
            code=str(fault.get("code", "rate_limit")),
        )  # fmt: skip
    return StripeRefusal(
        status, "An unknown error occurred.", kind="api_error" if status >= 500 else "invalid_request_error",
        code=fault.get("code"),
    )  # fmt: skip
