"""Idempotency keys as docs.stripe.com/api/idempotent_requests describes them for API v1.

The first answer of a key, errors included, is saved once the endpoint began to work and is
replayed with `Idempotent-Replayed: true`. The same key with other parameters is an
`idempotency_error`; a key in use at this moment answers 409; a request that fails validation saves
nothing. Keys are pruned when they are 24 hours old, and are then new again.
"""

import hashlib
import json
from dataclasses import dataclass

from marketplace.payments.stand_in.errors import Json, StripeRefusal
from marketplace.payments.stand_in.store import Store

KEPT_S = 24 * 60 * 60
MAX_LENGTH = 255


@dataclass(frozen=True)
class Answer:
    """A status and a body, and the request that first got them when they are a replay."""

    status: int
    body: Json
    original_request: str | None = None


def check_length(key: str) -> None:
    if len(key) > MAX_LENGTH:
        raise StripeRefusal(
            400, f"Idempotency keys are at most {MAX_LENGTH} characters long.", kind="idempotency_error"
        )


def in_use(key: str) -> StripeRefusal:
    """Another request with this key has not been answered yet."""
    return StripeRefusal(
        409,
        f"There is currently another in-progress request using this Idempotent Key ({key}).",
        kind="idempotency_error",
        code="idempotency_key_in_use",
    )


def prune(store: Store) -> None:
    store.execute("DELETE FROM idempotency WHERE created <= ?", store.now() - KEPT_S)


def replay(store: Store, account: str, key: str, path: str, params: Json) -> Answer | None:
    """The saved answer of this key, or None when it is new; raises when it was used otherwise."""
    prune(store)
    found = store.rows("SELECT * FROM idempotency WHERE account = ? AND key = ?", account, key)
    if not found:
        return None
    first = found[0]
    if first["path"] != path:
        raise StripeRefusal(
            400,
            "Keys for idempotent requests can only be used for the same endpoint they were first used for "
            f"('{path}' vs '{first['path']}'). Try using a key other than '{key}'.",
            kind="idempotency_error",
        )
    if first["fingerprint"] != _fingerprint(params):
        raise StripeRefusal(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request.",
            kind="idempotency_error",
        )
    return Answer(first["status"], json.loads(first["body"]), first["request"])


def save(store: Store, account: str, key: str, path: str, params: Json, answer: Answer, request: str) -> None:
    store.execute(
        "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        account, key, path, _fingerprint(params), answer.status, json.dumps(answer.body), request,
        store.now(),
    )  # fmt: skip


def _fingerprint(params: Json) -> str:
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()
