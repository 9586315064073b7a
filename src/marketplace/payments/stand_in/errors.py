"""Stripe's error bodies (docs.stripe.com/api/errors and docs.stripe.com/error-codes)."""

from typing import Any

Json = dict[str, Any]


class StripeRefusal(Exception):
    """A request that Stripe answers with an error body.

    `keep_changes` says that what the request changed before failing stays: a declined card leaves
    its payment intent with `last_payment_error` (docs.stripe.com/payments/paymentintents/lifecycle).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        keep_changes: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keep_changes = keep_changes
        facts: Json = {"type": kind, "code": code, "param": param, "message": message, **more}
        if code:
            facts["doc_url"] = f"https://docs.stripe.com/error-codes#{code.replace('_', '-')}"
        self.body: Json = {"error": {name: fact for name, fact in facts.items() if fact is not None}}


def missing(param: str) -> StripeRefusal:
    return StripeRefusal(400, f"Missing required param: {param}.", code="parameter_missing", param=param)


def unknown_parameter(param: str) -> StripeRefusal:
    return StripeRefusal(400, f"Received unknown parameter: {param}", code="parameter_unknown", param=param)


def no_such(what: str, id: str, param: str = "id") -> StripeRefusal:
    return StripeRefusal(404, f"No such {what}: '{id}'", code="resource_missing", param=param)


def invalid(message: str, *, code: str | None = None, param: str | None = None) -> StripeRefusal:
    return StripeRefusal(400, message, code=code, param=param)
